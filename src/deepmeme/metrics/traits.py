"""Which way in a space of codes a face smiles: linear probes, and the directions that they allow.

A probe reads a trait from a code: a ridge regression on codes whose labels are known (Alain and
Bengio 2016). The direction of a trait is the likeliest change of a code, by how codes spread, that
moves its reading by one and other readings little: traits that hardly ever go apart (a head and the
gaze that stays behind) are not torn apart, for no face looks like that.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Floats = NDArray[np.float64]


class Probes(NamedTuple):
    """Readings of k traits in codes of d numbers, in standard deviations of the trait."""

    readings: Floats
    """(k, d)"""
    offsets: Floats
    """(k,)"""
    directions: Floats
    """(k, d); ``readings @ directions.T`` has ones in its diagonal, and little beside them for
    traits that vary on their own."""
    trust: Floats
    """(k,) share of the trait's variance that the reading explains in codes it has not seen."""


def find_probes(
    codes: Floats, labels: Floats, *, ridge: float = 1e-2, tearing: float = 0.2
) -> Probes:
    """From codes (n, d) and labels (n, k).

    Args:
        codes: of faces whose traits are known.
        labels: the traits, in any units.
        ridge: what large weights cost, in variances of a code's numbers.
        tearing: what it costs to hold other traits, in variances of readings; 0 holds all exactly.

    Raises:
        InputError: too few faces for so many numbers, or a trait that never changes.
    """
    codes = np.asarray(codes, np.float64)
    labels = np.asarray(labels, np.float64)
    count, size = codes.shape
    if count < 4 * size:
        raise InputError(f"{count} faces are too few to find traits in {size} numbers.")
    spread = labels.std(0)
    if (spread < 1e-9).any():
        rows = np.flatnonzero(spread < 1e-9).tolist()
        raise InputError(f"The traits number {rows} are the same in all faces.")
    steps = (labels - labels.mean(0)) / spread
    learnt = np.arange(count) % 5 != 0
    half = _fit(codes[learnt], steps[learnt], ridge)
    missed = steps[~learnt] - codes[~learnt] @ half[0].T - half[1]
    trust = 1 - missed.var(0) / steps[~learnt].var(0)
    readings, offsets = _fit(codes, steps, ridge)
    spread_of_codes = np.cov(codes, rowvar=False)
    reach = spread_of_codes @ readings.T
    together = readings @ reach
    directions = np.linalg.solve(together + tearing * np.diag(np.diag(together)), reach.T)
    directions /= (readings * directions).sum(1, keepdims=True)
    return Probes(readings, offsets, directions, trust)


def _fit(codes: Floats, steps: Floats, ridge: float) -> tuple[Floats, Floats]:
    middle = codes.mean(0)
    centred = codes - middle
    covariance = centred.T @ centred / len(codes)
    cost = ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    readings: Floats = np.linalg.solve(covariance + cost, centred.T @ steps / len(codes)).T
    return readings, steps.mean(0) - readings @ middle
