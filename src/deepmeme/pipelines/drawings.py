"""Drawings of what a motion model sees and does: its keypoints, where it looks, what is visible."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.montage import Colour, resize

Frame = NDArray[np.uint8]

_GRID_LINES = 12
_SUBPIXEL = 4  # bits
_DARK = 34
_SPREAD, _FEW = 0.1, 10
"""Standard deviation of a blob where the picture is two units wide: the square root of 0.01, which
Siarohin et al. 2019 take for ten keypoints; that of more is smaller, or they would run together."""
_WAS, _GOES, _PAPER = -90.0, 0.9, 96.0


def mark_points(frame: Frame, xy: NDArray[np.float32]) -> Frame:
    """A copy of ``frame`` with a ring of its own colour at each keypoint (k, 2)."""
    marked: Frame = np.ascontiguousarray(frame).copy()
    side = frame.shape[0]
    radius = max(1.5, side / (64 if len(xy) <= 20 else 128))
    for point, colour in zip(_pixels(xy, side), _colours(len(xy)), strict=True):
        size = round(radius * (1 << _SUBPIXEL))
        cv2.circle(marked, point, size, colour, -1, cv2.LINE_AA, _SUBPIXEL)
        cv2.circle(marked, point, size, (20, 20, 20), 1, cv2.LINE_AA, _SUBPIXEL)
    return marked


def mark_moves(
    source: Frame, start: NDArray[np.float32], end: NDArray[np.float32], side: int
) -> Frame:
    """The source, faded, with a line from where each keypoint (k, 2) is to where it goes."""
    faded = (resize(source, side, side).astype(np.uint16) * 3 // 4).astype(np.uint8)
    for here, there in zip(_pixels(start, side), _pixels(end, side), strict=True):
        cv2.line(faded, here, there, (235, 235, 235), 1, cv2.LINE_AA, _SUBPIXEL)
    return mark_points(faded, end)


def warped_grid(deformation: NDArray[np.float32], side: int) -> Frame:
    """A grid of lines, warped as the source is: straight lines mean no movement."""
    step = side / _GRID_LINES
    across = np.arange(side) % step < max(1.0, side / 128)
    grid = np.full((side, side, 3), _DARK, np.uint8)
    grid[across] = grid[:, across] = 190
    wide = cv2.resize(np.asarray(deformation, np.float32), (side, side))
    places = (wide + 1) / 2 * (side - 1)
    warped = cv2.remap(
        grid, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(warped, np.uint8)


def grey(share: NDArray[np.float32], side: int) -> Frame:
    """Shares (h, w) as brightness: 0 is black, 1 white."""
    wide = cv2.resize(np.asarray(share, np.float32), (side, side))
    levels = np.rint(np.clip(wide, 0, 1) * 255).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=2)


def heatmaps(start: NDArray[np.float32], end: NDArray[np.float32], side: int) -> Frame:
    """Blobs around keypoints (k, 2): dark where each was, of its own colour where it goes.

    First Order Motion's dense motion network sees the same, one channel a keypoint: where it goes
    less where it was (Eq. 6). The portrait model's gets nearness to all of them, about as sharp.
    """
    spread = _SPREAD * min(1.0, (_FEW / max(len(start), 1)) ** 0.5)
    line = np.linspace(-1, 1, side, dtype=np.float32)

    def blobs(xy: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sums of products of columns and rows: one product of matrices for each colour.

        By OpenCV: BLAS would keep threads spinning, and the networks want the cores.
        """
        x, y = (np.exp(-np.square(line - xy[:, i, None]) / (2 * spread**2)) for i in (0, 1))
        inked = (x * channel[:, None] for channel in colours.T)
        parts = [cv2.gemm(y, ink, 1, None, 0, flags=cv2.GEMM_1_T) for ink in inked]
        return np.stack(parts, axis=-1)

    glow = _GOES * (np.asarray(_colours(len(end)), np.float32) - _PAPER)
    dark = np.full((len(start), 3), _WAS, np.float32)
    drawn = _PAPER + blobs(start, dark).clip(_WAS, 0) + blobs(end, glow)
    return np.asarray(np.clip(np.rint(drawn), 0, 255), np.uint8)


def _pixels(xy: NDArray[np.float32], side: int) -> list[tuple[int, int]]:
    """Keypoints in fixed-point pixels, as OpenCV draws them; far ones held near the frame."""
    held = np.clip(xy, -2, 2)
    places = np.rint((held + 1) / 2 * (side - 1) * (1 << _SUBPIXEL)).astype(int)
    return [(int(x), int(y)) for x, y in places]


def _colours(count: int) -> Sequence[Colour]:
    hues = np.arange(count) * 179 // max(count, 1)
    row = np.stack([hues, np.full(count, 190), np.full(count, 255)], -1).astype(np.uint8)
    colours = cv2.cvtColor(row[None], cv2.COLOR_HSV2RGB)[0]
    return [(int(r), int(g), int(b)) for r, g, b in colours]
