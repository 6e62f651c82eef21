"""Facesets of drawn faces: a disc with eyes and a mouth that opens, a colour for each person."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.faceset import MASKS, PICTURES, FaceRecord, write_index
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.shape import average_face

NAMES = tuple(average_face())
FACE = np.array([point[:2] for point in average_face().values()])
SIDE = 64


def drawn_face(colour: tuple[int, int, int], open_: float, turn: float) -> np.ndarray:
    """An aligned square; the mouth open by ``open_``, all shifted sideways by ``turn``."""
    picture = np.full((SIDE, SIDE, 3), 30, np.uint8)
    middle = (round(32 + 6 * turn), 34)
    cv2.ellipse(picture, middle, (20, 25), 0, 0, 360, colour, -1, cv2.LINE_AA)
    for x in (-9, 9):
        cv2.circle(picture, (middle[0] + x, 24), 3, (20, 20, 60), -1, cv2.LINE_AA)
    cv2.ellipse(
        picture,
        (middle[0], 46),
        (7, 1 + round(5 * open_)),
        0,
        0,
        360,
        (120, 10, 10),
        -1,
        cv2.LINE_AA,
    )
    return picture


def write_drawn(folder: Path, colour: tuple[int, int, int], count: int = 24, seed: int = 0) -> Path:
    """A faceset of one drawn person."""
    rng = np.random.default_rng(seed)
    crop = align_face(FACE * 22 + 32, NAMES)
    points = in_square(FACE * 22 + 32, crop)
    for name in (PICTURES, MASKS):
        (folder / name).mkdir(parents=True)
    records = []
    for number in range(count):
        open_, turn = rng.uniform(0, 1), rng.uniform(-1, 1)
        file = f"drawn_{number:06d}.png"
        Image.fromarray(drawn_face(colour, open_, turn)).save(folder / PICTURES / file)
        Image.fromarray(hull_mask(points, NAMES, SIDE)).save(folder / MASKS / file)
        records.append(
            FaceRecord(
                file,
                "drawn.mp4",
                number,
                crop,
                tuple((float(x), float(y)) for x, y in points),
                yaw_deg=20 * turn,
            )
        )
    write_index(folder, records, size_px=SIDE, names=NAMES)
    return folder
