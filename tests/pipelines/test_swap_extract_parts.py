"""What an extraction measures, whom it tells apart, and how often it looks."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.pipelines.swap.extract_measures import SIDE_PX, measure, sharpness
from deepmeme.pipelines.swap.extract_options import MOST_LOOKS, ExtractOptions, step_of
from deepmeme.pipelines.swap.extract_people import people_of
from deepmeme.pipelines.swap.extract_sources import stem_for
from deepmeme.pipelines.swap.extract_watch import (
    WatchState,
    look,
    state_as_json,
    state_from_json,
)
from tests.pipelines.heads_on_stage import head, stage

PICTURES = ("painting", "statue", "cartoon", "captain")


@pytest.fixture(scope="module")
def squares():
    """(128, 128) grey aligned square and mask of each shipped picture."""
    found = {}
    for name in PICTURES:
        picture = head(name, 512)
        marks = find_landmarks(picture, detect_faces(picture)[0])
        crop = align_face(marks.xy_px, marks.names)
        grey = cv2.cvtColor(crop.cut(picture, SIDE_PX), cv2.COLOR_RGB2GRAY)
        found[name] = grey, hull_mask(in_square(marks.xy_px, crop), marks.names, SIDE_PX)
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_blur_counts_whichever_way_it_goes(squares, name):
    grey, mask = squares[name]
    found = [sharpness(cv2.GaussianBlur(grey, (0, 0), s), mask) for s in (0.3, 1, 2, 3, 5, 8)]
    assert all(sharper >= softer for sharper, softer in pairwise(found[:4]))
    assert sharpness(grey, mask) > 0.75 and found[3] < 0.15 and max(found[4:]) < 0.1
    for wide, tall in ((15, 1), (1, 15)):
        assert sharpness(cv2.blur(grey, (wide, tall)), mask) < 0.5 * found[0]


@given(contrast=st.floats(0.4, 1.0), light=st.integers(0, 40))
@settings(max_examples=20)
def test_light_and_contrast_hardly_count(squares, contrast, light):
    grey, mask = squares["painting"]
    other = np.rint(grey * contrast * 0.8 + light).astype(np.uint8)
    assert sharpness(other, mask) == pytest.approx(sharpness(grey, mask), abs=0.1)


def test_nothing_is_not_sharp():
    mask = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    assert sharpness(np.full((SIDE_PX, SIDE_PX), 90, np.uint8), mask) == 0
    assert sharpness(np.eye(SIDE_PX, dtype=np.uint8) * 255, mask * 0) == 0


def test_a_mirrored_face_looks_the_other_way():
    picture = head("painting", 512)
    found = []
    for seen in (picture, np.ascontiguousarray(picture[:, ::-1])):
        marks = find_landmarks(seen, detect_faces(seen)[0])
        crop = align_face(marks.xy_px, marks.names)
        points = in_square(marks.xy_px, crop)
        square = crop.cut(seen, 256)
        found.append(measure(square, points, marks.names, marks.xy_px, seen.shape))
    assert found[0].yaw_deg == pytest.approx(-found[1].yaw_deg, abs=4)
    assert found[0].pitch_deg == pytest.approx(found[1].pitch_deg, abs=4)
    assert found[0].inside == found[1].inside == 1


def people(frames, tracks, vectors, thumbs=None):
    """With even weights, and nothing to see of a jump unless given."""
    if thumbs is None:
        thumbs = np.zeros((len(tracks), 16, 16), np.uint8)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = (vectors / lengths).astype(np.float32)
    return people_of(frames, tracks, vectors, np.ones(len(tracks)), thumbs, 0.5)


def agreement(found, who):
    who = np.asarray(who)
    return float(((found[:, None] == found[None]) == (who[:, None] == who[None])).mean())


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 2**16))
def test_everybody_gets_a_number_by_how_often_they_are_seen(who, seed):
    random = np.random.default_rng(seed)
    vectors = np.eye(8)[who] + random.normal(0, 0.05, (len(who), 8))
    frames = [(0, index) for index in range(len(who))]
    tracks = [3 * person + int(random.integers(3)) for person in who]
    found = people(frames, tracks, vectors)
    assert agreement(found, who) == 1
    counts = np.bincount(found)
    assert list(counts) == sorted(counts, reverse=True)


@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 2**16))
def test_a_track_that_jumps_is_cut_there(before, after, seed):
    random = np.random.default_rng(seed)
    who = [0] * before + [1] * after
    vectors = np.eye(8)[who] + random.normal(0, 0.08, (len(who), 8))
    frames = [(0, index) for index in range(len(who))]
    thumbs = np.repeat(np.uint8([[40], [90]])[who], 256, axis=1).reshape(-1, 16, 16)
    assert agreement(people(frames, [0] * len(who), vectors, thumbs), who) == 1


def test_nobody_is_in_a_frame_twice():
    frames = [(0, index // 2) for index in range(20)]
    tracks = [index % 2 for index in range(20)]
    alike = np.ones((20, 1))
    found = people(frames, tracks, alike)
    assert len(set(found[::2])) == len(set(found[1::2])) == 1 and found[0] != found[1]
    elsewhere = [(track, frame) for (_, frame), track in zip(frames, tracks, strict=True)]
    assert set(people(elsewhere, tracks, alike)) == {0}


def test_a_weak_eye_is_helped_by_many_looks():
    """Single faces of one person are as little alike as those of two, tracks of twenty are not."""
    random = np.random.default_rng(1)
    who = np.repeat([0, 1, 0, 1], 20)
    vectors = np.eye(16)[who] + random.normal(0, 0.35, (80, 16))
    tracks = np.repeat([0, 1, 2, 3], 20).tolist()
    frames = [(0, index) for index in range(80)]
    assert agreement(people(frames, tracks, vectors), who) > 0.95
    alone = people(frames, list(range(80)), vectors)
    assert len(set(alone)) > 4


def test_what_a_look_leaves_can_be_written_down():
    state, written = WatchState(), WatchState()
    for index in range(7):
        frame = stage(("painting", 20 + 5 * index, 30), ("statue", 260, 40))
        seen, state = look(frame, state)
        same, written = look(frame, written)
        written = state_from_json(state_as_json(written))
        assert written == state and len(seen) == len(same) == 2
        for one, other in zip(seen, same, strict=True):
            assert one.track == other.track
            np.testing.assert_array_equal(one.points, other.points)
    assert {one.track for one in seen} == {0, 1}


def test_a_cut_begins_anew():
    _, state = look(stage(("painting", 20, 30)), WatchState())
    seen, _ = look(255 - stage(), state)
    assert seen == ()
    seen, state = look(np.ascontiguousarray(255 - stage(("statue", 22, 30))[:, ::-1]), state)
    assert all(one.track != 0 for one in seen)


def test_a_face_that_comes_in_is_seen_at_once():
    _, state = look(stage(("painting", 20, 30)), WatchState())
    seen, _ = look(stage(("painting", 22, 30), ("statue", 260, 40)), state)
    assert sorted(one.track for one in seen) == [0, 1]


@given(st.floats(1, 120), st.one_of(st.none(), st.integers(1, 10**6)))
def test_a_long_video_is_looked_at_less_often(fps, count):
    step = step_of(None, fps, count)
    assert step >= 1 and (count or 0) / step <= MOST_LOOKS
    if count is None or count <= 500:
        assert step == max(1, round(0.2 * fps))
    assert step_of(0, fps, count) == 1 and step_of(2, fps, count) == round(2 * fps)


@given(st.text(max_size=40), st.lists(st.text(max_size=5), max_size=3))
def test_names_are_safe_and_nobody_elses(name, others):
    path = Path("x") / (name.replace("/", "-").replace("\0", "") + ".mp4")
    taken: list[str] = []
    for _ in range(3):
        stem = stem_for(path, taken)
        assert stem.isascii() and stem.replace("-", "a").isalnum() and stem not in taken
        taken.append(stem)


def test_options_say_what_does_not_fit():
    with pytest.raises(InputError, match=r"--person '0,-1'.*such as 0,3; --size 5"):
        ExtractOptions(size=5, person="0,-1")
