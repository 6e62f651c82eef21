"""A source picture, its animated squares, and how both become one frame again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import Crop
from deepmeme.faces.paste import PasteBack
from deepmeme.media.montage import resize
from deepmeme.pipelines.actors import Actor, make_actor, stream
from deepmeme.pipelines.detail import LARGEST_PX, WORTH
from deepmeme.pipelines.driving import Playing, Track
from deepmeme.pipelines.layout import scaled_size
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import Square
from deepmeme.runtime.engine import MotionEngine

Frame = NDArray[np.uint8]

_LARGEST_PX = 1920
"""Longer side of a pasted result unless the options say; phone pictures are far larger."""
_LARGEST_ASKED_PX = 4096
_ALONE_PX = 720
"""The same for a square that is shown on its own."""
_DETAILED = ("portrait",)
"""Families whose deformation is exact enough to carry fine detail."""
_BLOCK = 8  # frames of one square rendered before the next square's turn


@dataclass(frozen=True)
class Subject:
    """A source picture and its actors."""

    name: str
    picture: Frame
    """What is animated, at the size of the result: the whole picture, or the square alone."""
    read_size: tuple[int, int]
    """Width and height of the picture as it was read."""
    actors: tuple[Actor, ...]
    pastes: tuple[PasteBack, ...]
    """One for each actor where the squares go back into the picture, else none."""
    squeezed: bool = False
    """The whole picture was squeezed into a square, and its animation is stretched back."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the animated frames."""
        return self.picture.shape[1], self.picture.shape[0]

    def assemble(self, squares: Sequence[Frame]) -> Frame:
        """The picture with this moment's squares in it, or the only square itself."""
        if self.pastes:
            frame = self.picture
            for paste, square in zip(self.pastes, squares, strict=True):
                frame = paste(frame, square)
            return frame
        if self.squeezed:
            return resize(squares[0], *self.size)
        return squares[0]


def make_subject(
    engine: MotionEngine, picture: Frame, path: Path, squares: tuple[Square, ...], track: Track,
    options: AnimateOptions, *, cell_px: int | None,
) -> Subject:  # fmt: skip
    """Look at a picture's squares and decide what its animation will show.

    Args:
        engine: finds keypoints and features.
        picture: as read.
        path: for its name.
        squares: where in the picture.
        track: the driving movement.
        options: the user's.
        cell_px: side of the cell that shows it; None where it is the whole frame of the result.

    Raises:
        InputError: the anchor that was asked for isn't a frame of the driving video.
    """
    read_size = (picture.shape[1], picture.shape[0])
    back = _go_back(squares, options, alone=cell_px is None)
    whole = _at_result_size(picture, options) if back else picture
    ratio = max(whole.shape[:2]) / max(read_size)
    detailed = options.detail and engine.info().family in _DETAILED

    def actor(square: Square) -> Actor:
        natural = max(read_size) if square.crop is None else square.crop.side
        wanted = natural * ratio
        if not back:
            wanted = min(natural, cell_px or options.size or _ALONE_PX)
        side = min(round(wanted) // 2 * 2, LARGEST_PX)
        side = side if detailed and side >= WORTH * engine.resolution else 0
        return make_actor(engine, square, picture, track, options, side=side)

    actors = tuple(actor(square) for square in squares)
    if back:
        crops = [square.crop for square in squares if square.crop is not None]
        pastes = tuple(PasteBack(whole.shape, _scaled(crop, ratio)) for crop in crops)
        return Subject(path.name, whole, read_size, actors, pastes)
    side, square = actors[0].side, squares[0]
    squeezed = square.crop is None and read_size[0] != read_size[1]
    shown = resize(picture, *scaled_size(*read_size, side)) if squeezed else actors[0].frame
    if not squeezed and side != engine.resolution:
        shown = square.cut(picture, side)
    return Subject(path.name, shown, read_size, actors, (), squeezed)


def perform(
    engine: MotionEngine,
    subjects: Sequence[Subject],
    track: Track,
    playing: Playing,
    options: AnimateOptions,
    first: int = 0,
) -> Iterator[tuple[Frame, ...]]:
    """For each frame of the result from ``first`` on, one frame a subject.

    One engine serves all: with several squares each renders a short block in turn.
    """
    actors = [actor for subject in subjects for actor in subject.actors]
    total = len(playing.order)

    def squares(actor: Actor, rows: range) -> Iterator[Frame]:
        return stream(engine, actor, track, playing, options, rows)

    if len(actors) == 1:
        for square in squares(actors[0], range(first, total)):
            yield (subjects[0].assemble([square]),)
        return
    for begin in range(first, total, _BLOCK):
        rows = range(begin, min(begin + _BLOCK, total))
        blocks = [list(squares(actor, rows)) for actor in actors]
        for moment in zip(*blocks, strict=True):
            rest = chain(moment)
            yield tuple(subject.assemble([next(rest) for _ in subject.actors])
                        for subject in subjects)  # fmt: skip


def _go_back(squares: tuple[Square, ...], options: AnimateOptions, *, alone: bool) -> bool:
    """Whether the animated squares go back into the picture.

    On its own: where a face was found, or a square given, and there is more picture around it;
    as a cell among others only if asked for. Several faces always do: they share one picture.
    """
    if squares[0].crop is None or (options.paste_back == "no" and len(squares) == 1):
        return False
    if len(squares) > 1 or options.paste_back == "yes":
        return True
    return alone and (squares[0].found_face or options.crop_of_source not in ("auto", "none"))


def _scaled(crop: Crop, ratio: float) -> Crop:
    return replace(
        crop,
        centre_x=crop.centre_x * ratio,
        centre_y=crop.centre_y * ratio,
        side=crop.side * ratio,
    )


def _at_result_size(picture: Frame, options: AnimateOptions) -> Frame:
    """As large as wanted, or as can be; without the last row or column of an odd side, which
    H.264 cannot have."""
    longest = max(picture.shape[:2])
    if options.size or longest > _LARGEST_PX:
        side = min(options.size or _LARGEST_PX, _LARGEST_ASKED_PX)
        picture = resize(picture, *scaled_size(picture.shape[1], picture.shape[0], side))
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: height - height % 2, : width - width % 2])
