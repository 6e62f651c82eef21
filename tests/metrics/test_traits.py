"""Traits are found where they lie, and a step along one leaves the others."""

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.metrics.traits import find_probes

RNG = np.random.default_rng(8)
CODES = RNG.normal(size=(3000, 12)) @ RNG.normal(size=(12, 12)) * 0.5
TRUE = RNG.normal(size=(3, 12))
LABELS = CODES @ TRUE.T * (5, 0.1, 2) + (40, -1, 0)


def test_linear_traits_are_read_as_they_are() -> None:
    found = find_probes(CODES, LABELS, ridge=1e-6)
    steps = (LABELS - LABELS.mean(0)) / LABELS.std(0)
    np.testing.assert_allclose(CODES @ found.readings.T + found.offsets, steps, atol=1e-3)
    assert found.trust.min() > 0.999


def test_a_step_along_one_leaves_the_others_and_is_likely() -> None:
    found = find_probes(CODES, LABELS, tearing=0)
    np.testing.assert_allclose(found.readings @ found.directions.T, np.eye(3), atol=1e-9)
    precision = np.linalg.inv(np.cov(CODES, rowvar=False))
    plain = np.linalg.pinv(found.readings).T  # as far as the readings go, but unlikely codes

    def unlikely(ways: np.ndarray) -> np.ndarray:
        return np.einsum("kd,de,ke->k", ways, precision, ways)

    assert (unlikely(found.directions) <= unlikely(plain) + 1e-9).all()


def test_traits_that_go_together_are_not_torn_apart() -> None:
    """Two that hardly ever differ, and one of its own: no step may leave where codes lie."""
    rng = np.random.default_rng(4)
    codes = rng.normal(size=(3000, 12))
    head = codes[:, 0]
    labels = np.column_stack([head, -head + 0.15 * codes[:, 1], codes[:, 2]])
    torn, found = find_probes(codes, labels, tearing=0), find_probes(codes, labels)
    moved = found.readings @ found.directions.T
    np.testing.assert_allclose(np.diag(moved), 1)
    assert moved[0, 1] < -0.6 and abs(moved[0, 2]) < 0.1
    lengths = np.linalg.norm(found.directions, axis=1)
    assert lengths.max() < 2 < 4 < np.linalg.norm(torn.directions, axis=1)[0]


def test_what_codes_do_not_tell_is_not_trusted() -> None:
    labels = np.column_stack([LABELS[:, 0], RNG.normal(size=len(CODES))])
    found = find_probes(CODES, labels)
    assert found.trust[0] > 0.95 and found.trust[1] < 0.02


def test_too_little_is_said() -> None:
    with pytest.raises(InputError, match="too few"):
        find_probes(CODES[:20], LABELS[:20])
    with pytest.raises(InputError, match="same in all faces"):
        find_probes(CODES, np.column_stack([LABELS[:, 0], np.ones(len(CODES))]))
