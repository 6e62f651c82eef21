"""Frame arithmetic: trim, loop, there and back, mirror, other speeds."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.pipelines.retime import (
    loop_indices,
    mirror,
    mirror_order,
    ping_pong_indices,
    retime,
    retime_positions,
    select,
    trim_indices,
)
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.heads import NAMES, head
from tests.motion.strategies import keypoints


def test_trim() -> None:
    assert trim_indices(100, 25, 0.2, 0.4).tolist() == [5, 6, 7, 8, 9]
    assert trim_indices(10, 25).tolist() == list(range(10))
    assert trim_indices(10, 25, 0.2, 99).tolist() == [5, 6, 7, 8, 9]
    assert trim_indices(10, Fraction(30000, 1001), 0.0, 0.01).tolist() == [0]


@given(st.integers(1, 500), st.floats(1, 120), st.data())
@settings(max_examples=50, deadline=None)
def test_a_cut_makes_two_parts_of_the_whole(count: int, fps: float, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, count))
    at = cut / fps
    left = trim_indices(count, fps, 0.0, at).tolist() if cut else []
    right = trim_indices(count, fps, at).tolist() if cut < count else []
    assert left + right == list(range(count))


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 2), (2, 1), (1, 1), (9, None), (float("nan"), 1), (0.01, 0.02)]
)
def test_a_trim_that_leaves_nothing(start: float, end: float | None) -> None:
    with pytest.raises(InputError, match=r"leaves nothing|No frame lies"):
        trim_indices(25, 25, start, end)


def test_loop_and_ping_pong() -> None:
    assert loop_indices(3, 2).tolist() == [0, 1, 2, 0, 1, 2]
    assert ping_pong_indices(4).tolist() == [0, 1, 2, 3, 2, 1]
    assert ping_pong_indices(2).tolist() == [0, 1]
    assert ping_pong_indices(1).tolist() == [0]


@given(st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_ping_pong_never_jumps_when_looped(count: int) -> None:
    twice = np.tile(ping_pong_indices(count), 2)
    steps = np.abs(np.diff(twice))
    assert np.all(steps == 1) if count > 1 else np.all(steps == 0)


@pytest.mark.parametrize("times", [0, -1, 10**9])
def test_loops_that_cannot_be(times: int) -> None:
    with pytest.raises(InputError, match="Looping"):
        loop_indices(10, times)


@given(st.integers(1, 300), st.sampled_from([12, 25, 30, 60]), st.floats(0.2, 5))
@settings(max_examples=50, deadline=None)
def test_speed(count: int, fps: int, speed: float) -> None:
    positions = retime_positions(count, 25, fps, speed=speed)
    assert abs(len(positions) / fps * speed - count / 25) <= speed / fps  # within a frame
    assert positions[0] == 0 and positions.max() <= count - 1
    assert np.all(np.diff(positions) >= 0)


def test_same_rate_is_the_same_motion() -> None:
    moving = KeypointArrays(np.random.default_rng(0).random((9, 3, 2)).astype(np.float32))
    np.testing.assert_array_equal(retime(moving, 25, 25).xy, moving.xy)
    every_second = retime(moving, 50, 25)
    np.testing.assert_array_equal(every_second.xy, moving.xy[:-1:2])
    between = retime(moving, 25, 50)
    np.testing.assert_allclose(between.xy[1], (moving.xy[0] + moving.xy[1]) / 2, atol=1e-6)


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan"), 1e-9])
def test_speeds_that_cannot_be(speed: float) -> None:
    with pytest.raises(InputError, match="Speed"):
        retime_positions(10, 25, 25, speed=speed)


@pytest.mark.parametrize("fps", [0, -5, 10**6])
def test_rates_that_cannot_be(fps: int) -> None:
    with pytest.raises(InputError, match="Frames a second"):
        retime_positions(10, 25, fps)


@given(keypoints(num_frames=2, num_keypoints=len(NAMES)))
@settings(max_examples=10, deadline=None)
def test_a_mirror_in_a_mirror_changes_nothing(moving: KeypointArrays) -> None:
    for names in (None, NAMES):
        again = mirror(mirror(moving, names), names)
        np.testing.assert_array_equal(again.xy, moving.xy)
        np.testing.assert_array_equal(again.jacobian, moving.jacobian)


def test_a_mirrored_head_turns_the_other_way() -> None:
    left = head(yaw=25, pitch=5, roll=10, place=(0.2, 0.1), smile=0.1)
    right = head(yaw=-25, pitch=5, roll=-10, place=(-0.2, 0.1), smile=0.1)
    np.testing.assert_allclose(mirror(left, NAMES).xy, right.xy, atol=1e-6)


def test_mirror_turns_local_maps_round() -> None:
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    flat = KeypointArrays(np.zeros((1, 1, 2), np.float32), turn[None, None])
    np.testing.assert_array_equal(mirror(flat).jacobian, [[turn.T]])


def test_mirror_needs_both_sides() -> None:
    with pytest.raises(InputError, match="'eye_r_3'"):
        mirror_order([f"eye_l_{i}" for i in range(6)])
    with pytest.raises(InputError, match="Found 79 names for 3"):
        mirror(KeypointArrays(np.zeros((1, 3, 2), np.float32)), NAMES)


def test_select_repeats_and_reorders() -> None:
    moving = KeypointArrays(np.arange(6, dtype=np.float32).reshape(3, 1, 2))
    assert select(moving, [2, 0, 0]).xy[:, 0, 0].tolist() == [4, 0, 0]
