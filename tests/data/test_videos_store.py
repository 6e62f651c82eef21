"""Frames of videos of every kind, prepared once, within a bound; and the pairs drawn from them."""

import logging
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.data import videos_store
from deepmeme.data.videos import Subject, open_videos
from deepmeme.data.videos_pairs import VideoPairs, far_pairs
from deepmeme.data.videos_store import FrameStore, fitted, keep_evenly
from deepmeme.errors import InputError
from tests.data.moving_shapes import (
    moving_figure,
    write_folder,
    write_gif,
    write_strip,
)
from tests.media.drawn import write_video

SIZE = (32, 32)


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    return FrameStore(tmp_path / "cache", SIZE)


def test_every_kind_of_video_gives_its_frames(tmp_path: Path, store: FrameStore) -> None:
    frames, _ = moving_figure(1)
    exact = (
        write_folder(tmp_path / "folder.mp4", frames),
        write_strip(tmp_path / "strip.png", frames),
    )
    for video in exact:
        np.testing.assert_array_equal(store.frames(video), frames)
    mp4 = tmp_path / "a.mp4"
    write_video(mp4, frames)
    for video in (write_gif(tmp_path / "a.gif", frames), mp4):
        found = np.asarray(store.frames(video))
        assert found.shape == frames.shape
        assert np.abs(found.astype(int) - frames).mean() < 12


def test_a_video_is_decoded_once_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, _ = moving_figure(1)
    strip = write_strip(tmp_path / "strip.png", frames)
    FrameStore(tmp_path / "cache", SIZE).frames(strip)
    read = videos_store.read_frames
    monkeypatch.setattr(videos_store, "read_frames", None)
    np.testing.assert_array_equal(FrameStore(tmp_path / "cache", SIZE).frames(strip), frames)
    monkeypatch.setattr(videos_store, "read_frames", read)
    write_strip(strip, frames[::-1])
    os.utime(strip, (1, 1))
    np.testing.assert_array_equal(FrameStore(tmp_path / "cache", SIZE).frames(strip), frames[::-1])
    other = FrameStore(tmp_path / "cache", (16, 16)).frames(strip)
    assert other[0].shape == (16, 16, 3)


def test_the_cache_keeps_to_its_bound(tmp_path: Path) -> None:
    frames, _ = moving_figure(1)
    strips = [write_strip(tmp_path / f"{i}.png", frames) for i in range(4)]
    store = FrameStore(tmp_path / "cache", SIZE, max_bytes=2 * frames.nbytes)
    for moment, strip in enumerate(strips):
        store.frames(strip)
        for file in (tmp_path / "cache").iterdir():  # age what is there by a second
            os.utime(file, (moment, file.stat().st_mtime - 1))
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == 2 and sum(file.stat().st_size for file in kept) == 2 * frames.nbytes
    folder = write_folder(tmp_path / "folder", frames)
    np.testing.assert_array_equal(store.frames(folder)[3], frames[3])
    assert sorted(kept) == sorted((tmp_path / "cache").iterdir())


def test_long_videos_are_thinned_evenly() -> None:
    frames = (np.full((1, 1, 3), i, np.uint8) for i in range(21))
    rows = np.zeros((6, 1, 1, 3), np.uint8)
    count = keep_evenly(frames, rows)
    assert rows[:count, 0, 0, 0].tolist() == [0, 4, 8, 12, 16, 20]


def test_frames_are_cut_to_the_aspect_not_squeezed() -> None:
    frame = np.zeros((40, 80, 3), np.uint8)
    frame[:, 20:60] = 200
    assert (fitted(frame, (32, 32)) == 200).all()
    assert fitted(frame, (20, 40)).shape == (20, 40, 3)


def test_what_is_no_video_is_named(tmp_path: Path, store: FrameStore) -> None:
    frames, _ = moving_figure(1)
    single = write_strip(tmp_path / "one.png", frames[:1])
    with pytest.raises(InputError, match=r"one\.png is 32 x 32 .*folder of their own"):
        store.frames(single)
    (tmp_path / "text.mp4").write_text("not a video at all, just words " * 5)
    with pytest.raises(InputError, match=r"text\.mp4 is a text file"):
        store.frames(tmp_path / "text.mp4")
    with pytest.raises(InputError, match="holds no pictures"):
        (tmp_path / "nothing").mkdir()
        store.frames(tmp_path / "nothing")
    with pytest.raises(InputError, match="holds 1 frame"):
        store.frames(write_folder(tmp_path / "short", frames[:1]))
    assert not list((tmp_path / "cache").iterdir())


@pytest.fixture
def subjects(tmp_path: Path) -> tuple[Subject, ...]:
    (tmp_path / "data").mkdir()
    for seed in range(3):
        write_strip(tmp_path / "data" / f"{seed}.png", moving_figure(seed)[0])
    folder = open_videos(tmp_path / "data")
    return folder.train + folder.test


def test_batches_are_a_pure_function(subjects: tuple[Subject, ...], store: FrameStore) -> None:
    pairs = VideoPairs(subjects, store, seed=5)
    batch = pairs.batch(7, 4)
    assert batch.shape == (4, 2, 32, 32, 3) and batch.dtype == torch.uint8
    again = VideoPairs(subjects, store, seed=5)
    again.batch(2, 4)
    assert torch.equal(again.batch(7, 4), batch)
    assert not torch.equal(VideoPairs(subjects, store, seed=6).batch(7, 4), batch)
    halves = torch.cat([again.batch(14, 2), again.batch(15, 2)])
    assert torch.equal(halves, batch)


def test_a_pair_is_of_one_video_earlier_frame_first(
    subjects: tuple[Subject, ...], store: FrameStore
) -> None:
    pairs = VideoPairs(subjects, store, seed=0)
    videos = [np.asarray(store.frames(subject.videos[0])) for subject in subjects]
    seen = []
    for index in range(6):
        source, driving = pairs.pair(index).numpy()
        places = [
            [t for t, frame in enumerate(video) if np.array_equal(frame, part)]
            for video in videos
            for part in (source, driving)
        ]
        (video,) = [i for i in range(3) if places[2 * i]]
        assert places[2 * video][0] < places[2 * video + 1][0]
        seen.append(video)
    assert sorted(seen[:3]) == sorted(seen[3:]) == [0, 1, 2]


def test_broken_videos_are_left_out_and_named(
    subjects: tuple[Subject, ...], store: FrameStore, caplog: pytest.LogCaptureFixture
) -> None:
    subjects[0].videos[0].write_bytes(b"\x89PNG\r\n\x1a\n broken")
    pairs = VideoPairs(subjects, store, seed=0)
    with caplog.at_level(logging.WARNING):
        first = pairs.batch(0, 9)
    assert len(caplog.records) == 1 and subjects[0].name in caplog.text
    assert torch.equal(VideoPairs(subjects, store, seed=0).batch(0, 9), first)
    with pytest.raises(InputError, match=subjects[0].name):
        VideoPairs(subjects[:1], store, seed=0).batch(0, 1)


def test_pairs_to_look_at_are_far_apart(subjects: tuple[Subject, ...], store: FrameStore) -> None:
    shown, names = far_pairs(subjects, store, 2)
    assert names == tuple(subject.name for subject in subjects[:2])
    assert shown.shape == (2, 2, 32, 32, 3)
    first = np.asarray(store.frames(subjects[0].videos[0]))
    np.testing.assert_array_equal(shown[0, 0].numpy(), first[0])
    apart = np.abs(first.astype(int) - first[0]).mean((1, 2, 3))
    assert np.abs(shown[0, 1].numpy().astype(int) - first[0]).mean() == apart.max()
