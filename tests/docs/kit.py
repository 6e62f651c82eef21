"""What readers of the documentation are supposed to have: pictures, clips, models, a checkpoint."""

import re
import shutil
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.demo import asset
from deepmeme.weights.catalogue import BUNDLED
from tests.pipelines.drawn import Frame, write_video
from tests.pipelines.drawn import _write_beep as write_beep
from tests.pipelines.tiny_swap import write_swap
from tests.weights.published import published_tree, reference_yaml, save, tiny

SMALL_PX, LARGE_PX = 128, 576
"""Sides of pictures and clips: large where the text cuts squares out of them. Clips have sound
where it speaks of that."""

FRAMES = 4
"""Of a clip, one a second: few cost little, and they last long enough for `--start 0:02`."""

PICTURES = {
    "me.jpg": "painting.png", "mona.jpg": "painting.png", "painting.png": "painting.png",
    "cat.png": "cartoon.png", "cartoon.png": "cartoon.png", "statue.jpg": "statue.png",
    "robot.png": "statue.png", "picture.png": "painting.png", "tiger.png": "toon_tiger.png",
    "me.png": "painting.png", "you.jpg": "statue.png", "picture.jpg": "painting.png",
    "picture-from-somewhere.jpg": "cartoon.png",
}  # fmt: skip
"""Names in the texts, and which of our pictures stands for them."""

CLIPS = {
    "dance.mp4": "driver.mp4", "talk.mp4": "driver.mp4", "driving.mp4": "driver.mp4",
    "anna.mp4": "driver.mp4", "ben.mp4": "guest.mp4", "clip.mp4": "driver.mp4",
    "out.mp4": "guest.mp4", "me.mp4": "driver.mp4", "robot2.mp4": "guest.mp4",
    "goat.gif": "toon_goat.mp4",
}  # fmt: skip
"""The same of clips."""

MODELS = {
    "run/model": "toon", "RUN/model": "toon", "runs/toon/model": "toon", "my-gan": "gan",
    "my-vae": "vae",
}  # fmt: skip
"""Models that somebody trained, and which of ours stands for them."""


def frames_of(name: str, side: int) -> list[Frame]:
    """The first moments of a clip that ships."""
    return [_sized(frame, side) for frame in islice(open_clip(asset(name)), FRAMES)]


def picture_of(name: str, side: int) -> Frame:
    """A picture that ships."""
    return _sized(read_image(asset(name)), side)


def supposed() -> dict[str, Any]:
    """Names that blocks of Python may use without saying where they come from."""
    return {
        "picture": picture_of("painting.png", 256),
        "driving_frames": frames_of("driver.mp4", 256),
        "show": lambda *_: None,
    }


def bring(text: str, folder: Path) -> None:
    """Put into ``folder`` what readers of ``text`` bring along."""
    wanted = LARGE_PX if "--crop" in text else SMALL_PX, "--audio" in text
    for name in _makers(*wanted):
        if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", text):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            made = _made(name, *wanted)
            (shutil.copytree if made.is_dir() else shutil.copyfile)(made, folder / name)


_SHELF = TemporaryDirectory(prefix="deepmeme-docs-")


@cache
def _made(name: str, side: int, sound: bool) -> Path:
    """One of the things, on a shelf where it stays."""
    place = Path(_SHELF.name) / f"{side}-{sound}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    _makers(side, sound)[name](place)
    return place


def _makers(side: int, sound: bool) -> dict[str, Callable[[Path], Any]]:
    return {
        **{name: partial(_write_picture, ours, side) for name, ours in PICTURES.items()},
        **{name: partial(_write_clip, ours, side, sound) for name, ours in CLIPS.items()},
        **{name: partial(shutil.copytree, BUNDLED / ours) for name, ours in MODELS.items()},
        "group.jpg": partial(_write_group, side),
        "song.mp3": _write_song,
        "my-script.sh": Path.touch,
        "pair": write_swap,
        "me-and-you": write_swap,
        "vox-cpk.pth.tar": lambda path: save(path, published_tree(tiny("vox-256"))),
        "vox-256.yaml": lambda path: path.write_text(reference_yaml(tiny("vox-256"))),
    }


def _sized(frame: Frame, side: int) -> Frame:
    return cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)


def _write_picture(ours: str, side: int, path: Path) -> None:
    Image.fromarray(picture_of(ours, side)).save(path)


def _write_group(side: int, path: Path) -> None:
    people = [picture_of(name, side) for name in ("painting.png", "statue.png", "cartoon.png")]
    Image.fromarray(np.hstack(people)).save(path)


def _write_clip(ours: str, side: int, sound: bool, path: Path) -> None:
    frames = frames_of(ours, side)
    if path.suffix == ".gif":
        first, *others = map(Image.fromarray, frames)
        first.save(path, save_all=True, append_images=others, duration=1000)
    else:
        write_video(path, frames, fps=1, sound=sound)


def _write_song(path: Path) -> None:
    with av.open(str(path), "w") as container:
        write_beep(container, container.add_stream("mp3", rate=48_000), FRAMES)
