"""Finds faces with the cascades that come with OpenCV (Viola and Jones 2001; Lienhart 2002).

One cascade alone sees faces in wallpaper. So several look at the same picture, and what counts is
where they agree.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.face import Box, Face

Frame = NDArray[np.uint8]
_Grey = NDArray[np.uint8]

_FOLDER = Path(str(cv2.__file__)).parent / "data"
_WORK_PX = 480
"""Longest side of the picture that is searched first."""
_FINE_WORK_PX = 960
"""And where nothing was found: small faces in large pictures."""
_SMALLEST_PX = 30
_LEANS_DEG = (20.0, -20.0, 40.0, -40.0)
_SAME_OVERLAP = 0.35
_SURE = 1.0
_MAX_SEEN = 12.0


class _Cascade(NamedTuple):
    file: str
    scale: float
    """Our box over this cascade's box: each draws it a little larger or smaller."""
    ease: float
    """How many neighbouring windows agree on a typical true face."""


_FRONTAL = (
    _Cascade("haarcascade_frontalface_alt2.xml", 1.0, 20.0),
    _Cascade("haarcascade_frontalface_default.xml", 0.93, 30.0),
    _Cascade("haarcascade_frontalface_alt.xml", 1.0, 20.0),
)
_PROFILE = _Cascade("haarcascade_profileface.xml", 1.0, 20.0)


class _Sighting(NamedTuple):
    box: Box
    weight: float
    """0 to 1: how many windows agreed, against what is usual for a true face."""
    cascade: int
    angle_deg: float


def cascade_faces(image: Frame, *, leaning: bool = True) -> tuple[Face, ...]:
    """All faces in an RGB picture (h, w, 3), largest first.

    Args:
        image: the picture.
        leaning: where there is no upright face, look for heads that lean by up to about 45
            degrees too. Takes three times as long for a picture without faces.
    """
    grey, ratio = _for_work(image, _WORK_PX)
    faces = _search(grey, leaning)
    if not faces and ratio > 1:
        grey, ratio = _for_work(image, _FINE_WORK_PX)
        faces = _agreed(_look(grey, _FRONTAL[:2]))
    return tuple(_enlarged(face, ratio) for face in faces)


def _search(grey: _Grey, leaning: bool) -> list[Face]:
    """Upright frontal faces; only where there are none, turned and leaning ones."""
    frontal = _look(grey, _FRONTAL)
    faces = _agreed(frontal)
    if faces:
        return faces
    profile = _look(grey, (_PROFILE,), first=10) + _mirrored(
        _look(np.ascontiguousarray(grey[:, ::-1]), (_PROFILE,), first=11), grey.shape[1]
    )
    faces = _agreed(frontal + profile)
    if faces or not leaning:
        return faces
    turned = [seen for angle in _LEANS_DEG for seen in _look_leaning(grey, angle)]
    return _agreed(turned, strict=True)


def _look(grey: _Grey, cascades: tuple[_Cascade, ...], *, first: int = 0) -> list[_Sighting]:
    """What each cascade sees, as boxes of our size with a weight."""
    smallest = max(_SMALLEST_PX, min(grey.shape) // 14)
    sightings = []
    for number, cascade in enumerate(cascades, first):
        rectangles, counts = _load(cascade.file).detectMultiScale2(
            grey, scaleFactor=1.1, minNeighbors=3, minSize=(smallest, smallest)
        )
        for (x, y, width, height), count in zip(rectangles, counts, strict=True):
            box = _scaled(Box(x, y, x + width, y + height), cascade.scale)
            weight = min(1.0, float(count) / cascade.ease)
            sightings.append(_Sighting(box, weight, number, 0.0))
    return sightings


def _mirrored(sightings: list[_Sighting], width: int) -> list[_Sighting]:
    return [
        seen._replace(box=Box(width - seen.box.x1, seen.box.y0, width - seen.box.x0, seen.box.y1))
        for seen in sightings
    ]


def _look_leaning(grey: _Grey, angle_deg: float) -> list[_Sighting]:
    """Frontal faces in the picture turned back by ``angle_deg``, as upright boxes."""
    height, width = grey.shape
    side = math.ceil(math.hypot(width, height))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(grey, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    back = cv2.invertAffineTransform(turn)
    sightings = []
    for seen in _look(turned, _FRONTAL[:2]):
        x, y = back @ (*seen.box.centre, 1.0)
        half = seen.box.width / 2
        if 0 <= x < width and 0 <= y < height:
            box = Box(x - half, y - half, x + half, y + half)
            sightings.append(_Sighting(box, seen.weight, seen.cascade, angle_deg))
    return sightings


def _agreed(sightings: list[_Sighting], *, strict: bool = False) -> list[Face]:
    """One face for each place where enough of the sightings agree, largest first.

    Strict asks for more: after many looks at many angles, chance agrees more often.
    """
    waiting = sorted(sightings, key=lambda seen: (-seen.weight, -seen.box.area, seen.box))
    faces: list[Face] = []
    while waiting:
        start = waiting[0]
        group = [seen for seen in waiting if seen.box.overlap(start.box) >= _SAME_OVERLAP]
        waiting = [seen for seen in waiting if seen not in group]
        faces += _one_face(group, _SURE if strict else _SURE / 2)
    faces.sort(key=lambda face: (-face.box.area, face.box))
    return _without_nested(faces)


def _one_face(group: list[_Sighting], enough: float) -> list[Face]:
    best: dict[int, float] = {}
    for seen in group:
        best[seen.cascade] = max(best.get(seen.cascade, 0.0), seen.weight)
    evidence = sum(best.values())
    if evidence < enough or (len(best) < 2 and evidence < _SURE):
        return []
    weights = np.array([seen.weight for seen in group])
    corners = np.array([seen.box for seen in group])
    box = Box(*map(float, weights @ corners / weights.sum()))
    angle = float(weights @ [seen.angle_deg for seen in group] / weights.sum())
    return [Face(box, 1 - math.exp(-evidence), angle)]


def _without_nested(faces: list[Face]) -> list[Face]:
    """Drops a weaker face whose middle lies in a surer one, or that mostly lies in it."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(
            face.box.intersection(other.box) > 0.4 * min(face.box.area, other.box.area)
            for other in kept
        ):
            kept.append(face)
    return sorted(kept, key=lambda face: (-face.box.area, face.box))


def _for_work(image: Frame, work_px: int) -> tuple[_Grey, float]:
    """Grey, contrast evened, longest side at most ``work_px``; and the picture's size over its."""
    ratio = max(1.0, max(image.shape[:2]) / work_px)
    size = (max(1, round(image.shape[1] / ratio)), max(1, round(image.shape[0] / ratio)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if ratio > 1 else image
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.equalizeHist(grey), dtype=np.uint8), ratio


def _enlarged(face: Face, ratio: float) -> Face:
    return face._replace(box=Box(*(value * ratio for value in face.box)))


def _scaled(box: Box, scale: float) -> Box:
    (x, y), half_width, half_height = box.centre, box.width * scale / 2, box.height * scale / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


@lru_cache(maxsize=8)
def _load(file: str) -> Any:
    return cv2.CascadeClassifier(str(_FOLDER / file))
