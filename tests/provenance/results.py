"""Results to be saved, drawn for the tests, and a way to look into what was written."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from deepmeme.media.clip import AudioSource, Frame
from deepmeme.provenance.record import InputFile, Record
from deepmeme.provenance.seal import Rendered

RECORD = Record(task="animate", model="drawn", options={"smooth": 0.5}, version="1.2.3")

VIDEOS = ("a.mp4", "a.m4v", "a.mov", "a.mkv", "a.webm")
ANIMATIONS = ("a.gif", "a.webp", "a.apng", "a.png")
EVERY_NAME = (*VIDEOS, *ANIMATIONS, "a")


def smooth_scene(index: int, width: int = 64, height: int = 48) -> Frame:
    """Soft coloured waves that drift with ``index``: kind to chroma subsampling."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    t = index / 8
    waves = [
        np.sin(x / 17 + t) + np.cos(y / 19 - t),
        np.sin(x / 23 - t) * np.cos(y / 13),
        np.cos((x + y) / 29 + t),
    ]
    return np.stack([128 + 50 * w for w in waves], axis=-1).clip(0, 255).astype(np.uint8)


def rendered(
    frames: Sequence[Frame],
    *,
    fps: Fraction | int = 25,
    audio: AudioSource | None = None,
    record: Record = RECORD,
    on_open: Callable[[int], None] | None = None,
) -> Rendered:
    def frames_from(index: int) -> Iterator[Frame]:
        if on_open is not None:
            on_open(index)
        yield from frames[index:]

    height, width = frames[0].shape[:2]
    return Rendered(width, height, Fraction(fps), len(frames), frames_from, record, audio)


def interrupted_at(
    frames: Sequence[Frame], stop: int, error: BaseException, **more: object
) -> Rendered:
    """Like :func:`rendered`, but ``error`` comes in place of frame ``stop``."""
    whole = rendered(frames, **more)  # type: ignore[arg-type]

    def frames_from(index: int) -> Iterator[Frame]:
        for number in range(index, len(frames)):
            if number == stop:
                raise error
            yield frames[number]

    return Rendered(
        whole.width, whole.height, whole.fps, whole.num_frames, frames_from, whole.record,
        whole.audio,
    )  # fmt: skip


def record_of(path: Path) -> Record:
    """A record that names ``path`` as an input."""
    return Record(task="animate", inputs=(InputFile.read("driving", path),), version="1.2.3")


def with_sidecar(name: str) -> list[str]:
    """What saving under ``name`` leaves in the folder."""
    return [name, f"{name}.c2pa"] if name.endswith((".mkv", ".webm")) else [name]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
