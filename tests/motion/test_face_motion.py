"""Heads in space are driven by other heads; what should come out is another head in space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.shape import average_face, in_space
from deepmeme.pipelines.face_rings import openness, rings_of
from deepmeme.pipelines.parts import transfer_face, transfer_parts
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.heads import HEAD, NAMES, NECK, ROW, Person, frames, head

RINGS = rings_of(NAMES)
AVERAGE = Person()
LONG = Person(wide=0.85, tall=1.2, eyes=0.8, mouth=0.8)
TOON = Person(wide=1.1, eyes=2.5, mouth=1.3)
PEOPLE = {"average": AVERAGE, "long": LONG, "toon": TOON}

poses = st.fixed_dictionaries(
    {"yaw": st.floats(-25, 25), "pitch": st.floats(-15, 15), "roll": st.floats(-30, 30)}
)
people = st.builds(
    Person,
    wide=st.floats(0.8, 1.2),
    tall=st.floats(0.8, 1.3),
    eyes=st.floats(0.6, 2.5),
    mouth=st.floats(0.7, 1.4),
)


def wide_open(keypoints: KeypointArrays, ring: str) -> NDArray[np.float64]:
    return openness(keypoints.xy.astype(np.float64), RINGS[ring])


def rms(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(first[:, HEAD] - second[:, HEAD]).sum(axis=-1).mean()))


@given(people, people, poses, poses, st.floats(0, 2))
@settings(max_examples=25, deadline=None)
def test_no_motion_leaves_the_source(
    person: Person, driver: Person, pose: dict[str, float], other: dict[str, float], times: float
) -> None:
    source, anchor = head(person, **pose), head(driver, **other, jaw=0.05)
    for part in ("whole", "pose", "expression"):
        still = transfer_parts(source, anchor, anchor, names=NAMES, part=part, multiplier=times)
        np.testing.assert_allclose(still.xy, source.xy, atol=1e-5)


@given(people, poses, poses, st.floats(0, 1), st.floats(0, 0.4))
@settings(max_examples=25, deadline=None)
def test_a_source_like_the_anchor_moves_as_the_driver(
    person: Person, pose: dict[str, float], other: dict[str, float], blink: float, jaw: float
) -> None:
    anchor = head(person, **other)
    driving = head(person, **pose, blink=blink, jaw=jaw, place=(0.1, 0.0))
    moved = transfer_face(anchor, driving, anchor, names=NAMES)
    np.testing.assert_allclose(moved.xy, driving.xy, atol=2e-5)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("turn", [{"yaw": 20.0}, {"pitch": 12.0}, {"roll": 25.0}])
def test_a_turned_head_turns_as_a_solid(who: str, turn: dict[str, float]) -> None:
    source = head(PEOPLE[who], place=(0.05, 0.1))
    anchor, driving = head(place=(-0.1, 0.0)), head(place=(-0.1, 0.0), **turn)
    moved = transfer_face(source, driving, anchor, names=NAMES)
    # The one turned head that this may be, wherever it was carried to.
    target = head(PEOPLE[who], place=(0.05, 0.1), **turn).xy
    drift = (moved.xy - target)[:, HEAD].mean(axis=1, keepdims=True)
    moved_far = rms(target, source.xy)
    assert rms(moved.xy - drift, target) < 0.12 * moved_far
    assert np.linalg.norm(drift) < 0.15 * moved_far
    # Plain differences bend it more, wherever proportions differ.
    if who != "average":
        bent = transfer_parts(source, driving, anchor).xy
        bend = (bent - target)[:, HEAD].mean(axis=1, keepdims=True)
        assert rms(moved.xy - drift, target) < rms(bent - bend, target)


@pytest.mark.parametrize("who", PEOPLE)
def test_a_rigid_motion_has_no_expression(who: str) -> None:
    source, anchor = head(PEOPLE[who]), head(LONG, yaw=-5)
    driving = frames(*(head(LONG, yaw=y, pitch=y / 2, roll=-y, size=0.33) for y in (-20, 5, 20)))
    moved = transfer_face(source, driving, anchor, names=NAMES, part="expression")
    change = np.linalg.norm((moved.xy - source.xy)[:, HEAD], axis=-1)
    driven = np.linalg.norm((driving.xy - anchor.xy)[:, HEAD], axis=-1)
    assert change.max() < 0.08 * driven.max()


@pytest.mark.parametrize("who", PEOPLE)
def test_an_expression_has_no_pose(who: str) -> None:
    source, anchor = head(PEOPLE[who], yaw=8), head(LONG, yaw=-5)
    driving = frames(*(head(LONG, yaw=-5, jaw=j, smile=j / 3, blink=b)
                       for j, b in ((0.3, 0), (0, 1), (0.1, 0.5))))  # fmt: skip
    moved = transfer_face(source, driving, anchor, names=NAMES, part="pose")
    assert np.abs(moved.xy - source.xy).max() < 1e-5


def test_expression_stays_what_it_is_in_a_turned_head() -> None:
    anchor = head()
    straight = transfer_face(
        head(TOON), head(jaw=0.3, smile=0.1, blink=0.7), anchor, names=NAMES, part="expression"
    )
    leaning = transfer_face(
        head(TOON),
        head(jaw=0.3, smile=0.1, blink=0.7, roll=30, size=0.36, place=(0.2, -0.1)),
        anchor,
        names=NAMES,
        part="expression",
    )
    np.testing.assert_allclose(leaning.xy, straight.xy, atol=0.01)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("driver", PEOPLE)
@pytest.mark.parametrize("part", ["whole", "expression"])
def test_blinks_close_the_source_s_own_lids(who: str, driver: str, part: str) -> None:
    source = head(PEOPLE[who], yaw=-5)
    anchor = head(PEOPLE[driver])
    shut = head(PEOPLE[driver], yaw=10, roll=5, blink=1.0)
    half = head(PEOPLE[driver], yaw=10, roll=5, blink=0.5)
    moved = transfer_parts(source, frames(shut, half), anchor, names=NAMES, part=part)
    for eye in ("eye_l", "eye_r"):
        closed, halfway = wide_open(moved, eye)
        before = wide_open(source, eye)[0]
        assert abs(closed) < 0.04 * before
        assert halfway == pytest.approx(0.5 * before, rel=0.15)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("driver", PEOPLE)
def test_a_closed_mouth_stays_closed(who: str, driver: str) -> None:
    source, anchor = head(PEOPLE[who]), head(PEOPLE[driver])
    turning = frames(*(head(PEOPLE[driver], yaw=y, pitch=y / 2, smile=0.05) for y in (-20, 20)))
    moved = transfer_face(source, turning, anchor, names=NAMES)
    change = wide_open(moved, "lip_inner") - wide_open(source, "lip_inner")
    assert np.abs(change).max() < 0.01


@pytest.mark.parametrize("who", PEOPLE)
def test_mouths_open_by_the_source_s_size_and_close_again(who: str) -> None:
    source = head(PEOPLE[who])
    anchor, driving = head(), frames(head(jaw=0.3), head(jaw=0.0))
    moved = transfer_face(source, driving, anchor, names=NAMES)
    opened, closed = wide_open(moved, "lip_inner")
    # The size of a mouth is its width, so it opens to the same shape.
    assert opened == pytest.approx(wide_open(head(jaw=0.3), "lip_inner")[0], rel=0.15)
    assert closed == pytest.approx(wide_open(source, "lip_inner")[0], abs=1e-3)
    chin = moved.xy[0, ROW["jaw_8"], 1] - source.xy[0, ROW["jaw_8"], 1]
    lip = moved.xy[0, ROW["lip_inner_6"], 1] - source.xy[0, ROW["lip_inner_6"], 1]
    assert chin == pytest.approx(lip, rel=0.1)


def test_an_open_source_closes_with_the_driver_and_keeps_its_lips() -> None:
    source, anchor = head(TOON, jaw=0.15), head(jaw=0.4)
    moved = transfer_face(source, head(jaw=0.0), anchor, names=NAMES)
    assert abs(wide_open(moved, "lip_inner")[0]) < 0.02
    for upper, lower in (("lip_outer_3", "lip_inner_2"), ("lip_inner_6", "lip_outer_9")):
        before = source.xy[0, ROW[lower], 1] - source.xy[0, ROW[upper], 1]
        after = moved.xy[0, ROW[lower], 1] - moved.xy[0, ROW[upper], 1]
        assert after == pytest.approx(before, rel=0.2)


def test_no_side_crosses_the_other() -> None:
    source = head(LONG, blink=0.6)
    anchor = head(TOON)
    driving = frames(*(head(TOON, blink=b, jaw=j) for b, j in ((1, 0), (0.9, 0.1), (0.5, 0))))
    moved = transfer_face(source, driving, anchor, names=NAMES, multiplier=1.5)
    for eye in ("eye_l", "eye_r"):
        gaps = RINGS[eye].gaps(moved.xy.astype(np.float64))
        assert gaps.min() > -0.02 * RINGS[eye].width(source.xy.astype(np.float64))[0]


def test_parts_that_are_left_out() -> None:
    source, anchor = head(TOON), head()
    driving = head(jaw=0.3, blink=1.0, smile=0.1)
    no_eyes = transfer_face(source, driving, anchor, names=NAMES, eyes=False)
    no_mouth = transfer_face(source, driving, anchor, names=NAMES, mouth=False)
    assert wide_open(no_eyes, "eye_l") == pytest.approx(wide_open(source, "eye_l"), rel=1e-3)
    assert wide_open(no_eyes, "lip_inner")[0] > 0.2
    assert wide_open(no_mouth, "lip_inner") == pytest.approx(
        wide_open(source, "lip_inner"), abs=1e-3
    )
    assert abs(wide_open(no_mouth, "eye_l")[0]) < 0.03


def test_the_neck_stays_on_the_shoulders() -> None:
    anchor, driving = head(), head(yaw=25, pitch=10)
    driving.xy[:, NECK] = anchor.xy[:, NECK] + np.float32(0.02)
    source = head(LONG, size=0.25)
    moved = transfer_face(source, driving, anchor, names=NAMES)
    step = (moved.xy - source.xy)[:, NECK]
    assert np.allclose(step, step[:, :1], atol=1e-6) and 0.01 < step.max() < 0.03
    face = transfer_face(source, driving, anchor, names=NAMES, part="expression")
    np.testing.assert_allclose(face.xy[:, NECK], source.xy[:, NECK], atol=1e-6)


@given(poses, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.5, 2))
@settings(max_examples=20, deadline=None)
def test_place_and_size_of_the_driver_do_not_matter(
    pose: dict[str, float], x: float, y: float, size: float
) -> None:
    source, anchor, driving = head(TOON), head(), head(**pose, jaw=0.1, blink=0.3)
    shift, factor = np.array([x, y], np.float32), np.float32(size)
    here = transfer_face(source, driving, anchor, names=NAMES)
    there = transfer_face(
        source,
        KeypointArrays(driving.xy * factor + shift),
        KeypointArrays(anchor.xy * factor + shift),
        names=NAMES,
    )
    np.testing.assert_allclose(there.xy, here.xy, atol=2e-4)


def test_noise_is_not_made_larger() -> None:
    random = np.random.default_rng(0)
    anchor = head()
    xy = anchor.xy + random.normal(0, 0.003, (50, len(NAMES), 2)).astype(np.float32)
    moved = transfer_face(head(TOON), KeypointArrays(xy), anchor, names=NAMES)
    assert moved.xy.std(axis=0).mean() < 1.5 * xy.std(axis=0).mean()


def test_frames_at_once_or_one_by_one() -> None:
    source, anchor = head(LONG), head()
    driving = frames(*(head(yaw=y, jaw=0.1) for y in (-10, 0, 10)))
    together = transfer_face(source, driving, anchor, names=NAMES)
    for index in range(3):
        alone = transfer_face(source, driving.frame(index), anchor, names=NAMES)
        np.testing.assert_allclose(alone.xy, together.xy[index : index + 1], atol=1e-6)


def test_absolute_takes_the_driver_as_it_is() -> None:
    driving = head(yaw=20, jaw=0.2)
    moved = transfer_face(head(TOON), driving, head(), names=NAMES, relative=False)
    np.testing.assert_array_equal(moved.xy, driving.xy)


def test_depth_is_read_off_a_turned_head() -> None:
    shape = np.array([average_face()[name] for name in NAMES])
    for yaw, pitch in ((0, 0), (30, 10), (-40, -15)):
        xy = head(yaw=yaw, pitch=pitch, size=0.3).xy[0].astype(np.float64)
        places = in_space(xy, NAMES)
        nose, *far = places[[ROW["nose_3"], ROW["jaw_0"], ROW["jaw_16"]], 2]
        assert nose > max(far)
        # Lengths in space are right, whichever way the head is turned.
        length = np.linalg.norm(places[ROW["nose_3"]] - places[ROW["crown"]])
        right = np.linalg.norm(shape[ROW["nose_3"]] - shape[ROW["crown"]]) * 0.3
        assert length == pytest.approx(right, rel=0.02)


def test_names_that_say_too_little() -> None:
    points = KeypointArrays(np.zeros((1, 3, 2), np.float32))
    with pytest.raises(InputError, match="at least 6 keypoints"):
        transfer_face(points, points, points, names=("nose_0", "a", "b"))
    with pytest.raises(InputError, match="Found 79 names for 3"):
        transfer_face(points, points, points, names=NAMES)
    with pytest.raises(InputError, match="whole, pose, expression; found 'eyes'"):
        transfer_parts(head(), head(), head(), names=NAMES, part="eyes")  # type: ignore[arg-type]
