"""How good a picture of a face is: how sharp, how much of it is in the picture, how it is lit."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.hull import hull_mask
from deepmeme.faces.shape import head_angles

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]

SIDE_PX = 128
"""Side at which sharpness is measured, whatever the size in the source."""
THUMB_PX = 16
"""Side of the small picture by which duplicates are told."""
_SCALES = 0.8, 1.6, 3.2, 6.4
_BLURRED, _SHARP = (0.28, 0.33), (0.52, 0.53)
_NOTHING = 1e-3
_RIM = np.ones((9, 9), np.uint8)


class Measures(NamedTuple):
    """What is measured of an aligned square."""

    sharpness: float
    """0 for a blurred face, 1 for a sharp one."""
    yaw_deg: float
    """Nose to the picture's right."""
    pitch_deg: float
    """Nose up."""
    inside: float
    """Share of the landmarks that lie in the picture."""
    thumb: Frame
    """(16, 16) grey."""


def measure(
    square: Frame, points: Points, names: Sequence[str], xy_px: Points, shape: Sequence[int]
) -> Measures:
    """Measure a face.

    Args:
        square: (n, n, 3) aligned square, cut from the source at 128 pixels or more.
        points: (k, 2) landmarks in it, [-1, 1] from edge to edge.
        names: what each of them is.
        xy_px: (k, 2) the same in the source's pixels.
        shape: of the source's picture, (h, w, ...).
    """
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY)
    sized = cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    thumb = cv2.resize(grey, (THUMB_PX, THUMB_PX), interpolation=cv2.INTER_AREA)
    yaw, pitch, _ = head_angles(points[None], names)[0]
    within = np.all((xy_px >= 0) & (xy_px <= (shape[1], shape[0])), axis=1)
    return Measures(
        sharpness(np.asarray(sized, np.uint8), hull_mask(points, names, SIDE_PX)),
        float(yaw),
        float(-pitch),
        float(within.mean()),
        np.asarray(thumb, np.uint8),
    )


def sharpness(grey: Frame, mask: Frame) -> float:
    """0 to 1: how sharp a face is at 128 pixels, across and down, whichever is less.

    In a sharp picture each octave of detail is nearly as strong as the next coarser one; blur takes
    the finest first. The two ratios among the three finest octaves do not depend on contrast, skin
    or light. On photographs, paintings, renderings and videos saved as JPEG the product that comes
    out is 0.8 to 1, with a Gaussian blur of 1 pixel 0.4 to 0.9, of 2 pixels 0.1 to 0.5, of 3 pixels
    0.03 to 0.2 and beyond that near 0; a blur along one axis, as by movement, counts as much.

    Args:
        grey: (128, 128) aligned square.
        mask: (128, 128) 255 where the face is.
    """
    weight = cv2.erode(mask, _RIM).astype(np.float32)
    total = float(weight.sum())
    if total <= 0:
        return 0.0
    pixels, share = grey.astype(np.float32), weight / total
    found = np.min([_ratios(pixels, share, across) for across in (0, 1)], axis=0)
    parts = (found - np.array(_BLURRED)) / np.subtract(_SHARP, _BLURRED)
    return float(np.prod(np.clip(parts, 0, 1)))


def _ratios(grey: NDArray[np.float32], weight: NDArray[np.float32], across: int) -> list[float]:
    """Strength of each octave along one axis over that of the next coarser one, finest first."""
    still = np.ones((1, 1))
    levels = []
    for sigma in _SCALES:
        kernel = cv2.getGaussianKernel(int(sigma * 6) | 1, sigma)
        x, y = (kernel, still) if across else (still, kernel)
        levels.append(cv2.sepFilter2D(grey, -1, x, y))
    strong = [float(np.sqrt((np.square(a - b) * weight).sum())) for a, b in pairwise(levels)]
    return [fine / coarse if coarse > _NOTHING else 0.0 for fine, coarse in pairwise(strong)]
