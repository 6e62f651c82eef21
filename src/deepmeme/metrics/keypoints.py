"""How far keypoints are from where they should be."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]

RIGHT_EYE = tuple(f"eye_r_{i}" for i in range(6))
LEFT_EYE = tuple(f"eye_l_{i}" for i in range(6))


def interocular(xy: Points, names: Sequence[str]) -> NDArray[np.float64]:
    """(n,): distance between the eyes' middles in keypoints (n, k, 2)."""
    where = {name: row for row, name in enumerate(names)}
    right, left = (
        np.asarray(xy, np.float64)[:, [where[name] for name in eye]].mean(1)
        for eye in (RIGHT_EYE, LEFT_EYE)
    )
    return np.asarray(np.linalg.norm(right - left, axis=-1))


def normalised_errors(found: Points, wanted: Points, names: Sequence[str]) -> NDArray[np.float64]:
    """(n, k): distances in units of the distance between the eyes."""
    apart = np.linalg.norm(np.asarray(found, np.float64) - wanted, axis=-1)
    return np.asarray(apart / np.maximum(interocular(wanted, names), 1e-6)[:, None])


def average_distance_px(found: Points, wanted: Points) -> float:
    """AKD: mean distance of landmarks (n, 2) or (n, 3), depth left out."""
    return float(
        np.linalg.norm(np.asarray(found)[:, :2] - np.asarray(wanted)[:, :2], axis=-1).mean()
    )
