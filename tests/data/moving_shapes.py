"""Videos of a bar with a head that swings and wanders over a background; known places."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Frames = NDArray[np.uint8]


def moving_figure(
    seed: int, *, frames: int = 8, size: int = 32
) -> tuple[Frames, NDArray[np.float32]]:
    """(t, size, size, 3) and where the figure's middle is, (t, 2) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    line = np.linspace(-1, 1, size, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    phase = rng.uniform(0, 6.3, 3)
    time = np.linspace(0, 6.3, frames, endpoint=False)
    middle = 0.5 * np.stack([np.sin(time + phase[0]), np.sin(2 * time + phase[1])], -1)
    angle = 0.8 * np.sin(time + phase[2])
    bar, head, low, high = rng.uniform(0, 1, (4, 3))
    ground = low * 0.5 + (high - low) * 0.25 * (x[..., None] + y[..., None] * rng.uniform(-1, 1))
    out = np.empty((frames, size, size, 3), np.float32)
    for t, ((cx, cy), turn) in enumerate(zip(middle, angle, strict=True)):
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = -(x - cx) * np.sin(turn) + (y - cy) * np.cos(turn)
        within = np.clip(1 + size * (0.12 - np.maximum(abs(u), abs(v) / 3)) / 2, 0, 1)[..., None]
        top = np.clip(1 + size * (0.2 - np.hypot(u, v + 0.36)) / 2, 0, 1)[..., None]
        figure = ground * (1 - within) + (0.5 + 0.5 * bar) * within
        out[t] = figure * (1 - top) + (0.5 + 0.5 * head) * top
    return (out.clip(0, 1) * 255).astype(np.uint8), middle.astype(np.float32)


def write_folder(folder: Path, frames: Frames) -> Path:
    """A video as a folder of PNG frames."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number:07d}.png")
    return folder


def write_strip(path: Path, frames: Frames) -> Path:
    """A video as one wide picture."""
    Image.fromarray(np.concatenate(list(frames), 1)).save(path)
    return path


def write_gif(path: Path, frames: Frames) -> Path:
    """A video as a GIF."""
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(path, save_all=True, append_images=rest, duration=100)
    return path
