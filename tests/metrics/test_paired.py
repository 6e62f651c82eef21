"""What counts as a difference between two models."""

import numpy as np
import pytest

from deepmeme.metrics.identity import embedding_distance
from deepmeme.metrics.keypoints import motion_gap, motion_of
from deepmeme.metrics.paired import difference, sign_test


def test_sign_test_is_exact() -> None:
    assert sign_test(np.array([1.0] * 6)) == pytest.approx(2 / 2**6)
    assert sign_test(np.array([1.0, -1, 1, 1])) == pytest.approx(2 * (1 + 4) / 2**4)
    assert sign_test(np.array([0.0, 0])) == 1


def test_a_steady_gain_on_enough_clips_is_clear() -> None:
    theirs = np.linspace(1, 3, 8)
    found = difference(theirs - 0.1, theirs)
    assert found.mean == pytest.approx(-0.1)
    assert found.low == pytest.approx(-0.1) and found.high == pytest.approx(-0.1)
    assert found.is_clear and found.clips == 8


def test_noise_and_few_clips_are_not_clear() -> None:
    noise = np.random.default_rng(1).normal(size=14)
    assert not difference(noise, np.zeros(14)).is_clear
    assert not difference([0.0] * 5, [1.0] * 5).is_clear
    one_outlier = difference([0.0] * 13 + [10.0], [0.1] * 13 + [0.0])
    assert not one_outlier.is_clear


def test_what_one_of_both_lacks_is_left_out() -> None:
    assert difference([1.0, float("nan")], [0.0, 1.0]).clips == 1
    nothing = difference([float("nan")], [1.0])
    assert nothing.clips == 0 and not nothing.is_clear


def test_motion_is_the_same_for_a_face_elsewhere_larger_and_leaning() -> None:
    rng = np.random.default_rng(0)
    rest = rng.normal(size=(10, 2))
    moved = rest + rng.normal(size=(10, 2)) * 0.1
    turn = 1.7 * np.array([[0.8, -0.6], [0.6, 0.8]])

    def elsewhere(points: np.ndarray) -> np.ndarray:
        return points @ turn.T + [40, 7]

    here = motion_of(moved, rest, rest[:2])
    there = motion_of(elsewhere(moved), elsewhere(rest), elsewhere(rest[:2]))
    assert there == pytest.approx(here)
    assert motion_gap([here], [here]) == (0, 0)
    assert motion_gap([np.zeros_like(here)], [here])[1] == pytest.approx(1)
    assert np.isnan(motion_gap([here], [np.zeros_like(here)])[1])


def test_distance_of_embeddings() -> None:
    assert embedding_distance(np.array([3.0, 0]), np.array([0.0, 4])) == pytest.approx(5)
