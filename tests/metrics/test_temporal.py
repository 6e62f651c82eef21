"""Flicker and background on motion that is known."""

import numpy as np
import pytest

from deepmeme.metrics.temporal import (
    mean_change,
    outside_head,
    sampled,
    unhidden,
    warp_error,
)


def _flow(x: float, y: float, side: int = 32) -> np.ndarray:
    return np.broadcast_to(np.array([x, y], np.float32), (side, side, 2)).copy()


def test_known_motion_leaves_no_error() -> None:
    before = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    after = np.roll(before, (2, 3), (0, 1))  # three to the right, two down
    assert warp_error(before, after, _flow(3, 2)) == 0
    assert warp_error(before, after, _flow(0, 0)) > 30


def test_brightness_that_pumps_is_flicker() -> None:
    before = np.full((32, 32, 3), 100, np.uint8)
    assert warp_error(before, before + 7, _flow(1, 0)) == pytest.approx(7)
    assert np.isnan(warp_error(before, before, _flow(100, 0)))


def test_what_is_hidden_does_not_count() -> None:
    before = np.zeros((32, 32, 3), np.uint8)
    after = before.copy()
    after[:, :16] = 200
    seen = np.zeros((32, 32), bool)
    seen[:, 16:] = True
    assert warp_error(before, after, _flow(0, 0), seen) == 0


def test_sampling_between_pixels_is_linear() -> None:
    ramp = np.tile(np.arange(32, dtype=np.uint8)[None, :, None], (32, 1, 3))
    found, inside = sampled(ramp, _flow(0.25, 0))
    assert found[5, 10] == pytest.approx([10.25] * 3)
    assert inside[:, :31].all() and not inside[:, 31].any()


def test_there_and_back_must_agree() -> None:
    assert unhidden(_flow(2, 1), _flow(-2, -1))[8:-8, 8:-8].all()
    assert not unhidden(_flow(2, 1), _flow(0, 0)).any()


def test_change_where_nobody_is() -> None:
    face = np.array([[20.0, 20.0], [44.0, 20.0], [32.0, 50.0]])
    outside = outside_head(face, (64, 64))
    assert outside[2, 2] and outside[2, 61]
    assert not outside[35, 32] and not outside[60, 2]  # face; shoulders
    before = np.zeros((64, 64, 3), np.uint8)
    after = before.copy()
    after[30:40, 28:36] = 255
    assert mean_change(before, after, outside) == 0
    assert np.isnan(mean_change(before, after, np.zeros((64, 64), bool)))
