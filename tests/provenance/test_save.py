"""Rendered.save: every format plays back what was rendered, and plays everywhere."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.provenance.seal import save_picture
from tests.media.drawn import psnr, scenes
from tests.media.properties import examples
from tests.provenance.results import (
    EVERY_NAME,
    RECORD,
    VIDEOS,
    left_in,
    rendered,
    smooth_scene,
    with_sidecar,
)


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_format_plays_back_what_was_rendered(tmp_path, name):
    frames = [smooth_scene(i) for i in range(12)]
    seen = []
    saved = rendered(frames).save(tmp_path / name, on_frame=seen.append)
    assert left_in(tmp_path) == with_sidecar(name), "nothing else is left"
    assert seen == list(range(1, 13))
    assert (saved.num_frames, saved.resumed_at, saved.reduced) == (12, 0, "")
    assert saved.seconds == pytest.approx(0.48)
    clip = open_clip(saved.path, fps=25)
    read = list(clip)
    assert (len(read), clip.width, clip.height) == (12, 64, 48)
    floor = {"a.gif": 28, "a.webp": 32}.get(name, 35)
    assert min(psnr(a, b) for a, b in zip(frames, read, strict=True)) > floor


@pytest.mark.parametrize("name", ["a.apng", "a.png", "a"])
def test_but_for_the_watermark_png_loses_nothing(tmp_path, research, name):
    frames = [smooth_scene(i) for i in range(12)]
    read = list(open_clip(rendered(frames).save(tmp_path / name).path))
    assert all(np.array_equal(a, b) for a, b in zip(frames, read, strict=True))


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_plays_everywhere(tmp_path, name):
    rendered([smooth_scene(i, 63, 47) for i in range(5)]).save(tmp_path / name)
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        frame = next(container.decode(stream))
        assert context.name == ("vp9" if name == "a.webm" else "h264")
        assert context.pix_fmt == "yuv420p"
        assert (frame.width, frame.height) == (64, 48), "odd sides grow by one"
        tagged = (context.color_primaries, context.color_trc, context.colorspace)
        assert [int(value) for value in tagged] == [1, 1, 1], "BT.709"
        assert int(context.color_range) == 1, "limited"
        assert stream.average_rate == 25


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_the_index_stands_before_the_pictures(tmp_path, name):
    encoded = (rendered(scenes(5)).save(tmp_path / name)).path.read_bytes()
    assert 0 < encoded.index(b"moov") < encoded.index(b"mdat")


def test_an_odd_picture_keeps_its_own_pixels(tmp_path):
    frames = [smooth_scene(i, 63, 47) for i in range(3)]
    read = list(open_clip(rendered(frames).save(tmp_path / "a.mp4", quality=100).path))
    assert read[0].shape == (48, 64, 3)
    assert psnr(read[1][:47, :63], frames[1]) > 38
    assert np.abs(read[1][47].astype(int) - read[1][46]).mean() < 4, "the edge is repeated"


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_pure_colours_come_back_pure(tmp_path, name, colour):
    flat = np.zeros((32, 32, 3), np.uint8)
    flat[:] = colour
    rendered([flat] * 2).save(tmp_path / name)
    assert np.abs(next(iter(open_clip(tmp_path / name))).astype(int) - flat).max() <= 4


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mkv", "a.gif", "a.webp", "a.apng"])
@pytest.mark.parametrize("fps", [Fraction(24000, 1001), 10, 30])
def test_frame_count_and_playing_time_are_exact(tmp_path, name, fps):
    frames = scenes(33, 32, 32)
    path = rendered(frames, fps=fps).save(tmp_path / name).path
    if name.endswith(("mp4", "webm", "mkv")):
        assert open_clip(path).fps == fps
        with av.open(str(path)) as container:
            times = [float(f.pts * f.time_base) for f in container.decode(video=0)]
        assert np.allclose(times, [i / float(fps) for i in range(33)], atol=0.0006)
        return
    with Image.open(path) as image:
        spans = []
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            spans.append(image.info["duration"])
    tolerance = 20 if name == "a.gif" else 3  # GIF counts in hundredths
    assert len(spans) == 33
    assert sum(spans) == pytest.approx(33_000 / float(fps), abs=tolerance)


@examples(12)
@given(
    count=st.integers(1, 30),
    width=st.integers(16, 40),
    height=st.integers(16, 40),
    fps=st.sampled_from([Fraction(2), Fraction(5), Fraction(25), Fraction(30000, 1001)]),
    name=st.sampled_from(["a.mp4", "a.webm", "a.apng", "a.mkv"]),
)
def test_any_count_size_and_rate_comes_back(tmp_path, count, width, height, fps, name):
    """Also where a segment of two seconds ends with one frame, or exactly."""
    frames = [smooth_scene(i, width, height) for i in range(count)]
    path = tmp_path / name
    saved = rendered(frames, fps=fps).save(path, quality=95)
    assert saved.num_frames == count
    if count == 1 and name == "a.apng":
        assert np.array_equal(read_image(path), frames[0])
        return
    clip = open_clip(path, fps=fps)
    read = [f[:height, :width] for f in clip]
    assert len(read) == count
    assert min(psnr(a, b) for a, b in zip(frames, read, strict=True)) > 33


@pytest.mark.parametrize(("loop", "times"), [(True, 0), (False, 1)])
def test_animations_loop_or_play_once(tmp_path, loop, times):
    for name in ("a.gif", "a.webp", "a.apng"):
        path = rendered(scenes(4)).save(tmp_path / name, loop=loop).path
        with Image.open(path) as image:
            found = image.info.get("loop")
        assert found == (None if name == "a.gif" and not loop else times)


def test_a_gif_faster_than_players_play_drops_frames(tmp_path):
    saved = rendered(scenes(30), fps=60).save(tmp_path / "a.gif")
    assert "every 2nd frame" in saved.reduced
    with Image.open(saved.path) as image:
        assert image.n_frames == 15


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.webp"])
def test_a_still_is_saved(tmp_path, name):
    frame = smooth_scene(0)
    saved = save_picture(frame, tmp_path / name, RECORD)
    assert left_in(tmp_path) == [name]
    assert saved.bytes == (tmp_path / name).stat().st_size
    read = read_image(tmp_path / name)
    assert psnr(read, frame) > 34


def test_quality_buys_likeness_with_bytes(tmp_path):
    frames = scenes(10)
    low = rendered(frames).save(tmp_path / "low.mp4", quality=10)
    high = rendered(frames).save(tmp_path / "high.mp4", quality=100)
    assert low.bytes < high.bytes
    assert psnr(next(iter(open_clip(high.path))), frames[0]) > psnr(
        next(iter(open_clip(low.path))), frames[0]
    )
    with pytest.raises(InputError, match="quality of 101"):
        rendered(frames).save(tmp_path / "a.mp4", quality=101)


def test_equal_results_are_equal_files(tmp_path, research):
    for name in ("mp4", "webm", "mkv", "gif", "webp", "apng"):
        first = rendered(scenes(8)).save(tmp_path / f"a.{name}").path.read_bytes()
        assert first == rendered(scenes(8)).save(tmp_path / f"b.{name}").path.read_bytes()
