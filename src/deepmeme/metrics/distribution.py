"""How like many pictures are to many others: features of both, taken as clouds of points."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Coverage(NamedTuple):
    """Improved precision and recall (Kynkaanniemi et al. 2019)."""

    precision: float
    """Share of the made pictures that lie among real ones: they look real."""
    recall: float
    """Share of the real pictures that lie among made ones: nothing is missing."""


def frechet_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Between the Gaussians of two clouds (n, d) and (m, d) (Heusel et al. 2017): squared distance
    of the means, plus the trace of C1 + C2 - 2 (C1 C2)^(1/2). 0 for equal clouds."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    gap = a.mean(0) - b.mean(0)
    root = _root(np.cov(a, rowvar=False))
    crossed = root @ np.cov(b, rowvar=False) @ root
    mixed = np.sqrt(np.linalg.eigvalsh(crossed).clip(0)).sum()
    traces = a.var(0, ddof=1).sum() + b.var(0, ddof=1).sum()
    return float(max(0.0, gap @ gap + traces - 2 * mixed))


def coverage(
    real: NDArray[np.floating], made: NDArray[np.floating], neighbours: int = 3
) -> Coverage:
    """Precision and recall of clouds (n, d) and (m, d): a point lies among others if it is nearer
    to one of them than that one's k-th neighbour is."""
    return Coverage(_among(made, real, neighbours), _among(real, made, neighbours))


def nearest(made: NDArray[np.floating], real: NDArray[np.floating]) -> NDArray[np.intp]:
    """(m,) which real picture each made one is most like: copies would show."""
    return np.asarray(_apart(made, real).argmin(1), np.intp)


def nearest_distances(made: NDArray[np.floating], real: NDArray[np.floating]) -> Floats:
    """(m,) how far each made one is from that."""
    return np.asarray(np.sqrt(_apart(made, real).min(1)), np.float64)


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(0))) @ vectors.T, np.float64)


def _among(points: NDArray[np.floating], cloud: NDArray[np.floating], neighbours: int) -> float:
    own = np.sort(_apart(cloud, cloud), axis=1)
    reach = own[:, min(neighbours, own.shape[1] - 1)]  # the first is the point itself
    return float((_apart(points, cloud) <= reach).any(1).mean())


def _apart(first: NDArray[np.floating], second: NDArray[np.floating]) -> Floats:
    """(n, m) squared distances."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
    return np.asarray(squares.clip(0), np.float64)
