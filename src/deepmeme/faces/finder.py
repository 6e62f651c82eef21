"""Finds faces with a network of our own: small ones and large ones, leaning, drawn, carved.

The network sees the picture at two sizes: for small faces at about 480x270, for large ones at a
third of that. Neither PyTorch nor a download is needed.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.face import Box, Face
from deepmeme.runtime.stages import open_stage
from deepmeme.weights.catalogue import BUNDLED

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Network = Callable[[Floats], Floats]

FOLDER = BUNDLED / "finder"

SURE = 0.6
"""Certainty from which a face counts; measured by ``benchmarks/faces.py``."""
WORK_AREA_PX = 480 * 270
"""Pixels of the picture as it is searched for small faces."""
_LEAST_SHORT_PX, _MOST_ENLARGED = 160, 2.0
_COARSER = 3
_FINER = 2
_STRIDE, _UNIT_PX, _MULTIPLE = 4, 32.0, 16
_LEAST_PX = 9.5
"""Side, in the searched picture, below which the network guesses."""
_SAME_OVERLAP = 0.35
_MOST_NESTED = 0.6
_MOST_LOG_SIDE = 3.0


class Sighting(NamedTuple):
    """A face and where its parts are."""

    face: Face
    points: tuple[tuple[float, float], ...]
    """Right eye, left eye, nose, right and left corner of the mouth (the person's), in pixels."""


def is_here(folder: Path = FOLDER) -> bool:
    """Whether the network's files are."""
    return (folder / "model.json").is_file()


def sight_faces(
    image: Frame, *, sure: float = SURE, folder: Path = FOLDER, finer: bool = True
) -> tuple[Sighting, ...]:
    """All faces in an RGB picture (h, w, 3), largest first.

    Args:
        image: the picture.
        sure: certainty in (0, 1) from which a face counts.
        folder: where the network is.
        finer: where nothing is found in a large picture, look once more at twice the size.

    Raises:
        WeightsError: the network's files are missing or damaged.
    """
    network = _network(folder)
    fine = _work_ratio(image.shape)
    small = _resized(image, fine)
    views = (small, _resized(small, 1 / _COARSER))
    found = [seen for view in views for seen in _look(view, image.shape, sure, network)]
    closer = min(1.0, fine * _FINER)
    if not found and finer and closer > 1.2 * fine:
        found = _look(_resized(image, closer), image.shape, sure, network)
    return tuple(_distinct(found))


def _resized(image: Frame, ratio: float) -> Frame:
    height, width = image.shape[:2]
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    if ratio <= 0.5 and height % 2 == width % 2 == 0:  # halves are quick
        image = np.asarray(
            cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        )
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)


def _work_ratio(shape: Sequence[int]) -> float:
    """Size of the searched picture over the picture's own."""
    height, width = shape[:2]
    wanted = math.sqrt(WORK_AREA_PX / (height * width))
    narrow = min(height, width) * wanted
    if narrow < _LEAST_SHORT_PX:  # panoramas and columns
        wanted *= min(_LEAST_SHORT_PX / narrow, _MOST_ENLARGED)
    return min(wanted, _MOST_ENLARGED)


def _look(small: Frame, shape: Sequence[int], sure: float, network: Network) -> list[Sighting]:
    """What the network sees in the searched picture, in pixels of the picture of ``shape``."""
    tall, wide = small.shape[:2]
    padded = cv2.copyMakeBorder(
        small, 0, -tall % _MULTIPLE, 0, -wide % _MULTIPLE, cv2.BORDER_CONSTANT, value=(128,) * 3
    )
    planes = np.ascontiguousarray(padded.transpose(2, 0, 1))[None]
    maps = network(planes * np.float32(1 / 255))[0]
    return _read(maps, sure, np.array([shape[1] / wide, shape[0] / tall]))


def _read(maps: Floats, sure: float, scale: NDArray[np.float64]) -> list[Sighting]:
    """Faces at the peaks of maps (16, h, w); ``scale`` takes searched pixels to the picture's."""
    certainty = 1 / (1 + np.exp(-np.clip(maps[0], -30, 30)))
    highest = cv2.dilate(certainty, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((certainty >= highest) & (certainty >= sure))
    found = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        values = maps[1:, row, column].astype(np.float64)
        side = _UNIT_PX * math.exp(min(float(values[2]), _MOST_LOG_SIDE))
        if side < _LEAST_PX:
            continue
        cell = (np.array([column, row]) + 0.5) * _STRIDE
        x, y = (cell + values[:2] * side) * scale
        half = side / 2 * float(scale.mean())
        lean = math.degrees(math.atan2(-values[3], values[4]))
        points = (cell + values[5:].reshape(-1, 2) * side) * scale
        face = Face(
            Box(float(x - half), float(y - half), float(x + half), float(y + half)),
            float(certainty[row, column]),
            lean,
        )
        found.append(Sighting(face, tuple((float(px), float(py)) for px, py in points)))
    return found


def _distinct(found: Sequence[Sighting]) -> list[Sighting]:
    """The surest of those that lie on each other, largest first."""
    kept: list[Sighting] = []
    for seen in sorted(found, key=lambda seen: (-seen.face.score, seen.face.box)):
        if not any(_same(seen.face.box, other.face.box) for other in kept):
            kept.append(seen)
    return sorted(kept, key=lambda seen: (-seen.face.box.area, seen.face.box))


def _same(first: Box, second: Box) -> bool:
    shared = first.intersection(second)
    smaller = min(first.area, second.area)
    return first.overlap(second) > _SAME_OVERLAP or shared > _MOST_NESTED * smaller


@lru_cache(maxsize=4)
def _network(folder: Path) -> Network:
    """Pictures (1, 3, h, w) in [0, 1] -> maps (1, 16, h/4, w/4)."""
    return compiled(folder, "find")


def compiled(folder: Path, stage: str) -> Network:
    """One of the folder's networks, ready to run on the CPU.

    Raises:
        WeightsError: a file is missing or damaged.
    """
    network = open_stage(folder, stage)

    def run(value: Floats) -> Floats:
        return next(iter(network(value).values()))

    return run
