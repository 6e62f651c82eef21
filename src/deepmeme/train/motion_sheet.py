"""Contact sheets of motion models that find keypoints by themselves."""

import colorsys

import cv2
import torch.nn.functional as F
from torch import Tensor

from deepmeme.models.motion.generator import Rendering
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.nn.grid import move_picture
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture

MIN_CELL_PX = 128
"""Smaller frames are shown enlarged."""


def sheet_of(
    source: Tensor, driving: Tensor, at: Keypoints, to: Keypoints, rendering: Rendering
) -> Picture:
    """A row a pair: source and driving frame with keypoints, prediction, source warped, occlusion.

    The same keypoint has the same colour in both frames.
    """
    motion = rendering.motion
    warped = move_picture(source, motion.deformation)
    rows = []
    for row in range(len(source)):
        cells = [
            marked(enlarged(picture_of(source[row])), at.xy[row]),
            marked(enlarged(picture_of(driving[row])), to.xy[row]),
            enlarged(picture_of(rendering.prediction[row])),
            enlarged(picture_of(warped[row])),
        ]
        if motion.occlusion is not None:
            size = source.shape[2:]
            cells.append(
                enlarged(picture_of(F.interpolate(motion.occlusion[row][None], size=size)[0]))
            )
        rows.append(cells)
    return rows_of(rows)


def enlarged(picture: Picture) -> Picture:
    """Pixels doubled until the picture can be seen."""
    times = -(-MIN_CELL_PX // picture.shape[0])
    return picture.repeat(times, 0).repeat(times, 1)


def marked(picture: Picture, xy: Tensor) -> Picture:
    """A copy with discs at (k, 2) in [-1, 1], a colour each."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    points = xy.detach().float().cpu().tolist()
    for number, (x, y) in enumerate(points):
        shade = colorsys.hsv_to_rgb(0.9 * number / len(points), 1.0, 1.0)
        place = (round((x + 1) * (width - 1) / 2), round((y + 1) * (height - 1) / 2))
        radius = max(2, height // 40)
        cv2.circle(picture, place, radius + 1, (0, 0, 0), -1)
        cv2.circle(picture, place, radius, tuple(round(255 * part) for part in shade), -1)
    return picture
