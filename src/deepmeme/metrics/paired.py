"""Is a difference between two models more than chance? Paired over clips, not over frames.

Frames of a clip resemble each other, so a thousand of them are no thousand observations: the clip
is the unit.
"""

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
_ROUNDS = 10_000


class Difference(NamedTuple):
    """One model less another, over clips."""

    mean: float
    low: float
    high: float
    """Bounds of the bootstrapped interval of the mean."""
    sign_p: float
    """Chance of so uneven a count of signs if neither were better, two-sided."""
    clips: int

    @property
    def is_clear(self) -> bool:
        """Whether both say that it isn't chance: interval without 0, sign test below 5 %.

        Fewer than six clips are never enough.
        """
        return (self.low > 0 or self.high < 0) and self.sign_p < 1 - LEVEL


def difference(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """The difference of two models' figures on the same clips; pairs with a NaN are left out."""
    deltas = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    deltas = deltas[np.isfinite(deltas)]
    if not len(deltas):
        nothing = float("nan")
        return Difference(nothing, nothing, nothing, 1.0, 0)
    low, high = bootstrap_interval(deltas)
    return Difference(float(deltas.mean()), low, high, sign_test(deltas), len(deltas))


def sign_test(deltas: NDArray[np.float64]) -> float:
    """Exact two-sided binomial p of the counts above and below 0; equals are left out."""
    above, below = int((deltas > 0).sum()), int((deltas < 0).sum())
    count = above + below
    tail = sum(comb(count, k) for k in range(min(above, below) + 1)) / 2.0**count
    return min(1.0, 2 * tail)


def bootstrap_interval(deltas: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float]:
    """Percentile interval of the mean at ``LEVEL``, from 10,000 draws with replacement."""
    rows = np.random.default_rng(seed).integers(0, len(deltas), (_ROUNDS, len(deltas)))
    low, high = np.quantile(deltas[rows].mean(1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
