"""The face as its landmarks outline it: from the jaw over the temples to the forehead.

A rough mask that needs no network: hair, glasses and hands that lie inside are taken for face.
"""

import re
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Mask = NDArray[np.uint8]
Points = NDArray[np.float64]

_OUTLINE = re.compile(r"jaw_\d+|brow_[rl]_\d+|forehead(_[rl])?")
_FEWEST = 3
_FAR = 8.0
_ROUNDING = 0.03
"""Standard deviation of the blur that rounds the corners, in sides of the square."""
_FINER = 4
_EDGE_PX = 1.5
"""Width in which the mask falls from 255 to 0."""


def hull_mask(xy: Points, names: Sequence[str], size: int) -> Mask:
    """(size, size) 255 inside the rounded convex outline of jaw, brows and forehead, 0 outside.

    Args:
        xy: (k, 2) landmarks in the square, [-1, 1] from edge to edge; they may lie outside.
        names: what each of them is.
        size: side of the mask in pixels.

    Raises:
        InputError: the size is not above 0, or the landmarks are not finite or show no outline.
    """
    outline = outline_of(xy, names)
    if size < 1:
        raise InputError(f"A mask needs a side above 0; found {size}.")
    margin = round(4 * _ROUNDING * size) + 2
    wide = size + 2 * margin
    fine = wide * _FINER
    # Pixel i has its middle at i + 1/2; fillConvexPoly counts in 1/256 of a pixel from its middle.
    places = ((outline + 1) * (size / 2) + margin) * _FINER - 0.5
    canvas = np.zeros((fine, fine), np.uint8)
    cv2.fillConvexPoly(canvas, np.rint(places * 256).astype(np.int32), 255, cv2.LINE_8, 8)
    drawn = cv2.resize(canvas, (wide, wide), interpolation=cv2.INTER_AREA)
    sigma = max(_ROUNDING * size, 0.3)
    soft = cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), sigma)
    # Near a straight edge the blur falls with a slope of 1 / (sigma sqrt(2 pi)) at its middle
    steep = sigma * np.sqrt(2 * np.pi) / _EDGE_PX
    sharp = np.clip((soft - 0.5) * max(steep, 1.0) + 0.5, 0, 1)
    inside = sharp[margin : margin + size, margin : margin + size]
    return np.ascontiguousarray(np.rint(inside * 255).astype(np.uint8))


def outline_of(xy: Points, names: Sequence[str]) -> Points:
    """(m, 2) corners of the convex hull of jaw, brows and forehead, in order.

    Raises:
        InputError: the landmarks are not finite or show no outline.
    """
    rows = [row for row, name in enumerate(names) if _OUTLINE.fullmatch(name)]
    if len(rows) < _FEWEST:
        raise InputError(f"A face's outline needs landmarks of jaw and brows; found {names}.")
    chosen = np.asarray(xy, np.float64)[rows]
    if not np.isfinite(chosen).all():
        raise InputError("A face's outline needs finite landmarks.")
    hull = cv2.convexHull(np.clip(chosen, -_FAR, _FAR).astype(np.float32))
    return np.asarray(hull[:, 0], np.float64)
