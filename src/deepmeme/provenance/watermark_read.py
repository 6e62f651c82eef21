"""Find the invisible watermark again, also after codecs, scaling, crops and mirrors.

Frames are averaged (the mark stays, what moves blurs), looked at by a small network, and its soft
signs folded: all tiles on one. Where in the picture a tile begins is where the signs that all works
share agree best; how large a cell is, is tried out if it isn't what it was when the mark was made.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.clip import Frame
from deepmeme.provenance.watermark import cell_px
from deepmeme.provenance.watermark_code import ID_BITS, SIDE, Decoded, decode, pilot
from deepmeme.provenance.watermark_net import SAMPLES, Soft, soft_signs

Grey = NDArray[np.float32]

MAX_CHANCE = 1e-9
"""A mark counts as found if a picture without one would look like this less often."""
USUAL_SIDES_PX = (256, 512, 1080, 720, 480, 360, 1440, 2160, 1024, 640)
"""Shorter sides that whole pictures are scaled from."""
RATIO, RANGE = 1.006, 2.3
"""Of neighbouring cell sizes that are tried, and how far from the usual one."""
_SEEN = 288  # samples a side of what is looked at while searching
_MOST = 1200  # otherwise
_PEAKS = 4
_PICTURES = 4
_SIDE = SIDE * SAMPLES
_MIN_SAMPLES = 40


class Found(NamedTuple):
    """A watermark of ours."""

    work_id: str
    score: float
    """Standard deviations above what chance gives; see :func:`watermark_code.agreement`."""
    chance: float
    """Bound on how often all that was tried finds a mark where there is none."""
    cell_px: float
    """Side of a cell now, in pixels of the pictures looked at."""
    mirrored: bool


def read_watermark(frames: Sequence[Frame], *, search: bool = True) -> Found | None:
    """The watermark that frames (h, w, 3) of one size share, or None.

    ``search`` also looks for crops, for other sizes than the mark was made for and for mirrored
    pictures: some seconds more if there is nothing.
    """
    tried, seen = 0, set()
    for size, pictures, most in _tries(_averages(frames), search=search):
        windows = [_middle(picture, round(most * size / SAMPLES)) for picture in pictures]
        counts = _samples(windows[0], size)
        if min(counts) < _MIN_SAMPLES or (counts, most) in seen:
            continue
        seen.add((counts, most))
        field = _field(windows, counts)
        for mirrored in (False, True) if search else (False,):
            tried += _SIDE * _SIDE
            found = _found(field[:, ::-1] if mirrored else field, tried, size, mirrored)
            if found is not None:
                return found
    return None


class _Try(NamedTuple):
    cell_px: float
    pictures: list[Grey]
    most: int  # samples a side that are looked at


def _tries(pictures: list[Grey], *, search: bool) -> Iterator[_Try]:
    """The size as it was made; to search, whole pictures scaled from usual sizes, then cuts."""
    height, width = pictures[0].shape
    usual, shorter = cell_px(width, height), min(width, height)
    yield _Try(usual, pictures, _MOST)
    if not search:
        return
    one = [np.asarray(np.mean(pictures, axis=0), np.float32)]
    for side in USUAL_SIDES_PX:
        yield _Try(cell_px(side, side) * shorter / side, one, _MOST)
    for step in range(1, math.ceil(math.log(RANGE) / math.log(RATIO)) + 1):
        yield _Try(usual * RATIO**step, one, _SEEN)
        yield _Try(usual / RATIO**step, one, _SEEN)


def _averages(frames: Sequence[Frame]) -> list[Grey]:
    """Up to four, each of its share of the frames."""
    greys = [cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY) for frame in frames]
    parts = np.array_split(np.arange(len(greys)), min(len(greys), _PICTURES))
    return [np.mean([greys[i] for i in part], axis=0, dtype=np.float32) for part in parts]


def _middle(picture: Grey, side: int) -> Grey:
    """As much of it as is looked at."""
    top, left = (max(0, (n - side) // 2) for n in picture.shape)
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _samples(picture: Grey, cell: float) -> tuple[int, int]:
    """Columns and rows."""
    height, width = picture.shape
    return round(SAMPLES * width / cell), round(SAMPLES * height / cell)


def _field(pictures: Sequence[Grey], counts: tuple[int, int]) -> Soft:
    """Soft signs, summed over pictures."""
    total: Soft | None = None
    for grey in pictures:
        how = cv2.INTER_AREA if counts[0] < grey.shape[1] else cv2.INTER_CUBIC
        read = soft_signs(cv2.resize(grey, counts, interpolation=how))
        total = read if total is None else total + read
    assert total is not None
    return total


def _found(field: Soft, tried: int, size: float, mirrored: bool) -> Found | None:
    folded = _folded(field)
    best: Decoded | None = None
    for down, right in _places(folded):
        aligned = np.roll(folded, (-down, -right), (0, 1))
        soft = aligned.reshape(SIDE, SAMPLES, SIDE, SAMPLES).sum((1, 3))
        decoded = decode(soft)
        if decoded is not None and (best is None or decoded.score > best.score):
            best = decoded
    if best is None:
        return None
    chance = tried * 2.0**ID_BITS * math.exp(-best.score * best.score / 2)
    if chance > MAX_CHANCE:
        return None
    return Found(best.work_id, best.score, chance, size, mirrored)


def _folded(field: Soft) -> Soft:
    """All tiles on one, (72, 72)."""
    height, width = field.shape
    whole = np.pad(field, ((0, -height % _SIDE), (0, -width % _SIDE)))
    tiles = whole.reshape(whole.shape[0] // _SIDE, _SIDE, whole.shape[1] // _SIDE, _SIDE)
    return np.asarray(tiles.sum((0, 2)), np.float32)


def _places(folded: Soft) -> Iterator[tuple[int, int]]:
    """Where a tile may begin: (row, column) in samples, the likeliest first."""
    likeness = np.fft.irfft2(np.fft.rfft2(folded) * _pilot_spectrum(), s=folded.shape)
    for index in np.argsort(-likeness, axis=None)[:_PEAKS].tolist():
        yield divmod(index, _SIDE)


@cache
def _pilot_spectrum() -> NDArray[np.complexfloating]:
    spread = np.kron(pilot(), np.ones((SAMPLES, SAMPLES)))
    return np.asarray(np.conj(np.fft.rfft2(spread)))
