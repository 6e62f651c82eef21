"""A second look at faces with a motion model's keypoints, and a first one where none was found.

A keypoint network puts its points somewhere in any picture. On a face they form a face: the
average one fits them by an affine camera up to a few percent. On a carpet they don't. So the misfit
tells faces from carpets, and the camera tells place, size and lean more exactly than a box.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import FRAMING, Crop, crop_centre, crop_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.shape import Points, fit_average, is_face
from deepmeme.runtime.engine import MotionEngine

Frame = NDArray[np.uint8]

LIKELY = 0.13
"""Misfit up to which keypoints show the face that was found. Measured on photographs,
paintings, statues and cartoons: 0.03 to 0.09."""
_SURE = 0.1
"""The same where none was found: of hundreds of looks at carpets a few have 0.11 to 0.15."""
_DOUBTFUL, _SURE_SCORE = 0.2, 0.85
_WORTH_A_LOOK = 0.3
_GUESS, _GUESS_SHARE, _GUESS_LEAN_DEG = 0.16, 0.3, 25.0
_GUESSES, _GUESS_ROUNDS = 4, 3
_BOX_OVER_EYES = 2.5
"""Side of a face's box over the distance of the eyes."""
_BOX_BELOW_MIDDLE = 0.13
"""How far its centre lies below the middle of the rigid keypoints, in distances of the eyes."""
_WINDOWS = (1.0, 0.62)
_SAME_OVERLAP = 0.3
_FLAT = 0.6


class Finder(NamedTuple):
    """A model's keypoint network, as far as faces are concerned."""

    detect: Callable[[Frame], NDArray[np.float32]]
    """(n, r, r, 3) frames -> (n, k, 2) in [-1, 1]."""
    resolution: int
    names: tuple[str, ...]
    framing: float = FRAMING

    @classmethod
    def of(cls, engine: MotionEngine) -> "Finder | None":
        """The engine's keypoints, or None where they aren't named parts of a face."""
        info = engine.info()
        names = info.keypoint_names
        if names is None or not is_face(names) or engine.needs_calibration:
            return None
        framing = info.framing if info.framing > 0 else FRAMING
        return cls(lambda frames: engine.detect(frames).xy, engine.resolution, names, framing)


def find_faces(image: Frame, finder: Finder | None = None) -> tuple[Face, ...]:
    """All faces in a picture (h, w, 3), largest first.

    With a model's keypoints the found faces are looked at again and those that show none are
    dropped; where none is left the picture is searched with the keypoints alone.

    Raises:
        InputError: not an RGB picture of uint8.
    """
    seen = detect_faces(image, leaning=finder is None)
    if finder is None:
        return seen
    refined = (refine_face(image, face, finder) for face in seen)
    found = _distinct([face for face in refined if face is not None])
    if found or (found := search_faces(image, finder)):
        return found
    # Nobody's face fits well: a creature perhaps, that the finder was sure about.
    sure = (face for face in seen if face.score >= _SURE_SCORE)
    refined = (refine_face(image, face, finder, limit=_DOUBTFUL) for face in sure)
    return _distinct([face for face in refined if face is not None])


def refine_face(image: Frame, face: Face, finder: Finder, *, limit: float = LIKELY) -> Face | None:
    """The same face, placed by landmarks; None where they don't show one.

    Its ``score`` tells how well the average face fits and its ``angle_deg`` how the head leans.
    """
    for most in (_WORTH_A_LOOK, limit):
        crop = crop_face(face, framing=finder.framing, upright=True)
        misfit, face = _look(image, [crop], finder)[0]
        if misfit > most or not _inside(face, image.shape):
            return None
    return face


def search_faces(image: Frame, finder: Finder) -> tuple[Face, ...]:
    """Faces in a picture (h, w, 3), largest first, from landmarks alone.

    Looks at a few overlapping windows, so it finds faces that fill a fifth of the picture's
    shorter side or more: cartoons, animals, profiles, leaning heads.
    """
    found = []
    for misfit, face in _look(image, _windows(image.shape), finder):
        if misfit <= _WORTH_A_LOOK and _inside(face, image.shape):
            found.append(refine_face(image, face, finder, limit=_SURE))
    return _distinct([face for face in found if face is not None])


def guess_face(image: Frame, finder: Finder) -> Face | None:
    """Whatever looks most like a face: an animal's, a robot's, a car's. None where nothing does.

    Only for a picture that somebody wants animated and that has no face in it. It is to be cropped
    upright.
    """
    looks = sorted(_look(image, _windows(image.shape), finder), key=lambda look: look[0])
    least = _GUESS_SHARE * min(image.shape[:2])
    tried = [look for _, face in looks[:_GUESSES] for look in _closer(image, face, finder)]
    tried = [(misfit, face) for misfit, face in tried if misfit <= _GUESS]
    large = [
        (misfit, face)
        for misfit, face in tried
        if face.box.width >= least and abs(face.angle_deg) <= _GUESS_LEAN_DEG
    ]
    return min(large, key=lambda look: look[0])[1] if large else None


def _closer(image: Frame, face: Face, finder: Finder) -> list[tuple[float, Face]]:
    """Some rounds of looking again where the last one saw a face, and how well each fitted."""
    looks = []
    for _ in range(_GUESS_ROUNDS):
        crop = crop_face(face, framing=finder.framing, upright=True)
        misfit, seen = _look(image, [crop], finder)[0]
        if not _inside(seen, image.shape):
            break
        looks.append((misfit, face._replace(score=math.exp(-misfit))))
        face = seen
    return looks


def _distinct(faces: Sequence[Face]) -> tuple[Face, ...]:
    """The surest of those that lie on each other, largest first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(face.box.overlap(other.box) < _SAME_OVERLAP for other in kept):
            kept.append(face)
    return tuple(sorted(kept, key=lambda face: (-face.box.area, face.box)))


def face_from_landmarks(
    xy: Points, names: Sequence[str], crop: Crop, resolution: int
) -> tuple[float, Face]:
    """Misfit, and the face that keypoints (k, 2) in [-1, 1] of a crop show, in picture pixels."""
    fit = fit_average(xy, names)
    flat = min(fit.camera_sizes) / max(fit.camera_sizes)
    misfit = fit.misfit if flat >= _FLAT else max(fit.misfit, 1.0)
    lean = math.radians(fit.roll_deg)
    eyes = sum(fit.camera_sizes) / 2
    below = _BOX_BELOW_MIDDLE * eyes
    x, y = fit.middle[0] - below * math.sin(lean), fit.middle[1] + below * math.cos(lean)
    back = crop.inverse(resolution)
    middle = ((x + 1) * (resolution - 1) / 2, (y + 1) * (resolution - 1) / 2, 1.0)
    px, py = back @ middle + 0.5
    half = _BOX_OVER_EYES * eyes / 2 * crop.side / 2
    angle = (crop.angle_deg + fit.roll_deg + 180) % 360 - 180
    box = Box(float(px) - half, float(py) - half, float(px) + half, float(py) + half)
    return misfit, Face(box, math.exp(-misfit), angle)


def _look(image: Frame, crops: Sequence[Crop], finder: Finder) -> list[tuple[float, Face]]:
    cuts = np.stack([crop.cut(image, finder.resolution) for crop in crops])
    seen = finder.detect(cuts).astype(np.float64)
    return [
        face_from_landmarks(xy, finder.names, crop, finder.resolution)
        for xy, crop in zip(seen, crops, strict=True)
    ]


def _windows(shape: Sequence[int]) -> list[Crop]:
    """Squares of some sizes that cover the picture, half over each other."""
    height, width = shape[:2]
    windows = [crop_centre(shape)]
    for share in _WINDOWS:
        side = share * min(height, width)
        columns, rows = (
            np.linspace(side / 2, length - side / 2, 1 + math.ceil((length - side) / (side / 2)))
            for length in (width, height)
        )
        windows += [Crop(float(x), float(y), side) for y in rows for x in columns]
    return list(dict.fromkeys(windows))


def _inside(face: Face, shape: Sequence[int]) -> bool:
    x, y = face.box.centre
    return 0 <= x <= shape[1] and 0 <= y <= shape[0]
