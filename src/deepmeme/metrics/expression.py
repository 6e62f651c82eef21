"""How open eyes and mouth are and where a face looks, by its landmarks (k, 2) in pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]
Pair = tuple[int, int]


def opening(points: Points, pairs: Sequence[Pair], width: float) -> float:
    """Mean distance of pairs of landmarks, upper and lower, in units of ``width``."""
    upper, lower = np.asarray(pairs).T
    gaps = np.linalg.norm(np.asarray(points, np.float64)[upper] - points[lower], axis=-1)
    return float(gaps.mean() / max(width, 1e-6))


def width_of(points: Points, ends: Pair) -> float:
    """Distance of two landmarks in pixels."""
    return float(np.linalg.norm(np.asarray(points[ends[1]], np.float64) - points[ends[0]]))


def looking(iris: Points, points: Points, corners: Pair) -> NDArray[np.float64]:
    """(2,): where the iris (2,) is between an eye's corners, along and across, in eye widths."""
    start, end = (np.asarray(points[row], np.float64) for row in corners)
    along = end - start
    size = max(float(along @ along), 1e-6)
    away = np.asarray(iris, np.float64) - (start + end) / 2
    across = np.array([-along[1], along[0]])
    return np.array([away @ along, away @ across]) / size
