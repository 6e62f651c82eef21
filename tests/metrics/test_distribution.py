"""Clouds of features: how like, how real, how complete."""

import numpy as np
import pytest

from deepmeme.metrics.distribution import coverage, frechet_distance, nearest

RNG = np.random.default_rng(4)
CLOUD = RNG.normal(size=(400, 6))


def test_equal_clouds_are_no_way_apart() -> None:
    assert frechet_distance(CLOUD, CLOUD) == pytest.approx(0, abs=1e-6)


def test_of_gaussians_it_is_what_the_formula_says() -> None:
    """A shift counts its square; a stretch by s counts (s - 1)^2 of the variance."""
    moved = CLOUD + np.array([3, 0, 0, 0, 0, 0])
    assert frechet_distance(CLOUD, moved) == pytest.approx(9, rel=1e-6)
    stretched = (CLOUD - CLOUD.mean(0)) * 2 + CLOUD.mean(0)
    wanted = CLOUD.var(0, ddof=1).sum()
    assert frechet_distance(CLOUD, stretched) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(stretched, CLOUD) == pytest.approx(wanted, rel=1e-6)


def test_one_face_again_and_again_is_precise_and_recalls_nothing() -> None:
    one = np.repeat(CLOUD[:1], 200, 0) + RNG.normal(size=(200, 6)) * 1e-3
    found = coverage(CLOUD, one)
    assert found.precision == 1 and found.recall < 0.02
    other = coverage(CLOUD, RNG.normal(size=(400, 6)))
    assert other.precision > 0.6 and other.recall > 0.6
    far = coverage(CLOUD, CLOUD + 40)
    assert far == (0, 0)


def test_copies_are_found() -> None:
    assert nearest(CLOUD[[7, 300]] + 1e-4, CLOUD).tolist() == [7, 300]
