"""The anchor is the frame that looks like the source, whoever the driver is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.faces.shape import head_angles
from deepmeme.pipelines.anchor import find_anchor, outward_order, pose_gap
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.heads import NAMES, Person, frames, head
from tests.motion.strategies import keypoints

LONG = Person(wide=0.9, tall=1.1, eyes=0.8)
TOON = Person(eyes=2.5, mouth=1.3)


@given(keypoints(), keypoints(num_frames=12), st.integers(0, 11), st.floats(0.4, 2))
@settings(max_examples=30, deadline=None)
def test_finds_the_planted_frame(
    source: KeypointArrays, driving: KeypointArrays, place: int, size: float
) -> None:
    xy = driving.xy[:, ::-1].copy()
    xy[place] = source.xy[0] * np.float32(size) + np.float32(0.1)
    assert find_anchor(source, [KeypointArrays(xy)]) == place
    # In pieces as in one, and the first of two equals.
    pieces = [KeypointArrays(xy[:5]), KeypointArrays(xy[5:]), KeypointArrays(xy)]
    assert find_anchor(source, pieces) == place


@pytest.mark.parametrize("source", [{"yaw": 18.0}, {"pitch": -9.0}, {"roll": 20.0}, {}])
@pytest.mark.parametrize("who", [LONG, TOON])
def test_finds_the_head_turned_alike(source: dict[str, float], who: Person) -> None:
    poses: list[dict[str, float]] = [
        {"yaw": -20.0}, {"pitch": 9.0}, {"yaw": 18.0}, {"roll": 20.0}, {"pitch": -9.0}, {},
        {"roll": -20.0},
    ]  # fmt: skip
    driving = frames(*(head(**pose, size=0.25, place=(0.2, 0.1)) for pose in poses))
    assert find_anchor(head(who, **source), [driving], NAMES) == poses.index(source)


@pytest.mark.parametrize("who", [LONG, TOON])
def test_finds_open_eyes_and_a_closed_mouth(who: Person) -> None:
    driving = frames(
        head(blink=0.9), head(jaw=0.2), head(blink=0.5), head(smile=0.3), head(yaw=4.0),
        head(blink=0.95, jaw=0.1), head(yaw=10.0),
    )  # fmt: skip
    assert find_anchor(head(who), [driving], NAMES) == 4


def test_finds_closed_eyes_for_a_sleeper() -> None:
    driving = frames(head(), head(yaw=2.0), head(blink=1.0), head(blink=0.5), head())
    assert find_anchor(head(LONG, blink=1.0), [driving], NAMES) == 2


def test_prefers_the_usual_face() -> None:
    grimace = head(smile=0.25)
    driving = frames(grimace, *(head(yaw=y) for y in (2.0, 3.0, 4.0, 5.0)))
    assert find_anchor(head(TOON), [driving], NAMES) == 1


def test_nothing_to_find() -> None:
    with pytest.raises(InputError, match="no frames"):
        find_anchor(head(), [], NAMES)
    with pytest.raises(InputError, match="79 keypoints and driving frame 0 has 6"):
        find_anchor(head(), [KeypointArrays(np.zeros((1, 6, 2), np.float32))], NAMES)


@given(st.integers(1, 40), st.data())
@settings(max_examples=25, deadline=None)
def test_outwards_and_together_again(count: int, data: st.DataObject) -> None:
    anchor = data.draw(st.integers(0, count - 1))
    forward, backward = outward_order(count, anchor)
    assert forward[0] == backward[0] == anchor
    assert [*reversed(backward), *forward[1:]] == list(range(count))


@pytest.mark.parametrize("anchor", [-1, 5])
def test_an_anchor_outside(anchor: int) -> None:
    with pytest.raises(InputError, match="choose one from 0 to 4"):
        outward_order(5, anchor)


@given(st.floats(-50, 50), st.floats(-35, 35), st.floats(-60, 60), st.floats(0.1, 0.5))
@settings(max_examples=30, deadline=None)
def test_angles(yaw: float, pitch: float, roll: float, size: float) -> None:
    seen = head(yaw=yaw, pitch=pitch, roll=roll, size=size, jaw=0.2, blink=0.5)
    angles = head_angles(seen.xy.astype(np.float64), NAMES)
    np.testing.assert_allclose(angles[0], [yaw, pitch, roll], atol=0.1)


def test_pose_gap_of_faces() -> None:
    assert pose_gap(head(), head(size=0.2, place=(0.3, 0.0), jaw=0.3), NAMES) < 0.05
    assert pose_gap(head(roll=40), head(), NAMES) < 0.05
    assert pose_gap(head(TOON, yaw=12), head(), NAMES) < 0.6
    assert pose_gap(head(LONG, yaw=-25), head(yaw=20), NAMES) > 1
    assert pose_gap(head(yaw=24), head(), NAMES) == pytest.approx(24 / 30, rel=0.05)


def test_pose_gap_of_other_keypoints() -> None:
    random = np.random.default_rng(0)
    xy = random.uniform(-0.5, 0.5, (1, 10, 2)).astype(np.float32)
    points = KeypointArrays(xy)
    assert pose_gap(points, KeypointArrays(xy * np.float32(2) - np.float32(0.1))) < 1e-4
    assert pose_gap(points, KeypointArrays(xy[:, ::-1])) > 1
    near = KeypointArrays(xy + random.normal(0, 0.02, xy.shape).astype(np.float32))
    assert 0.01 < pose_gap(points, near) < 0.5
