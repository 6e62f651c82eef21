"""Are figures of one group worse than the rest's by more than chance?

One value is one person's, not one frame's. A table asks many questions at once, and one in twenty
would be answered wrongly by chance; so chances are corrected by Holm's method (1979).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.metrics.paired import LEVEL, bootstrap_interval

Values = NDArray[np.float64]

SHUFFLES = 20_000
FEWEST = 5
"""People that a group needs before anything is said about it."""


class GroupFigure(NamedTuple):
    """One figure of one group."""

    measure: str
    trait: str
    group: str
    people: int
    mean: float
    low: float
    high: float
    """Bounds of the bootstrapped 95 % interval of the mean."""
    rest: float
    """Mean of everybody else."""
    chance: float
    """How often a random group of that size differs from its rest as much, either way."""


def group_figures(
    measure: str, values: Sequence[float], labels: Mapping[str, Sequence[str]], *, seed: int = 0
) -> list[GroupFigure]:
    """Each group of each trait against the rest.

    Args:
        measure: what was measured.
        values: one a person; NaN is left out.
        labels: by trait, each person's group; "" belongs to none, nor to a rest.
        seed: of the shuffles.
    """
    found = []
    for trait, of_people in labels.items():
        kept = [
            (value, name)
            for value, name in zip(values, of_people, strict=True)
            if np.isfinite(value) and name
        ]
        known = np.array([value for value, _ in kept], np.float64)
        names = np.array([name for _, name in kept])
        shuffled = known.astype(np.float32)[_orders(len(known), seed)]
        for group in dict.fromkeys(name for name in of_people if name):
            inside = names == group
            if min(inside.sum(), (~inside).sum()) >= FEWEST:
                found.append(_figure(measure, trait, group, known, inside, shuffled))
    return found


@lru_cache(maxsize=2)
def _orders(count: int, seed: int) -> NDArray[np.int32]:
    """(SHUFFLES, count): random orders. Most traits of a table have equally many people."""
    rows = np.tile(np.arange(count, dtype=np.int32), (SHUFFLES, 1))
    return np.random.default_rng(seed).permuted(rows, axis=1)


def _figure(
    measure: str, trait: str, group: str, values: Values, inside: NDArray[np.bool_],
    shuffled: NDArray[np.float32],
) -> GroupFigure:  # fmt: skip
    count, others = int(inside.sum()), int((~inside).sum())
    mean, rest = float(values[inside].mean()), float(values[~inside].mean())
    sums = shuffled[:, :count].sum(axis=1, dtype=np.float64)
    gaps = sums / count - (values.sum() - sums) / others
    beyond = int((np.abs(gaps) >= abs(mean - rest) - 1e-7).sum())
    low, high = bootstrap_interval(values[inside])
    chance = (beyond + 1) / (SHUFFLES + 1)
    return GroupFigure(measure, trait, group, count, mean, low, high, rest, chance)


def holm(chances: Sequence[float]) -> list[float]:
    """The chances corrected for how many there are, in the same order."""
    order = np.argsort(chances, kind="stable")
    corrected, least = [1.0] * len(chances), 0.0
    for step, row in enumerate(order.tolist()):
        least = max(least, min(1.0, (len(chances) - step) * chances[row]))
        corrected[row] = least
    return corrected


def clearly_worse(
    figures: Sequence[GroupFigure], better: Mapping[str, int]
) -> set[tuple[str, str, str]]:
    """(measure, trait, group) of those that are worse than the rest beyond chance.

    ``better`` is 1 for a measure of which more is better, -1 where less is.
    """
    corrected = holm([figure.chance for figure in figures])
    return {
        (figure.measure, figure.trait, figure.group)
        for figure, chance in zip(figures, corrected, strict=True)
        if chance < 1 - LEVEL and (figure.mean - figure.rest) * better[figure.measure] < 0
    }


def terciles(values: Iterable[float], names: tuple[str, str, str]) -> list[str]:
    """The third that each value lies in, the lowest first; "" for NaN."""
    array = np.array(list(values), np.float64)
    first, second = np.nanquantile(array, [1 / 3, 2 / 3])
    return [
        "" if value != value else names[int(value > first) + int(value > second)]
        for value in array.tolist()
    ]
