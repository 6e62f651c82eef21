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


def motion_of(points: Points, rest: Points, eyes: Points) -> NDArray[np.float64]:
    """(k, 2): how landmarks moved from ``rest``, in face sizes, upright to the rest's eyes.

    A face's size is the RMS distance of its landmarks from their middle, which a turned head
    shortens less than the distance of its eyes. ``eyes`` (2, 2) are the rest's eye centres, the
    picture's left one first. So motions of two faces of different place, size and lean compare.
    """
    across = np.asarray(eyes[1], np.float64) - eyes[0]
    cosine, sine = across / max(float(np.linalg.norm(across)), 1e-6)
    upright = np.array([[cosine, -sine], [sine, cosine]])
    start = np.asarray(rest, np.float64)[:, :2]
    size = float(np.sqrt(np.square(start - start.mean(0)).sum(-1).mean()))
    moved = np.asarray(points, np.float64)[:, :2] - start
    return np.asarray(moved @ upright / max(size, 1e-6))


def motion_gap(
    found: Sequence[Points], wanted: Sequence[Points], *, least: float = 0.02
) -> tuple[float, float]:
    """How far motions (k, 2) differ in the mean, and that over how far the wanted ones go.

    The second is 0 for a perfect copy and 1 for a face that doesn't move. It is NaN where the
    wanted mean motion is below ``least``.
    """
    if not found:
        return float("nan"), float("nan")
    gaps = [
        float(np.linalg.norm(a - b, axis=-1).mean()) for a, b in zip(found, wanted, strict=True)
    ]
    went = float(np.mean([np.linalg.norm(b, axis=-1).mean() for b in wanted]))
    gap = float(np.mean(gaps))
    return gap, gap / went if went >= least else float("nan")
