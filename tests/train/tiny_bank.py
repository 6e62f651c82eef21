"""A bank of discs with dots for faces: moved by known shifts, so that all labels are exact."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from deepmeme.data.bank import BankShape

NAMES = (
    *("eye_r_0", "eye_r_1", "eye_r_2", "eye_r_3", "eye_r_4", "eye_r_5"),
    *("eye_l_0", "eye_l_1", "eye_l_2", "eye_l_3", "eye_l_4", "eye_l_5"),
    *(f"lip_outer_{i}" for i in range(12)),
    *(f"lip_inner_{i}" for i in range(8)),
    *("nose_0", "nose_3", "jaw_0", "jaw_8", "jaw_16", "iris_r", "iris_l"),
)


def write_bank(folder: Path, *, groups: int = 3, frames: int = 2, size: int = 64) -> Path:
    """Write it whole; frames of a group differ by a shift of the disc and its dots."""
    rng = np.random.default_rng(3)
    count, k = groups * frames, len(NAMES)
    line = np.linspace(-1, 1, size, dtype=np.float32)
    fine = np.stack(np.meshgrid(line, line), -1)
    coarse_line = np.linspace(-1, 1, 64, dtype=np.float32)
    coarse = np.stack(np.meshgrid(coarse_line, coarse_line), -1)
    pictures = np.empty((count, size, size, 3), np.uint8)
    xy = np.empty((count, k, 2), np.float32)
    mask = np.empty((count, 64, 64), np.uint8)
    flow = np.empty((count, frames, 64, 64, 2), np.float16)
    shifts = rng.uniform(-0.15, 0.15, (count, 1, 2)).astype(np.float32)
    for group in range(groups):
        face = rng.uniform(-0.5, 0.5, (k, 2)).astype(np.float32)
        colours = rng.integers(60, 255, (k, 3))
        for row in range(group * frames, (group + 1) * frames):
            xy[row] = face + shifts[row]
            inside = np.linalg.norm(fine - shifts[row], axis=-1) < 0.7
            pictures[row] = np.where(inside[..., None], 150, 40)
            for (x, y), colour in zip((xy[row] + 1) * (size - 1) / 2, colours, strict=True):
                pictures[row, round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2] = colour
            mask[row] = 255 * (np.linalg.norm(coarse - shifts[row], axis=-1) < 0.7)
            for slot in range(frames):
                moved = coarse - shifts[row] + shifts[group * frames + slot]
                flow[row, slot] = np.where(mask[row][..., None] > 0, moved, coarse)
    folder.mkdir(parents=True)
    arrays = {
        "frames": pictures, "keypoints": xy, "visible": np.ones((count, k), bool),
        "group": np.repeat(np.arange(groups, dtype=np.int32), frames), "mask": mask, "flow": flow,
        "flow_visible": np.full((count, frames, 64, 8), 255, np.uint8),
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    shape = BankShape(groups, groups, frames, size, NAMES, "discs")
    (folder / "bank.json").write_text(json.dumps(asdict(shape)))
    return folder
