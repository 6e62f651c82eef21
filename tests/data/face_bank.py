"""A bank of one drawn face before plain walls, with the average face's landmarks."""

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from deepmeme.data.bank import BankShape
from deepmeme.faces.shape import average_face
from tests.faces.drawn import drawn_face

NAMES = tuple(average_face())
EYES_APART = 0.42
"""In [-1, 1], as it is drawn."""


def write_face_bank(folder: Path, *, groups: int = 3, size: int = 128) -> Path:
    """Frames of a group are turned by a few degrees each."""
    rng = np.random.default_rng(4)
    frames, count = 2, groups * 2
    points = np.array([average_face()[name][:2] for name in NAMES])
    eyes = points[[NAMES.index("iris_r"), NAMES.index("iris_l")]].mean(axis=0)
    pictures = np.empty((count, size, size, 3), np.uint8)
    mask = np.empty((count, 64, 64), np.uint8)
    xy = np.empty((count, len(NAMES), 2), np.float32)
    for row in range(count):
        turn = np.deg2rad(rng.uniform(-15, 15))
        c, s = np.cos(turn), np.sin(turn)
        linear = np.array([[c, -s], [s, c]])
        # The drawing's eyes lie 84 apart about (200, 175) of 400
        ratio = EYES_APART * (size - 1) / 2 / 84
        middle = np.array([size / 2, 0.42 * size])
        matrix = np.column_stack([ratio * linear, middle - ratio * linear @ (200, 175)])
        drawn = cv2.warpAffine(drawn_face(), matrix, (size, size), flags=cv2.INTER_AREA)
        cover = drawn[..., 3:]
        wall = rng.uniform(30, 220, 3)
        pictures[row] = np.clip(wall * (1 - cover) + 255 * drawn[..., :3] * cover, 0, 255)
        mask[row] = cv2.resize(cover[..., 0] * 255, (64, 64), interpolation=cv2.INTER_AREA)
        px = (points - eyes) * EYES_APART * (size - 1) / 2 @ linear.T + middle
        xy[row] = px * 2 / (size - 1) - 1
    folder.mkdir(parents=True)
    shape = BankShape(groups, groups, frames, size, NAMES, "one drawn face")
    arrays = {
        "frames": pictures, "keypoints": xy, "visible": np.ones((count, len(NAMES)), bool),
        "group": np.repeat(np.arange(groups, dtype=np.int32), frames), "mask": mask,
        "flow": np.zeros((count, frames, 64, 64, 2), np.float16),
        "flow_visible": np.zeros((count, frames, 64, 8), np.uint8),
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "bank.json").write_text(json.dumps(asdict(shape)))
    return folder
