"""The driving sound stays with the pictures, to a frame."""

from fractions import Fraction

import av
import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.media.audio import SAMPLE_RATE, open_sound, read_sound
from deepmeme.media.clip import AudioSource
from deepmeme.media.video import open_clip
from deepmeme.provenance.seal import Rendered
from tests.media.drawn import grey, tone, write_sound, write_video
from tests.provenance.results import RECORD, rendered

FLASHES = (10, 35)


def click_and_flash(path, *, fps=25, count=60, codec="libx264", **more):
    """A video that flashes white for one frame at each of FLASHES, with a beep from then on."""
    frames = [grey(235 if i in FLASHES else 20) for i in range(count)]
    beeps = tone(count / fps, [i / fps for i in FLASHES])
    return write_video(path, frames, fps=fps, codec=codec, sound=beeps, **more)


def as_rendered(clip):
    """The clip as a result, as animate would hand it on."""
    return Rendered(
        clip.width, clip.height, clip.fps, None, clip.frames_from, RECORD, clip.audio
    )  # fmt: skip


def whole_sound(path, seconds):
    chunks = list(read_sound(open_sound(path), duration_s=seconds))
    return np.concatenate(chunks, axis=1)


def flashes_and_beeps(path):
    """When the picture flashes and when the sound starts, in seconds."""
    clip = open_clip(path)
    bright = [i / float(clip.fps) for i, f in enumerate(clip) if f.mean() > 128]
    wave = np.abs(whole_sound(path, clip.duration_s)).max(axis=0) > 0.1
    beeps = []
    for at in np.flatnonzero(wave) / SAMPLE_RATE:
        if not beeps or at > beeps[-1] + 0.2:
            beeps.append(float(at))
    return bright, beeps


@pytest.mark.parametrize("read", ["d.mp4", "d.mov", "d.mkv", "d.webm"])
@pytest.mark.parametrize("written", ["r.mp4", "r.mov", "r.mkv", "r.webm"])
def test_a_beep_stays_with_its_flash(tmp_path, read, written):
    codec = "libvpx-vp9" if read == "d.webm" else "libx264"
    driving = click_and_flash(tmp_path / read, codec=codec)
    saved = as_rendered(open_clip(driving)).save(tmp_path / written)
    bright, beeps = flashes_and_beeps(saved.path)
    assert bright == pytest.approx([0.4, 1.4])
    assert beeps == pytest.approx(bright, abs=0.010)


@pytest.mark.parametrize("start", [0.2, 0.36, 1.0])
def test_a_trimmed_clip_keeps_in_step(tmp_path, start):
    clip = open_clip(click_and_flash(tmp_path / "d.mp4")).trim(start, 2.0)
    saved = as_rendered(clip).save(tmp_path / "r.mp4")
    bright, beeps = flashes_and_beeps(saved.path)
    assert bright == pytest.approx([t - start for t in (0.4, 1.4) if t >= start])
    assert beeps == pytest.approx(bright, abs=0.010)


def test_another_rate_keeps_in_step(tmp_path):
    clip = open_clip(click_and_flash(tmp_path / "d.mp4"), fps=50)
    bright, beeps = flashes_and_beeps(as_rendered(clip).save(tmp_path / "r.mp4").path)
    assert bright == pytest.approx([0.4, 0.42, 1.4, 1.42])
    assert beeps == pytest.approx(bright[::2], abs=0.010)


def test_sound_that_starts_later_than_the_pictures(tmp_path):
    """And pictures that start later than the sound."""
    beeps = tone(1.0, [0.5])
    frames = [grey(235 if i == 15 else 20) for i in range(30)]
    early = write_video(tmp_path / "d.mkv", frames, sound=beeps, sound_at_s=0.1)
    found = flashes_and_beeps(as_rendered(open_clip(early)).save(tmp_path / "r.mp4").path)
    assert found == (pytest.approx([0.6]), pytest.approx([0.6], abs=0.010))
    late = write_video(
        tmp_path / "e.mkv", frames, times_ms=[200 + 40 * i for i in range(30)], sound=tone(2, [0.8])
    )
    found = flashes_and_beeps(as_rendered(open_clip(late, fps=25)).save(tmp_path / "s.mp4").path)
    assert found == (pytest.approx([0.6]), pytest.approx([0.6], abs=0.010))


@pytest.mark.parametrize("seconds", [0.3, 2.0, 5.0])
@pytest.mark.parametrize("name", ["r.mp4", "r.webm"])
def test_another_sound_of_any_length_ends_with_the_pictures(tmp_path, seconds, name):
    sound = write_sound(tmp_path / "s.wav", tone(seconds, [0.1]))
    saved = rendered([grey(20)] * 50, audio=open_sound(sound)).save(tmp_path / name)
    with av.open(str(saved.path)) as container:
        lasts = float(container.duration / 1_000_000)
    assert lasts == pytest.approx(2.0, abs=0.05)
    wave = whole_sound(saved.path, 2)
    assert np.argmax(np.abs(wave[0]) > 0.1) / SAMPLE_RATE == pytest.approx(0.1, abs=0.010)
    if seconds < 1:
        assert np.abs(wave[:, SAMPLE_RATE:]).max() < 0.01, "silence after the sound"


@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".m4a", ".ogg", ".flac", ".mp4"])
def test_sound_files_of_every_kind(tmp_path, suffix):
    path = write_sound(tmp_path / f"s{suffix}", tone(1.0, [0.5]))
    wave = whole_sound(path, 1.5)
    assert wave.shape == (2, round(1.5 * SAMPLE_RATE))
    assert np.argmax(np.abs(wave[0]) > 0.1) / SAMPLE_RATE == pytest.approx(0.5, abs=0.030)


@pytest.mark.parametrize(("rate", "layout"), [(8000, "mono"), (44100, "stereo"), (48000, "5.1")])
def test_any_rate_and_number_of_channels(tmp_path, rate, layout):
    path = write_sound(tmp_path / "s.wav", tone(1.0, [0.5]), rate=rate, layout=layout)
    wave = whole_sound(path, 1)
    assert wave.shape == (2, SAMPLE_RATE)
    assert np.argmax(np.abs(wave[0]) > 0.1) / SAMPLE_RATE == pytest.approx(0.5, abs=0.005)


def test_a_stretch_can_be_read_from_far_in(tmp_path):
    """Past the point from where the reader seeks."""
    path = write_sound(tmp_path / "s.m4a", tone(12.0, [10.0]))
    source = AudioSource(path, start_s=9.5, duration_s=1.0)
    wave = np.concatenate(list(read_sound(source, duration_s=Fraction(2))), axis=1)
    assert np.argmax(np.abs(wave[0]) > 0.1) / SAMPLE_RATE == pytest.approx(0.5, abs=0.03)
    assert np.abs(wave[:, SAMPLE_RATE + 100 :]).max() == 0, "nothing beyond its own duration"


@pytest.mark.parametrize("suffix", [".mka", ".m4a"])
def test_a_gap_in_the_sound_is_silence_and_what_follows_keeps_its_time(tmp_path, suffix):
    whole = tone(2.0, [0.1, 0.6, 1.4])
    path = write_sound(tmp_path / f"s{suffix}", whole, gap_s=(0.4, 1.0))
    wave = np.abs(whole_sound(path, 2)).max(axis=0) > 0.1
    assert np.argmax(wave) / SAMPLE_RATE == pytest.approx(0.1, abs=0.03)
    assert not wave[round(0.5 * SAMPLE_RATE) : round(0.95 * SAMPLE_RATE)].any()
    later = np.argmax(wave[SAMPLE_RATE:]) / SAMPLE_RATE + 1
    assert later == pytest.approx(1.4, abs=0.03)


def test_sound_that_changes_its_kind_midway(tmp_path):
    """Radio recordings go from stereo to mono and back."""
    parts = [("stereo", 48_000), ("mono", 48_000), ("stereo", 44_100)]
    joined = b""
    for layout, rate in parts:
        part = write_sound(tmp_path / "part.mp3", tone(1.0, [0.5]), layout=layout, rate=rate)
        joined += part.read_bytes()
    (tmp_path / "s.mp3").write_bytes(joined)
    wave = whole_sound(tmp_path / "s.mp3", 3)
    assert wave.shape == (2, 3 * SAMPLE_RATE)
    loud = np.abs(wave).max(axis=0) > 0.1
    for second in range(3):
        part = loud[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE]
        assert 0.4 < np.argmax(part) / SAMPLE_RATE < 0.7


def test_no_sound_is_said(tmp_path):
    silent = write_video(tmp_path / "a.mp4", [grey(1)] * 3)
    with pytest.raises(InputError, match=r"a\.mp4 \(mp4\) holds no sound.*mp3"):
        open_sound(silent)
    text = tmp_path / "b.mp3"
    text.write_text("not a sound at all")
    with pytest.raises(InputError, match="text file"):
        open_sound(text)


@pytest.mark.parametrize("name", ["r.gif", "r.webp", "r.apng", "r"])
def test_formats_without_sound_leave_it_out(tmp_path, name):
    clip = open_clip(click_and_flash(tmp_path / "d.mp4", count=12))
    assert as_rendered(clip).save(tmp_path / name).num_frames == 12
