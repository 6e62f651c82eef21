"""Upright squares in which every face has its eyes, nose and mouth at the same places.

Five points (the middles of the eyes and of the nose, the mouth's corners) are laid upon those of
the average face by the similarity with the least squared error (Umeyama 1991). Each is the mean of
all the landmarks there that the jaw doesn't move: single ones tremble more. Turning, moving and
scaling is all that a :class:`Crop` does, so that is what comes out.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.crop import Crop
from deepmeme.faces.shape import average_face

Points = NDArray[np.float64]

SIDE = 2.9
"""Side of the square in distances of the average face's eyes: brows to chin, ear to ear."""
_MIDDLE = (0.0, 0.15)
"""Where the average face has the square's centre."""
_WIDER, _HIGHER = 1.55, 0.1
"""Side of a portrait over that of an aligned face, and how far its middle lies above."""
_FIVE = (
    tuple(f"eye_r_{i}" for i in range(6)),
    tuple(f"eye_l_{i}" for i in range(6)),
    tuple(f"nose_{i}" for i in range(9)),
    ("lip_outer_0", "lip_outer_1"),
    ("lip_outer_5", "lip_outer_6"),
)


def align_face(xy_px: Points, names: Sequence[str]) -> Crop:
    """The aligned square of a face.

    Args:
        xy_px: (k, 2) landmarks in picture pixels, (0, 0) being the upper left corner.
        names: what each of them is; those of the five points must be among them.

    Raises:
        InputError: landmarks are missing, not finite or all in one place.
    """
    five = five_points(xy_px, names)
    target = _template()
    here, there = five.mean(axis=0), target.mean(axis=0)
    away = five - here
    spread = float(np.square(away).sum())
    if not math.isfinite(spread) or spread <= 0:
        raise InputError(f"No face can be aligned by landmarks at {five.tolist()}.")
    wanted = target - there
    # The best similarity takes z = x + iy to a z + b: in the plane a complex least-squares fit
    a = complex(
        float((away * wanted).sum()),
        float((away[:, 0] * wanted[:, 1] - away[:, 1] * wanted[:, 0]).sum()),
    )
    if abs(a) <= 1e-12 * spread:
        raise InputError(f"No face can be aligned by landmarks at {five.tolist()}.")
    size, turn = spread / abs(a), -math.degrees(math.atan2(a.imag, a.real))
    lean = math.radians(turn)
    right, down = -there * size  # from the five points' middle to the square's, upright
    x = here[0] + right * math.cos(lean) - down * math.sin(lean)
    y = here[1] + right * math.sin(lean) + down * math.cos(lean)
    return Crop(float(x), float(y), SIDE * size, turn, found_face=True)


def portrait_crop(xy_px: Points, names: Sequence[str]) -> Crop:
    """The aligned face with its hair and the beginning of its shoulders.

    Raises:
        InputError: as :func:`align_face`.
    """
    face = align_face(xy_px, names)
    lean, up = math.radians(face.angle_deg), _HIGHER * face.side
    return Crop(
        face.centre_x + up * math.sin(lean), face.centre_y - up * math.cos(lean),
        _WIDER * face.side, face.angle_deg, found_face=True,
    )  # fmt: skip


def five_points(xy: Points, names: Sequence[str]) -> Points:
    """(5, 2): middles of the eyes, picture's left one first, of the nose, and the mouth's corners.

    Raises:
        InputError: one of them is not among ``names``.
    """
    places = {name: index for index, name in enumerate(names)}
    missing = sorted({name for group in _FIVE for name in group} - set(places))
    if missing:
        raise InputError(f"To align a face these landmarks are needed, too: {', '.join(missing)}.")
    rows = [np.asarray(xy)[[places[name] for name in group]].mean(axis=0) for group in _FIVE]
    return np.asarray(np.stack(rows), np.float64)


def in_square(xy_px: Points, crop: Crop) -> Points:
    """Picture points (k, 2) as places of the square: [-1, 1] from edge to edge."""
    unit = crop.matrix(1)  # the square is one pixel, whose index runs from -1/2 to 1/2
    return np.asarray(((np.asarray(xy_px) - 0.5) @ unit[:, :2].T + unit[:, 2]) * 2, np.float64)


def from_square(xy: Points, crop: Crop) -> Points:
    """Places of the square in [-1, 1] as picture points (k, 2)."""
    back = crop.inverse(1)
    return np.asarray((np.asarray(xy) / 2) @ back[:, :2].T + back[:, 2] + 0.5, np.float64)


@lru_cache(maxsize=1)
def _template() -> Points:
    """(5, 2) of the average face about the square's centre, in distances of the eyes."""
    face = average_face()
    points = np.array([face[name][:2] for name in face])
    return np.asarray(five_points(points, tuple(face)) - _MIDDLE, np.float64)
