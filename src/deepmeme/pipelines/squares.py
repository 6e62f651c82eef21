"""Which square of a picture or video the model works on, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.choose import choose
from deepmeme.faces.crop import Crop, crop_centre, crop_face
from deepmeme.faces.face import Face
from deepmeme.faces.refine import Finder, find_faces, guess_face
from deepmeme.media.montage import resize
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.values import Rectangle

Frame = NDArray[np.uint8]

_NEARLY_SQUARE = 1.15
_TIGHT = 0.68
"""A crop that covers this share of a nearly square picture gains nothing: the picture is taken
whole, so that an avatar or a frame of a data set keeps its edges."""


@dataclass(frozen=True)
class Square:
    """A square of a picture, or the whole picture squeezed into one."""

    crop: Crop | None
    """None for the whole picture."""
    how: str
    found_face: bool = False

    @property
    def corner(self) -> tuple[int, int, int] | None:
        """x, y and side in pixels; None for the whole picture."""
        if self.crop is None:
            return None
        box = self.crop.box
        return (round(box.x0), round(box.y0), round(self.crop.side))

    def cut(self, frame: Frame, size: int) -> Frame:
        """The square of a frame, (size, size, 3)."""
        return resize(frame, size, size) if self.crop is None else self.crop.cut(frame, size)


def whole_picture(shape: Sequence[int], why: str = "the whole picture") -> Square:
    """The picture as it is; squeezed if it is not square."""
    height, width = shape[:2]
    return Square(None, why if width == height else f"{why}, squeezed into a square")


def tight_square(crop: Crop | None, shape: Sequence[int], how: str) -> Square:
    """The crop, or the whole picture where that is a tight square already.

    Without a crop (and where the crop found no face) it is the centre.
    """
    height, width = shape[:2]
    found = crop is not None and crop.found_face
    if crop is None or not found:
        if height == width:
            return whole_picture(shape)
        return Square(crop_centre(shape), "the centre")
    nearly = max(height, width) <= _NEARLY_SQUARE * min(height, width)
    if nearly and crop.side**2 >= _TIGHT * height * width:
        return Square(None, "the whole picture (a tight square already)", found_face=True)
    return Square(crop, how, found_face=True)


def given_square(wanted: Rectangle, shape: Sequence[int], flag: str, path: Path | None) -> Square:
    """The square around a rectangle that the user gave.

    Raises:
        InputError: it lies outside of the picture.
    """
    height, width = shape[:2]
    x, y, w, h = wanted
    if x + w > width or y + h > height:
        raise InputError(
            f"{flag} {x},{y},{w},{h} reaches to {x + w}x{y + h}, but {path or 'the picture'} is "
            f"{width}x{height} pixels. Give x,y,width,height inside of it."
        )
    return Square(Crop(x + w / 2, y + h / 2, float(max(w, h))), f"as given: {x},{y},{w},{h}")


def squares_of(
    picture: Frame,
    options: AnimateOptions,
    framing: float,
    path: Path | None,
    finder: Finder | None = None,
    faces: Sequence[Face] | None = None,
) -> tuple[Square, ...]:
    """The squares of a source picture to animate: one, or one for each face with ``face="all"``.

    A ``finder``, the model's own keypoints, places faces more exactly than a box. ``faces`` are
    those of the picture, where they are found already.

    Raises:
        NoFaceFound: a certain face was asked for and there is none.
        InputError: a crop outside of the picture.
    """
    wanted, shape = options.crop_of_source, picture.shape
    if wanted == "none":
        return (whole_picture(shape),)
    if wanted != "auto":
        return (given_square(wanted, shape, "--crop", path),)
    if framing <= 0:  # the model was not trained on faces
        return (tight_square(None, shape, "the centre"),)
    faces = find_faces(picture, finder) if faces is None else faces
    if not faces and options.which_face == "largest":
        guess = guess_face(picture, finder) if finder is not None else None
        if guess is not None:
            crop = crop_face(guess, framing=framing, upright=True, within=shape)
            return (tight_square(crop, shape, "what looks most like a face"),)
        plain = tight_square(None, shape, "the centre")
        return (Square(plain.crop, f"{plain.how} (no face found)"),)
    chosen = choose(faces, options.which_face)
    found = [crop_face(face, framing=framing, within=shape) for face in chosen]
    if len(found) == 1:
        number = faces.index(chosen[0]) + 1
        how = "the face" if len(faces) == 1 else f"face {number} of {len(faces)}"
        return (tight_square(found[0], shape, how),)
    return tuple(
        Square(crop, f"face {number} of {len(faces)}", found_face=True)
        for number, crop in enumerate(found, start=1)
    )
