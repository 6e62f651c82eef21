"""The filter calms what trembles, follows what moves, and doesn't care how frames arrive."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.pipelines.smoothing import OneEuro, smooth
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.strategies import keypoints

FPS = 25.0


def row(x: np.ndarray) -> KeypointArrays:
    """One keypoint that moves along x."""
    xy = np.stack([x, np.zeros_like(x)], axis=-1)[:, None]
    return KeypointArrays(xy.astype(np.float32))


def test_calms_jitter() -> None:
    random = np.random.default_rng(0)
    trembling = row(random.normal(0, 0.003, 300))  # 0.4 pixels of 256
    for steady in (OneEuro(fps=FPS)(trembling), smooth(trembling, fps=FPS)):
        tremble = np.diff(steady.xy[50:, 0, 0]).std()
        assert tremble < 0.45 * np.diff(trembling.xy[50:, 0, 0]).std()


def test_follows_a_step_without_lag() -> None:
    step = row(np.where(np.arange(60) < 30, 0.0, 0.5))
    followed = OneEuro(fps=FPS)(step).xy[:, 0, 0]
    assert np.all(followed[:30] == 0)
    assert followed[31] > 0.9 * 0.5  # within two frames
    assert followed[36] == pytest.approx(0.5, abs=0.01)
    assert followed.max() <= 0.5 + 1e-6  # no overshoot


def test_follows_a_steady_turn_within_a_pixel_or_two() -> None:
    ramp = np.linspace(-0.5, 0.5, 50)  # half the picture in two seconds
    lag = ramp - OneEuro(fps=FPS)(row(ramp)).xy[:, 0, 0]
    assert np.abs(lag).max() < 4 / 256
    both_ways = ramp - smooth(row(ramp), fps=FPS).xy[:, 0, 0]
    assert np.abs(both_ways[10:-10]).max() < 0.5 / 256


@given(keypoints(num_frames=9), st.lists(st.integers(1, 8), max_size=3))
@settings(max_examples=20, deadline=None)
def test_in_pieces_as_in_one(moving: KeypointArrays, cuts: list[int]) -> None:
    whole = OneEuro(fps=FPS)(moving)
    filter_ = OneEuro(fps=FPS)
    bounds = [0, *sorted(set(cuts)), 9]
    pieces = []
    for start, stop in itertools.pairwise(bounds):
        assert moving.jacobian is not None
        pieces.append(filter_(KeypointArrays(moving.xy[start:stop], moving.jacobian[start:stop])))
    np.testing.assert_array_equal(np.concatenate([p.xy for p in pieces]), whole.xy)
    np.testing.assert_array_equal(
        np.concatenate([np.asarray(p.jacobian) for p in pieces]), whole.jacobian
    )


@given(keypoints(num_frames=6), st.floats(-0.5, 0.5))
@settings(max_examples=15, deadline=None)
def test_place_does_not_matter(moving: KeypointArrays, shift: float) -> None:
    here = smooth(moving, fps=FPS)
    there = smooth(moving._replace(xy=moving.xy + np.float32(shift)), fps=FPS)
    np.testing.assert_allclose(there.xy, here.xy + np.float32(shift), atol=1e-5)


@given(keypoints(num_frames=7))
@settings(max_examples=15, deadline=None)
def test_backwards_is_the_same_backwards(moving: KeypointArrays) -> None:
    assert moving.jacobian is not None
    turned = smooth(KeypointArrays(moving.xy[::-1], moving.jacobian[::-1]), fps=FPS)
    np.testing.assert_allclose(turned.xy[::-1], smooth(moving, fps=FPS).xy, atol=1e-6)


def test_starts_anew_after_reset() -> None:
    filter_ = OneEuro(fps=FPS)
    filter_(row(np.zeros(5)))
    filter_.reset()
    assert filter_(row(np.array([0.7]))).xy[0, 0, 0] == np.float32(0.7)


@pytest.mark.parametrize(
    "wrong", [{"min_cutoff": 0}, {"beta": -1}, {"fps": 0}, {"fps": float("nan")}]
)
def test_refuses_what_no_filter_can_have(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="Smoothing needs"):
        OneEuro(**wrong)
