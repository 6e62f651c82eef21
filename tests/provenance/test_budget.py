"""A size budget is kept, by giving up what is missed least, and it is said what."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError, OutputError
from deepmeme.media.encode.animations import Look
from deepmeme.media.encode.budget import looks
from deepmeme.media.video import open_clip
from deepmeme.provenance.found import read_marks
from tests.media.drawn import psnr, scenes
from tests.provenance.results import left_in, rendered, smooth_scene


def busy(count=16, side=96):
    """Frames that do not compress well."""
    rng = np.random.default_rng(5)
    grain = 8 * rng.integers(-1, 2, (count, side, side, 1))
    waves = np.stack([smooth_scene(3 * i, side, side) for i in range(count)])
    return list((waves + grain).clip(0, 255).astype(np.uint8) & 0xF8)


FRAMES = busy()


@pytest.mark.parametrize("name", ["r.gif", "r.webp"])
@pytest.mark.parametrize("share", [0.9, 0.6, 0.35])
def test_a_budget_is_kept(tmp_path, name, share):
    free = rendered(FRAMES).save(tmp_path / f"free-{name}")
    assert free.reduced == ""
    budget = int(free.bytes * share)
    saved = rendered(FRAMES).save(tmp_path / name, max_bytes=budget)
    assert saved.bytes == (tmp_path / name).stat().st_size <= budget
    assert saved.bytes > 0.25 * budget, "and it is used"
    assert saved.reduced
    assert read_marks(saved.path) is not None
    clip = open_clip(saved.path)
    assert (clip.num_frames or 0) / clip.fps == pytest.approx(16 / 25, abs=0.05)
    assert f"free-{name}" in left_in(tmp_path)
    assert len(left_in(tmp_path)) == 2


@pytest.mark.parametrize("name", ["r.gif", "r.webp"])
def test_a_generous_budget_changes_nothing(tmp_path, research, name):
    free = rendered(FRAMES).save(tmp_path / f"free-{name}")
    saved = rendered(FRAMES).save(tmp_path / name, max_bytes=free.bytes + 4000)
    assert (saved.reduced, saved.path.read_bytes()) == ("", free.path.read_bytes())


@pytest.mark.parametrize("name", ["r.gif", "r.webp"])
def test_an_impossible_budget_says_what_is_possible(tmp_path, name):
    with pytest.raises(
        OutputError, match=r"^2000 bytes are too few: the smallest possible is \d{4,} bytes"
    ):
        rendered(FRAMES).save(tmp_path / name, max_bytes=2000)
    assert left_in(tmp_path) == []


def test_a_budget_is_for_gif_and_webp(tmp_path):
    with pytest.raises(InputError, match="gif and webp, not for mp4"):
        rendered(FRAMES).save(tmp_path / "r.mp4", max_bytes=10_000)


def test_an_interrupted_budget_can_be_changed_without_rendering_again(tmp_path, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deepmeme.provenance.seal.fit", stop)
    with pytest.raises(Exception, match="Stopped"):
        rendered(FRAMES).save(tmp_path / "r.gif", max_bytes=60_000)
    monkeypatch.undo()
    saved = rendered(FRAMES).save(tmp_path / "r.gif", max_bytes=90_000, resume=True)
    assert (saved.resumed_at, saved.bytes <= 90_000) == (16, True)


@pytest.mark.parametrize("muxer", ["gif", "webp"])
@pytest.mark.parametrize("size", [(64, 64), (256, 256), (1920, 1080)])
@pytest.mark.parametrize("fps", [Fraction(10), Fraction(25), Fraction(50)])
def test_each_look_gives_up_more_than_the_one_before(muxer, size, fps):
    choices = looks(muxer, size, fps, start=Look())
    assert choices[0] == (Look(), "")
    weights = []
    for look, _ in choices:
        width, height = look.size(*size)
        weights.append((width * height / look.every, look.colours, look.quality))
        assert min(width, height) >= 48 or look == Look()
        assert fps / look.every >= 8
    for before, after in itertools.pairwise(weights):
        assert all(a <= b for a, b in zip(after, before, strict=True))
    assert len(set(choices)) == len(choices) >= 4


def test_a_gif_has_no_bands_and_does_not_crawl(tmp_path, research):
    """Soft gradients come back soft, and what stands still stays still."""
    still = smooth_scene(0, 128, 128)
    frames = []
    for index in range(10):
        frame = still.copy()
        frame[40:60, 8 * index : 8 * index + 20] = (250, 240, 60)
        frames.append(frame)
    path = rendered(frames).save(tmp_path / "r.gif").path
    read = list(open_clip(path))
    assert len(read) == 10
    assert all(np.array_equal(read[0][70:], f[70:]) for f in read), "no crawling grain"
    blurred = [np.asarray(Image.fromarray(f).reduce(4)) for f in (read[0], frames[0])]
    assert psnr(blurred[0], blurred[1]) > 36, "dithering keeps the local mean"


def test_a_gif_of_few_colours_keeps_them(tmp_path):
    frames = [np.zeros((32, 32, 3), np.uint8) for _ in range(4)]
    colours = [(255, 0, 0), (0, 128, 0), (12, 34, 56), (255, 255, 255)]
    for index, frame in enumerate(frames):
        for place, colour in enumerate(colours):
            frame[8 * ((place + index) % 4) :][:8] = colour
    read = list(open_clip(rendered(frames).save(tmp_path / "r.gif").path))
    worst = max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(frames, read, strict=True))
    assert worst <= 10  # the watermark is in it


def test_the_budget_holds_for_long_clips(tmp_path):
    saved = rendered(scenes(80), fps=20).save(tmp_path / "r.gif", max_bytes=30_000)
    assert saved.bytes <= 30_000
