"""Everything that cannot work says why, names the file, exits with 2 and leaves nothing behind."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pipelines.drawn import dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.studio import Studio, frames_of


def _cut(path: Path, num_bytes: int) -> None:
    path.write_bytes(path.read_bytes()[:num_bytes])


def _truncated(path: Path) -> None:
    _cut(write_video(path, dots_clip(30, side=64)), path.stat().st_size // 2)


def _no_frames(path: Path) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()


BAD_DRIVERS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("this is no video\n" * 50),
    "truncated": _truncated,
    "no-frames": _no_frames,
    "one-frame": lambda path: write_video(path, dots_clip(1, side=64)),
    "noise": lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000)),
    "empty-folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("kind", BAD_DRIVERS)
def test_bad_driving_videos(studio: Studio, kind: str) -> None:
    path = studio.folder / f"{kind}.mp4"
    BAD_DRIVERS[kind](path)
    message = studio.refused("animate", "me.png", path.name, "-o", "x.mp4")
    assert path.name in message
    assert "fault in deepmeme" not in message


BAD_SOURCES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no picture\n" * 50),
    "one-pixel": lambda path: Image.new("RGB", (1, 1)).save(path),
    "truncated": lambda path: _cut(write_picture(path, dots_picture()), 90),
    "video": lambda path: write_video(path.with_suffix(".mp4"), dots_clip(side=64)).rename(path),
    "folder": lambda path: path.mkdir(),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_SOURCES)
def test_bad_sources(studio: Studio, kind: str) -> None:
    path = studio.folder / f"{kind}.png"
    BAD_SOURCES[kind](path)
    message = studio.refused("animate", path.name, "dance.mp4", "-o", "x.mp4")
    assert path.name in message
    assert "fault in deepmeme" not in message


def test_a_picture_of_12000_by_9000_is_taken_or_refused_with_a_word(studio: Studio) -> None:
    path = studio.folder / "huge.png"
    Image.new("1", (12000, 9000), 1).save(path, compress_level=1)
    code, _, err = studio.run("animate", path, "dance.mp4", "-o", "x.mp4", "--end", "0.3")
    if code == 0:
        assert frames_of(studio.folder / "x.mp4")
    else:
        assert code == 2 and "huge.png" in err and "12000" in err


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "P", "L", "LA", "1", "animated"])
def test_unusual_pictures_work(studio: Studio, mode: str) -> None:
    plain = Image.fromarray(dots_picture(64, 64))
    path = studio.folder / "odd.png"
    if mode == "CMYK":
        path = path.with_suffix(".jpg")
        plain.convert("CMYK").save(path)
    elif mode == "I;16":
        Image.fromarray(np.full((64, 64), 30000, np.uint16)).save(path)
    elif mode == "animated":
        path = path.with_suffix(".gif")
        plain.save(path, save_all=True, append_images=[plain.rotate(90)], duration=100)
    else:
        plain.convert(mode).save(path)
    studio.animate(source=path)
    assert len(frames_of(studio.out)) == 12


def test_output_equal_to_an_input(studio: Studio) -> None:
    for name in ("dance.mp4", str(studio.driving)):
        message = studio.refused("animate", "me.png", "dance.mp4", "-y", "-o", name)
        assert "dance.mp4" in message and "-o" in message
    os.symlink(studio.driving, studio.folder / "link.mp4")
    assert "link.mp4" in studio.refused("animate", "me.png", "dance.mp4", "-y", "-o", "link.mp4")


def test_a_result_is_not_overwritten_unasked(studio: Studio) -> None:
    studio.out.write_bytes(b"precious")
    message = studio.refused("animate", "me.png", "dance.mp4", "-o", "out.mp4")
    assert "out.mp4" in message and "-y" in message
    assert studio.out.read_bytes() == b"precious"


def test_unwritable_folder(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = studio.folder / "locked"
    folder.mkdir()
    if os.access(folder, os.W_OK) and os.getuid() == 0:  # root may write anywhere
        real = os.access
        monkeypatch.setattr(
            os, "access", lambda path, mode: Path(path) != folder and real(path, mode)
        )
    else:
        folder.chmod(0o500)
    message = studio.refused("animate", "me.png", "dance.mp4", "-o", folder / "x.mp4")
    assert "x.mp4" in message and "permission" in message


def test_a_file_where_a_folder_is_needed(studio: Studio) -> None:
    message = studio.refused("animate", "me.png", "dance.mp4", "-o", "me.png/x.mp4")
    assert "me.png" in message and "folder" in message


def test_full_disk(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepmeme.media.encode.segments import SegmentEncoder

    def no_space(self: object, frame: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SegmentEncoder, "add", no_space)
    message = studio.refused("animate", "me.png", "dance.mp4", "-o", "x.mp4")
    assert "x.mp4" in message and "disk is full" in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--multiplier", "9"), "--multiplier 9.0: expected a number from 0 to 5"),
        (("--smooth", "2", "--loop", "0"), "--loop 0: expected a number from 1 to 100"),
        (("--layout", "circle"), "expected one of auto, result, side-by-side, grid"),
        (("--max-size", "tiny"), "a size like 8MB"),
        (("--max-size", "8MB"), "gif and webp"),
        (("--start", "2", "--end", "1"), "--end 1 is not after --start 2"),
        (("--start", "99"), "dance.mp4"),
        (("--crop", "1,2,3"), "x,y,width,height"),
        (("--crop", "50,50,40,40"), "64x64"),
        (("--no-crop", "--face", "2"), "leave out --no-crop"),
        (("--anchor", "12"), "has 12 frames"),
        (("--anchor", "first"), "number of a driving frame"),
        (("--no-mouth",), "--no-mouth needs a model"),
        (("--part", "nose"), "one of whole, pose, expression"),
        (("--audio", "gone.mp3"), "gone.mp3"),
        (("--audio", "me.png"), "me.png"),
        (("--background", "greenish"), "#rrggbb"),
        (("--speed", "fast"), "--speed"),
        (("--sped", "2"), "--sped"),
    ],
)
def test_options_that_do_not_fit(studio: Studio, words: tuple[str, ...], said: str) -> None:
    assert said in studio.refused("animate", "me.png", "dance.mp4", "-o", "x.mp4", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("animate", "me.png"), "Only one file was given"),
        (("animate",), "animate"),
        (("anmate", "me.png", "dance.mp4"), "anmate"),
        (("animate", "me.png", "dance.mp4", "-o", "x.avi"), ".mp4"),
        (("animate", "me.png", "dance.mp4", "-o", "x.jpg"), "x.jpg"),
        (("animate", "dance.mp4", "me.png", "-o", "x.mp4"), "a source is a picture"),
    ],
)
def test_commands_that_do_not_fit(studio: Studio, words: tuple[str, ...], said: str) -> None:
    assert said in studio.refused(*words)


def test_a_fault_of_ours_says_so(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(studio.engine, "encode", fail)
    code, _, err = studio.run("animate", "me.png", "dance.mp4", "-o", "x.mp4")
    assert code == 1 and "fault in deepmeme" in err and "boom" in err and "--debug" in err
