"""The invisible watermark: a work's id in the luminance of every frame.

A square of 36 x 36 signs (:mod:`watermark_code`) is repeated over the picture in cells of 3.2 to 4
pixels: fine enough not to be seen, coarse enough to survive codecs, palettes and half the size.
What low frequencies it has are taken out, for there the picture drowns it. It is as strong as the
picture around it hides, weaker where the picture already says the same sign, stronger where it
says the opposite: the encoder knows its noise (Costa's writing on dirty paper, in the small).
"""

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.clip import Frame
from deepmeme.provenance.watermark_code import Signs, tile

Plane = NDArray[np.float32]

CELLS = 80
"""Along the shorter side of a small picture."""
FINEST_PX, COARSEST_PX = 3.2, 4.0
MARGIN = 4  # cells around the picture, so that its edges have neighbours

FLAT, SHARE, GRAIN, REST, MOST = 0.72, 1.15, 1.5, 0.15, 4.0
"""Grey levels: where nothing hides the mark; a level of detail up to GRAIN; beyond; at most."""
FAINTEST = 0.85
"""Share of that in large pictures: they have more cells to say the same with."""
INFORMED = 0.5
ROOM = 12.0
"""Levels above black or below white from which on the mark is as strong as elsewhere."""
_DITHER = 64
_NEXT = np.ones((3, 3), np.uint8)


def cell_px(width: int, height: int) -> float:
    """Side of a cell in pixels."""
    return min(max(min(width, height) / CELLS, FINEST_PX), COARSEST_PX)


class Watermark:
    """Puts one work's id into frames; keeps what frames of one size have in common."""

    def __init__(self, work_id: str, *, strength: float = 1.0) -> None:
        """``strength`` 1 is what leaves the house.

        Raises:
            InputError: ``work_id`` is not 11 hexadecimal digits.
        """
        self.signs, self.strength = tile(work_id), strength
        self._carrier: Carrier | None = None

    def mark(self, frame: Frame) -> Frame:
        """A marked copy of a frame (h, w, 3)."""
        size = (frame.shape[1], frame.shape[0])
        if self._carrier is None or self._carrier.size != size:
            self._carrier = Carrier(self.signs, size)
        return self._carrier.marked(frame, self.strength)


class Carrier:
    """A pattern of signs for pictures of one size."""

    def __init__(self, signs: Signs, size: tuple[int, int]) -> None:
        """``signs``: a square tile of +1 and -1; ``size``: width and height in pixels."""
        self.size = size
        cell = cell_px(*size)
        self.cells = (math.ceil(size[0] / cell), math.ceil(size[1] / cell))
        pattern = _repeated(signs, self.cells)
        inside = slice(MARGIN, MARGIN + self.cells[1]), slice(MARGIN, MARGIN + self.cells[0])
        self.coarse: Plane = pattern[inside]
        at = 0.5 / cell - 0.5 + MARGIN  # of pixel 0, in cells
        self.pattern = cv2.warpAffine(
            pattern,
            np.array([[1 / cell, 0, at], [0, 1 / cell, at]]),
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        )
        self.dither = _dither(size)
        many = self.cells[0] * self.cells[1] / CELLS**2
        self.share = min(1.0, max(FAINTEST, many**-0.25))

    def marked(self, frame: Frame, strength: float = 1.0) -> Frame:
        """A copy of a frame of this size with the pattern in its luminance."""
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        amplitude = cv2.resize(self._amplitude(grey), self.size, interpolation=cv2.INTER_LINEAR)
        change = cv2.multiply(amplitude, self.pattern, scale=strength * self.share)
        change = cv2.add(change, self.dither)
        whole = np.floor(change, out=change).astype(np.int16)
        marked = cv2.add(frame, cv2.merge([whole, whole, whole]), dtype=cv2.CV_8U)
        return np.asarray(marked, np.uint8)

    def _amplitude(self, grey: NDArray[np.uint8]) -> Plane:
        """Grey levels for each cell (rows, columns)."""
        cells = cv2.resize(grey, self.cells, interpolation=cv2.INTER_AREA).astype(np.float32)
        detail = cells - cv2.GaussianBlur(cells, (0, 0), 0.7)
        near = cv2.blur(np.abs(detail), (3, 3))
        # beside an edge nothing hides the mark: what counts is the calmest place next to a cell
        around = cv2.blur(cv2.erode(near, _NEXT), (3, 3))
        level = FLAT + SHARE * np.minimum(around, GRAIN) + REST * around
        level *= 1 - INFORMED * np.clip(self.coarse * detail / (near + 0.5), -2, 2)
        room = np.clip(np.minimum(cells, 255 - cells) / ROOM, 0.25, 1)
        return np.asarray(np.minimum(level, MOST) * room, np.float32)


def _repeated(signs: Signs, cells: tuple[int, int]) -> Plane:
    """The tile over all cells and a margin, without its low frequencies, of mean square 1."""
    columns, rows = (n + 2 * MARGIN for n in cells)
    side = len(signs)
    repeats = (-(-rows // side) + 1, -(-columns // side) + 1)
    # the tile begins at the first cell inside the margin
    pattern = np.roll(np.tile(signs, repeats), (MARGIN, MARGIN), (0, 1))[:rows, :columns]
    pattern = pattern - cv2.GaussianBlur(pattern, (0, 0), 1.0)
    return np.asarray(pattern / pattern.std(), np.float32)


@lru_cache(maxsize=4)
def _dither(size: tuple[int, int]) -> Plane:
    """Thresholds in [0, 1): parts of a grey level become that share of whole ones."""
    random = np.random.default_rng(1).permutation(_DITHER * _DITHER).reshape(_DITHER, _DITHER)
    thresholds = ((random + 0.5) / (_DITHER * _DITHER)).astype(np.float32)
    width, height = size
    return np.tile(thresholds, (-(-height // _DITHER), -(-width // _DITHER)))[:height, :width]
