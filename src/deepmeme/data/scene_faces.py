"""Heads cut out of banks, each with what a face finder has to say about it.

Places are pixels from the upper left corner: pixel (0, 0) covers (0, 0) to (1, 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import Bank
from deepmeme.data.pairs import HELD_OUT
from deepmeme.faces.crop import Crop
from deepmeme.faces.refine import face_from_landmarks
from deepmeme.models.motion.portrait_points import rows

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]

POINTS = ("right eye", "left eye", "nose", "right of the mouth", "left of the mouth")
"""The places a finder shows, right and left being the person's."""
MIRRORED = (1, 0, 2, 4, 3)
COLUMNS = 6 + 2 * len(POINTS)
"""A face's row: x, y, side of its box, downward unit vector x and y, weight, points."""
WEIGHT = 5
"""Column that is 1 for a face to be found, 0 for one that may be found or not."""
_MOST_MISFIT = 0.2
_STEEPER = np.clip((np.arange(256) - 150) * 2.4 + 128, 0, 255).astype(np.uint8)

_POINT_PARTS = (
    tuple(f"eye_r_{i}" for i in range(6)),
    tuple(f"eye_l_{i}" for i in range(6)),
    ("nose_3",),
    ("lip_outer_0",),
    ("lip_outer_6",),
)


@dataclass(frozen=True, eq=False)
class FaceBank:
    """A bank of heads and the faces in it."""

    bank: Bank
    faces: Array
    """(n, COLUMNS) in pixels of the frames."""
    chosen: NDArray[np.intp]
    """Frames to draw from."""

    def cut(self, frame: int, shrink: int = 1) -> Picture:
        """(size / shrink, size / shrink, 4): the frame, and the person's share of each pixel."""
        picture, mask = self.bank.frames[frame], self.bank.mask[frame]
        size = picture.shape[0] // shrink
        cut = np.empty((size, size, 4), np.uint8)
        if shrink > 1:
            picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        if size > mask.shape[0]:
            # The stored mask is small and soft: make its rim as narrow as the picture's own
            mask = cv2.LUT(cv2.resize(mask, (size, size)), _STEEPER)
        elif size < mask.shape[0]:
            mask = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)
        cut[..., :3], cut[..., 3] = picture, mask
        return cut


def open_faces(bank: Bank, *, held_out: bool = False) -> FaceBank:
    """The faces of a bank; one group in ``pairs.HELD_OUT`` is kept from training."""
    faces = faces_of(bank.keypoints, bank.shape.keypoint_names, bank.shape.size)
    kept = (bank.group % HELD_OUT == 0) == held_out
    return FaceBank(bank, faces, np.flatnonzero(kept & (faces[:, WEIGHT] > 0)))


def faces_of(keypoints: Array, names: Sequence[str], size: int) -> Array:
    """(n, COLUMNS) for keypoints (n, k, 2) in [-1, 1] of frames of ``size``.

    The box is that of ``faces.refine``: the average face is laid over the keypoints. Where it
    doesn't fit, the weight is 0.
    """
    crop = Crop(size / 2, size / 2, size)
    parts = [rows(names, part) for part in _POINT_PARTS]
    faces = np.zeros((len(keypoints), COLUMNS), np.float32)
    for row, xy in zip(faces, keypoints.astype(np.float64), strict=True):
        misfit, face = face_from_landmarks(xy, names, crop, size)
        lean = np.deg2rad(face.angle_deg)
        side = (face.box.width + face.box.height) / 2
        row[:6] = *face.box.centre, side, -np.sin(lean), np.cos(lean), misfit <= _MOST_MISFIT
        row[6:] = np.concatenate([(xy[part].mean(0) + 1) * (size - 1) / 2 + 0.5 for part in parts])
    return faces


def moved_faces(faces: Array, matrix: Array) -> Array:
    """Rows (n, COLUMNS) after the similarity ``matrix`` (2, 3), mirrored if that mirrors."""
    linear, offset = matrix[:, :2], matrix[:, 2]
    determinant = float(np.linalg.det(linear))
    ratio = np.float32(np.sqrt(abs(determinant)))
    moved = faces.copy()
    moved[:, :2] = faces[:, :2] @ linear.T + offset
    moved[:, 2] *= ratio
    moved[:, 3:5] = faces[:, 3:5] @ linear.T / ratio
    points = faces[:, 6:].reshape(len(faces), -1, 2)
    if determinant < 0:
        points = points[:, list(MIRRORED)]
    moved[:, 6:] = (points @ linear.T + offset).reshape(len(faces), -1)
    return np.asarray(moved, np.float32)
