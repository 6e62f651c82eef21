"""A picture shows one side of a head: turns beyond it are bent back, everything else stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.faces.shape import head_angles
from deepmeme.pipelines.parts import transfer_face
from deepmeme.pipelines.turn_limit import KNEE, limited_turn
from tests.motion.heads import NAMES, Person, head, rotation

angles = st.floats(-75, 75)


@given(angles, angles, st.floats(-180, 180), st.floats(0.5, 2), st.floats(10, 60))
@settings(max_examples=60, deadline=None)
def test_the_turn_stays_below_the_limit(
    yaw: float, pitch: float, roll: float, size: float, limit: float
) -> None:
    turned = rotation(yaw, pitch, roll)
    camera = size * turned[None, :2]
    found, share = limited_turn(camera, limit)
    tilt = np.degrees(np.arccos(np.clip(turned[2, 2], -1, 1)))
    if tilt > 75:  # a head from the side and behind: what it was there is beyond a picture's help
        return
    kept = np.degrees(np.arcsin(np.linalg.norm(found[0, :, 2]) / size))
    assert kept <= limit + 1e-6
    if tilt <= KNEE * limit:
        np.testing.assert_allclose(found, camera)
        assert share[0] == 1
    else:
        assert KNEE * limit - 1e-6 <= kept <= tilt + 1e-6
        assert share[0] == pytest.approx(kept / tilt, rel=1e-6)
    # still a similarity of a rotation: rows of equal length, at right angles
    rows = found[0] / size
    np.testing.assert_allclose(rows @ rows.T, np.eye(2), atol=1e-6)


@pytest.mark.parametrize("yaw", [-60.0, 60.0])
def test_a_driver_who_looks_away(yaw: float) -> None:
    source, anchor, driving = (
        head(Person()),
        head(Person(wide=1.1)),
        head(Person(wide=1.1), yaw=yaw),
    )
    far = transfer_face(source, driving, anchor, names=NAMES)
    near = transfer_face(source, driving, anchor, names=NAMES, max_turn_deg=30)
    asked, given_ = (float(head_angles(k.xy.astype(float), NAMES)[0, 0]) for k in (far, near))
    assert abs(asked) > 50
    assert 20 < abs(given_) < 36 and np.sign(given_) == np.sign(asked)


def test_a_small_turn_is_followed_as_it_is() -> None:
    source, anchor, driving = head(Person()), head(Person()), head(Person(), yaw=12, jaw=0.2)
    free = transfer_face(source, driving, anchor, names=NAMES)
    limited = transfer_face(source, driving, anchor, names=NAMES, max_turn_deg=30)
    np.testing.assert_allclose(limited.xy, free.xy, atol=1e-6)


def test_a_source_from_the_side_turns_less() -> None:
    anchor, driving = head(Person()), head(Person(), yaw=40)
    front, side = head(Person()), head(Person(), yaw=-35)
    turns = []
    for source in (front, side):
        moved = transfer_face(source, driving, anchor, names=NAMES, max_turn_deg=30)
        before, after = (head_angles(k.xy.astype(float), NAMES)[0, 0] for k in (source, moved))
        turns.append(abs(float(after - before)))
    assert turns[1] < 0.7 * turns[0]


def test_the_pose_itself_is_not_bent() -> None:
    source, driving = head(Person()), head(Person(), yaw=60)
    moved = transfer_face(
        source, driving, source, names=NAMES, relative=False, max_turn_deg=30
    )  # fmt: skip
    np.testing.assert_array_equal(moved.xy, driving.xy)
