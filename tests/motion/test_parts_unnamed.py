"""Pose and expression of keypoints that nobody named, as the First Order Motion Model's."""

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.pipelines.parts import transfer_parts
from deepmeme.pipelines.transfer import transfer
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.heads import ROW, Person, head

# Ten places such as a detector without supervision settles on; two of them on the mouth.
TEN = [
    ROW[name]
    for name in ("brow_r_1", "brow_l_3", "nose_3", "jaw_1", "jaw_15", "forehead", "eye_r_3",
                 "eye_l_0", "lip_outer_3", "lip_outer_9")
]  # fmt: skip
MOUTH = [8, 9]


def ten(person: Person = Person(), **facts: float) -> KeypointArrays:  # noqa: B008
    xy = head(person, **facts).xy[:, TEN]  # type: ignore[arg-type]
    maps = np.broadcast_to(np.eye(2, dtype=np.float32), (1, 10, 2, 2))
    turn = np.deg2rad(facts.get("roll", 0.0))
    roll = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    return KeypointArrays(xy, roll @ maps * np.float32(facts.get("size", 0.3) / 0.3))


def far(first: KeypointArrays, second: KeypointArrays) -> float:
    return float(np.linalg.norm(first.xy - second.xy, axis=-1).max())


@pytest.mark.parametrize("turn", [{"roll": 20.0}, {"size": 0.36}, {"roll": -15.0, "size": 0.27}])
def test_turning_and_coming_closer_has_no_expression(turn: dict[str, float]) -> None:
    source, anchor, driving = ten(Person(tall=1.2)), ten(), ten(**turn)
    face = transfer_parts(source, driving, anchor, part="expression")
    assert far(face, source) < 2e-3
    np.testing.assert_allclose(face.jacobian, source.jacobian, atol=1e-2)
    pose = transfer_parts(source, driving, anchor, part="pose", adapt_scale=False)
    assert far(pose, ten(Person(tall=1.2), **turn)) < 0.1 * far(driving, anchor)


@pytest.mark.parametrize("turn", [{"yaw": 15.0}, {"pitch": 10.0}])
def test_a_turn_in_depth_is_partly_pose(turn: dict[str, float]) -> None:
    anchor, driving = ten(), ten(**turn)
    face = transfer_parts(anchor, driving, anchor, part="expression")
    left = np.linalg.norm(face.xy - anchor.xy, axis=-1)
    driven = np.linalg.norm(driving.xy - anchor.xy, axis=-1)
    assert left.mean() < 0.75 * driven.mean() and np.median(left) < 0.5 * np.median(driven)


def test_an_opening_mouth_is_mostly_expression() -> None:
    anchor, driving = ten(), ten(jaw=0.3)
    pose = transfer_parts(anchor, driving, anchor, part="pose")
    assert far(pose, anchor) < 0.1 * far(driving, anchor)
    face = transfer_parts(anchor, driving, anchor, part="expression")
    np.testing.assert_allclose(face.xy, driving.xy, atol=0.1 * far(driving, anchor))


def test_both_at_once_come_apart() -> None:
    anchor, driving = ten(), ten(jaw=0.3, roll=15.0)
    still, turned, open_ = ten(), ten(roll=15.0), ten(jaw=0.3)
    pose = transfer_parts(still, driving, anchor, part="pose")
    face = transfer_parts(still, driving, anchor, part="expression")
    assert far(pose, turned) < 0.15 * far(turned, still)
    assert far(face, open_) < 0.15 * far(open_, still)


@pytest.mark.parametrize("part", ["pose", "expression"])
def test_nothing_moves_without_motion(part: str) -> None:
    source, anchor = ten(Person(wide=1.2)), ten(yaw=5.0)
    still = transfer_parts(source, anchor, anchor, part=part)  # type: ignore[arg-type]
    np.testing.assert_allclose(still.xy, source.xy, atol=1e-5)
    np.testing.assert_allclose(still.jacobian, source.jacobian, atol=1e-4)
    frozen = transfer_parts(
        source,
        ten(yaw=20.0, jaw=0.2),
        anchor,
        part=part,
        multiplier=0.0,  # type: ignore[arg-type]
    )
    np.testing.assert_allclose(frozen.xy, source.xy, atol=1e-5)


def test_whole_is_plain_transfer() -> None:
    source, anchor, driving = ten(Person(wide=1.2)), ten(), ten(yaw=10.0, jaw=0.1)
    plain = transfer(source, driving, anchor)
    same = transfer_parts(source, driving, anchor, names=[f"point_{i}" for i in range(10)])
    np.testing.assert_array_equal(same.xy, plain.xy)
    np.testing.assert_array_equal(same.jacobian, plain.jacobian)


def test_each_frame_gets_a_jacobian() -> None:
    one, two = ten(yaw=5.0), ten(yaw=10.0)
    both = KeypointArrays(
        np.concatenate([one.xy, two.xy]),
        np.concatenate([np.asarray(one.jacobian), np.asarray(two.jacobian)]),
    )
    for part in ("pose", "expression"):
        moved = transfer_parts(ten(), both, ten(), part=part)  # type: ignore[arg-type]
        assert moved.xy.shape == (2, 10, 2) and np.shape(moved.jacobian) == (2, 10, 2, 2)
        assert moved.xy.dtype == np.asarray(moved.jacobian).dtype == np.float32


def test_eyes_need_names() -> None:
    with pytest.raises(InputError, match="named parts of a face"):
        transfer_parts(ten(), ten(), ten(), eyes=False)
