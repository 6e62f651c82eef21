"""Faces followed through a video: who goes on with whom, what is filled in, what is calmed."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import cv2
import numpy as np
import pytest

from deepmeme.faces.crop import Crop
from deepmeme.pipelines.swap.smoothing import calm_points
from deepmeme.pipelines.swap.tracks import LOST_S, Track, Tracked, Tracker, calm, watch
from tests.faces.drawn import scene

Frame = np.ndarray
FPS = 25.0
WIDTH, HEIGHT = 240, 180


@lru_cache(maxsize=4)
def one_face() -> Frame:
    return scene(WIDTH, HEIGHT, ((100.0, 90.0, 100.0),))


@lru_cache(maxsize=4)
def two_faces() -> Frame:
    return scene(WIDTH, HEIGHT, ((65.0, 90.0, 100.0), (180.0, 90.0, 75.0)))


@lru_cache(maxsize=4)
def nobody() -> Frame:
    return scene(WIDTH, HEIGHT)


def moved(frame: Frame, x: float, y: float = 0.0) -> Frame:
    shift = np.float64([[1, 0, x], [0, 1, y]])
    return cv2.warpAffine(frame, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)


def followed(frames: Sequence[Frame]) -> Tracked:
    return watch(frames, Tracker(FPS), lambda done, faces: None)


def test_a_face_that_moves_is_one_track() -> None:
    places = [3.0 * i for i in range(12)]
    tracked = followed([moved(one_face(), x) for x in places])
    (track,) = tracked.tracks
    assert (track.first, track.last, track.seen, tracked.frames) == (0, 11, 12, 12)
    middles = [track.at(i).crop.centre_x for i in range(12)]
    np.testing.assert_allclose(np.diff(middles), 3.0, atol=0.8)
    assert track.at(12) is None and track.at(-1) is None


def test_two_faces_are_two_tracks_and_never_change_places() -> None:
    tracked = followed([moved(two_faces(), 2.0 * i) for i in range(8)])
    left, right = sorted(tracked.tracks, key=lambda t: t.at(0).crop.centre_x)
    for index in range(8):
        gap = right.at(index).crop.centre_x - left.at(index).crop.centre_x
        assert gap == pytest.approx(115, abs=6)
    assert left.weight > right.weight and left.overlaps(right)


def test_a_face_lost_for_a_moment_is_filled_in() -> None:
    frames = [moved(one_face(), 2.0 * i) for i in range(14)]
    for frame in frames[5:9]:
        frame[45:145, 60:175] = 110  # somebody's hand
    (track,) = followed(frames).tracks
    assert (track.first, track.last, track.seen) == (0, 13, 10)
    middles = [track.at(i).crop.centre_x for i in range(14)]
    np.testing.assert_allclose(np.diff(middles), 2.0, atol=0.9)


def test_a_face_lost_for_long_comes_back_as_another_track() -> None:
    away = int(LOST_S * FPS) + 3
    frames = [one_face()] * 6 + [nobody()] * away + [one_face()] * 6
    first, second = sorted(followed(frames).tracks, key=lambda t: t.first)
    assert (first.first, first.last) == (0, 5)
    assert (second.first, second.last) == (6 + away, 11 + away)
    assert not first.overlaps(second)


def test_a_scene_cut_ends_a_track_though_the_face_is_near() -> None:
    other = np.ascontiguousarray(255 - scene(WIDTH, HEIGHT, seed=5))
    box = (slice(20, 160), slice(40, 160))
    other[box] = moved(one_face(), 10.0)[box]
    tracked = followed([one_face()] * 6 + [other] * 6)
    assert tracked.shots == 2
    assert [(t.first, t.last, t.shot) for t in tracked.tracks] == [(0, 5, 0), (6, 11, 1)]


def test_fast_motion_and_a_slow_fade_are_no_cuts() -> None:
    frames = [moved(one_face(), 14.0 * abs(i % 6 - 3)) for i in range(12)]
    frames += [np.clip(one_face() * (1 - 0.05 * i), 0, 255).astype(np.uint8) for i in range(10)]
    assert followed(frames).shots == 1


def test_each_track_is_looked_at_now_and_then() -> None:
    looks: list[int] = []

    def look(number: int, frame: Frame, crop: Crop) -> None:
        assert frame.shape == (HEIGHT, WIDTH, 3) and crop.found_face
        looks.append(number)

    tracker = Tracker(FPS, look=look)
    watch([two_faces()] * 5, tracker, lambda done, faces: None)
    assert sorted(looks) == [0, 0, 1, 1]


def track_of(points: np.ndarray) -> Track:
    return Track(0, 0, 0, ("any",) * points.shape[1], points.astype(np.float32), len(points))


def path(shape: Callable[[np.ndarray], np.ndarray], noise: float = 0.0, count: int = 80) -> Track:
    """Thirty points over 100 pixels that move together by ``shape(seconds)`` pixels to the right,
    each with tremble, half of it in common."""
    random = np.random.default_rng(0)
    face = random.uniform(0, 100, (30, 2))
    shift = np.stack([shape(np.arange(count) / FPS), np.zeros(count)], 1)[:, None]
    tremble = random.normal(0, noise, (count, 1, 2)) + random.normal(0, noise, (count, 30, 2))
    return track_of(face + shift + tremble)


def jitter(track: Track) -> float:
    """RMS of second differences of the middle, in pixels."""
    middle = track.points.mean(axis=1)
    return float(np.sqrt(np.square(np.diff(middle, 2, axis=0)).sum(axis=1).mean()))


def off(track: Track, truth: Track) -> np.ndarray:
    return np.linalg.norm((track.points - truth.points).mean(axis=1), axis=1)


def test_a_face_at_rest_trembles_far_less() -> None:
    noisy = path(lambda t: 3 * t, noise=0.3)
    assert jitter(calm(noisy, FPS, 0.5)) < 0.3 * jitter(noisy)
    assert jitter(calm(noisy, FPS, 1.0)) < jitter(calm(noisy, FPS, 0.2)) < jitter(noisy)
    np.testing.assert_array_equal(calm(noisy, FPS, 0.0).points, noisy.points)


def test_calming_has_no_lag_and_keeps_a_fast_turn() -> None:
    def jerk(t: np.ndarray) -> np.ndarray:
        return np.interp(t, [1.2, 1.36], [0, 60])

    def nod(t: np.ndarray) -> np.ndarray:
        return 15 * np.sin(2 * np.pi * t)

    for shape in (jerk, nod):
        truth, noisy = path(shape), path(shape, noise=0.3)
        for amount in (0.3, 0.5):
            steady = off(calm(noisy, FPS, amount), truth)
            assert steady.max() < 1.2, "of 60 pixels in four frames, and of a nod of 30"
            assert steady.mean() <= off(noisy, truth).mean() + 0.02


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_short_tracks_are_calmed_as_far_as_they_go(count: int) -> None:
    points = np.random.default_rng(0).uniform(0, 50, (count, 5, 2)).astype(np.float32)
    assert calm_points(points, FPS, 1.0).shape == points.shape


def test_the_last_and_first_frames_are_not_pulled_aside() -> None:
    truth = path(lambda t: 20 * t)
    np.testing.assert_allclose(calm(truth, FPS, 1.0).points, truth.points, atol=0.01)


def test_a_long_track_is_calmed_in_blocks_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = path(lambda t: 30 * np.sin(3 * t), noise=0.3, count=300)
    whole = calm(noisy, FPS, 0.7)
    monkeypatch.setattr("deepmeme.pipelines.swap.smoothing._BLOCK_ROWS", 64)
    np.testing.assert_allclose(calm(noisy, FPS, 0.7).points, whole.points, atol=1e-4)
