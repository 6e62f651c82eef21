"""What readers of the documentation are supposed to have: pictures, clips, models, a checkpoint."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.demo import asset
from deepmeme.weights.catalogue import BUNDLED
from tests.pipelines.drawn import Frame, write_video
from tests.pipelines.tiny_swap import write_swap
from tests.weights.published import published_tree, reference_yaml, save, tiny

SIDE = 128
FRAMES = 4

PICTURES = {
    "me.jpg": "painting.png", "mona.jpg": "painting.png", "painting.png": "painting.png",
    "cat.png": "cartoon.png", "cartoon.png": "cartoon.png", "statue.jpg": "statue.png",
    "robot.png": "statue.png", "picture.png": "painting.png", "tiger.png": "toon_tiger.png",
    "picture.jpg": "painting.png", "picture-from-somewhere.jpg": "cartoon.png",
}  # fmt: skip
"""Names in the texts, and which of our pictures stands for them."""

CLIPS = {
    "dance.mp4": "driver.mp4", "talk.mp4": "driver.mp4", "driving.mp4": "driver.mp4",
    "anna.mp4": "driver.mp4", "ben.mp4": "guest.mp4", "clip.mp4": "driver.mp4",
    "robot2.mp4": "guest.mp4", "goat.gif": "toon_goat.mp4",
}  # fmt: skip
"""The same of clips."""

MODELS = {
    "run/model": "toon",
    "RUN/model": "toon",
    "runs/toon/model": "toon",
    "my-gan": "gan",
    "my-vae": "vae",
}
"""Models that somebody trained, and which of ours stands for them."""


def frames_of(name: str, side: int = SIDE, count: int = FRAMES) -> list[Frame]:
    """The first moments of a clip that ships."""
    frames = [frame for frame, _ in zip(open_clip(asset(name)), range(count), strict=False)]
    return [cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA) for frame in frames]


def picture_of(name: str, side: int = SIDE) -> Frame:
    """A picture that ships."""
    return cv2.resize(read_image(asset(name)), (side, side), interpolation=cv2.INTER_AREA)


def supposed() -> dict[str, Any]:
    """Names that blocks of Python may use without saying where they come from."""
    return {
        "picture": picture_of("painting.png", 256),
        "driving_frames": frames_of("driver.mp4", 256),
        "show": lambda *_: None,
    }


def bring(text: str, folder: Path) -> None:
    """Put into ``folder`` what readers of ``text`` bring along."""
    for name, make in _things().items():
        if re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", text):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            make(folder / name)


def _things() -> dict[str, Callable[[Path], Any]]:
    made: dict[str, Callable[[Path], Any]] = {
        "vox-cpk.pth.tar": lambda path: save(path, published_tree(tiny("vox-256"))),
        "vox-256.yaml": lambda path: path.write_text(reference_yaml(tiny("vox-256"))),
        "pair": write_swap,
        "my-script.sh": Path.touch,
    }
    for name, ours in PICTURES.items():
        made[name] = lambda path, ours=ours: Image.fromarray(picture_of(ours)).save(path)
    for name, ours in CLIPS.items():
        made[name] = lambda path, ours=ours: _write_clip(path, frames_of(ours))
    for name, ours in MODELS.items():
        made[name] = lambda path, ours=ours: shutil.copytree(BUNDLED / ours, path)
    return made


def _write_clip(path: Path, frames: list[Frame]) -> None:
    if path.suffix == ".gif":
        first, *others = map(Image.fromarray, frames)
        first.save(path, save_all=True, append_images=others, duration=80)
    else:
        write_video(path, frames, sound=True)
