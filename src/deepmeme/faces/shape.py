"""Where the named keypoints of an average face lie in space.

From the neutral mesh of the ICT FaceKit (Li et al. 2020, MIT licence), at the 68 landmarks of
Sagonas et al. 2013 and a few more. It only serves to tell how deep a keypoint lies, which one
picture can't. Right and left are the person's: ``eye_r`` lies on the picture's left.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Thousandths of the distance between the eyes' centres: x right and y down in the picture, z
# towards the viewer; the picture's left half, from which the other follows by a mirror.
_JAW = (
    (-1131, -520, -1209),
    (-1117, -184, -1168),
    (-1065, 116, -1074),
    (-1007, 407, -976),
    (-879, 734, -830),
    (-661, 998, -642),
    (-468, 1106, -424),
    (-236, 1159, -193),
    (0, 1207, -169),
)
_BROW = (
    (-893, -753, -556),
    (-757, -873, -390),
    (-582, -916, -261),
    (-371, -906, -161),
    (-180, -862, -123),
)
_NOSE_BRIDGE = ((0, -530, -122), (0, -360, -2), (0, -203, 119), (0, -18, 236))
_NOSE_BASE = ((-192, 221, -101), (-92, 219, -17), (0, 230, 5))
_EYE = (
    (-685, -482, -449),
    (-594, -550, -333),
    (-427, -560, -307),
    (-283, -455, -358),
    (-419, -429, -325),
    (-592, -427, -353),
)
_IRIS = (-496, -512, -289)
_FOREHEAD = ((-558, -1318, -402), (0, -1345, -258))
_CROWN = (0, -2181, -1846)
_EAR = (-1318, -273, -1914)
_NECK = (-987, 1956, -1792)
_NECK_FRONT = (0, 2085, -1174)
_PIVOT = (0, 659, -2001)
_LIP_OUTER_UPPER = ((-389, 585, -206), (-261, 471, -48), (-112, 417, 31), (0, 426, 47))
_LIP_OUTER_LOWER = ((-277, 668, -97), (-159, 705, -22), (0, 717, 3))
_LIP_INNER_UPPER = ((-339, 581, -215), (-153, 551, -68), (0, 555, -38))
_LIP_INNER_LOWER = ((-164, 564, -75), (0, 567, -43))

_LOOSE = re.compile(r"neck|ear|crown")  # often hidden by hair and cloth
FEWEST_RIGID = 6
_RIGID = re.compile(r"nose_\d+|eye_[lr]_[03]|jaw_(0|1|2|14|15|16)|forehead(_[lr])?")


def average_face() -> dict[str, tuple[float, float, float]]:
    """(x, y, z) of each keypoint name, in distances between the eyes' centres."""
    outer = [*_both(_LIP_OUTER_UPPER), *reversed(_both(_LIP_OUTER_LOWER))]
    inner = [*_both(_LIP_INNER_UPPER), *reversed(_both(_LIP_INNER_LOWER))]
    other_eye = [_turned(_EYE[(3 - index) % 6]) for index in range(6)]
    groups = {
        "jaw": _both(_JAW),
        "brow_r": list(_BROW),
        "brow_l": [_turned(point) for point in reversed(_BROW)],
        "nose": [*_NOSE_BRIDGE, *_both(_NOSE_BASE)],
        "eye_r": list(_EYE),
        "eye_l": other_eye,
        "lip_outer": outer,
        "lip_inner": inner,
    }
    points = {
        f"{group}_{i}": point for group, ring in groups.items() for i, point in enumerate(ring)
    }
    sided = {"iris": _IRIS, "forehead": _FOREHEAD[0], "ear": _EAR, "neck": _NECK}
    for name, point in sided.items():
        points |= {f"{name}_r": point, f"{name}_l": _turned(point)}
    points |= {"forehead": _FOREHEAD[1], "crown": _CROWN, "neck_front": _NECK_FRONT}
    return {name: (x / 1000, y / 1000, z / 1000) for name, (x, y, z) in points.items()}


def rigid_rows(names: Sequence[str]) -> NDArray[np.int64]:
    """Which keypoints only the skull moves: nose, eye corners, forehead, jaw at the ears."""
    rows = [index for index, name in enumerate(names) if _RIGID.fullmatch(name)]
    return np.asarray(rows, dtype=np.int64)


def is_face(names: Sequence[str]) -> bool:
    """Whether enough keypoints are known parts of a skull to tell how a head is held."""
    return len(rigid_rows(names)) >= FEWEST_RIGID


def in_space(xy: Points, names: Sequence[str]) -> Points:
    """Points (k, 2) with how far each lies towards the viewer, (k, 3), in the unit of ``xy``.

    Measured from where the skull sits on the neck. Fits the average face to the rigid points under
    scaled orthographic projection and reads the depths off; keypoints that the average face doesn't
    have lie as deep as the middle of the rigid ones.
    """
    average, rigid = average_face(), rigid_rows(names)
    shape = np.array([average.get(name, (np.nan, np.nan, np.nan)) for name in names])
    middle = shape[rigid].mean(axis=0)
    right, down = _cameras(xy[None], names)[0]
    size = (np.linalg.norm(right) + np.linalg.norm(down)) / 2
    towards = np.cross(right, down) / max(float(size), 1e-9)
    if towards[2] < 0:  # seen in a mirror; a face looks at the viewer
        towards = -towards
    depth = np.nan_to_num((shape - middle) @ towards)
    pivot = np.stack([right, down, towards]) @ (np.array(_PIVOT) / 1000 - middle)
    pivot[:2] += xy[rigid].mean(axis=0)
    return np.asarray(np.column_stack([xy, depth]) - pivot)


class AverageFit(NamedTuple):
    """The average face laid over keypoints by an affine camera."""

    misfit: float
    """RMS distance of keypoints of the head from it, in distances of the eyes."""
    middle: tuple[float, float]
    """Of the rigid keypoints."""
    camera_sizes: tuple[float, float]
    """Distance of the eyes as the camera's two axes draw it; alike for a face."""
    roll_deg: float
    """Clockwise."""


def fit_average(xy: Points, names: Sequence[str]) -> AverageFit:
    """How well and how the average face lies over the keypoints (k, 2) of one frame."""
    rows, shape, rigid, _ = _laid_out(tuple(names))
    seen = xy[rows] - xy[rows].mean(axis=0)
    camera, *_ = np.linalg.lstsq(shape, seen, rcond=None)
    sizes = np.maximum(np.linalg.svd(camera, compute_uv=False), 1e-9)
    apart = np.sqrt(np.square(seen - shape @ camera).sum(axis=1).mean())
    middle = xy[rigid].mean(axis=0)
    return AverageFit(
        float(apart / sizes.mean()),
        (float(middle[0]), float(middle[1])),
        (float(sizes[0]), float(sizes[1])),
        float(head_angles(xy[None], names)[0, 2]),
    )


def head_rotations(xy: Points, names: Sequence[str]) -> Points:
    """How the heads in n frames (n, k, 2) are held, as rotation matrices (n, 3, 3).

    They take the average face, which looks straight at the viewer, to the picture's axes: x right,
    y down, z to the viewer. Proportions unlike the average's show as a few degrees.
    """
    cameras = _cameras(xy, names)
    # The closest pair of rows that stand square on each other and are as long as each other.
    left, _, right = np.linalg.svd(cameras, full_matrices=False)
    rows = left @ right
    third = np.cross(rows[:, 0], rows[:, 1])
    return np.concatenate([rows, third[:, None]], axis=1)


def head_angles(xy: Points, names: Sequence[str]) -> Points:
    """(n, 3) yaw, pitch and roll in degrees of heads (n, k, 2).

    Positive: nose to the picture's right, nose down, clockwise.
    """
    turns = head_rotations(xy, names)
    yaw = np.arctan2(-turns[:, 2, 0], turns[:, 2, 2])
    pitch = np.arcsin(np.clip(-turns[:, 2, 1], -1, 1))
    roll = np.arctan2(-turns[:, 0, 1], turns[:, 1, 1])
    return np.asarray(np.rad2deg(np.stack([yaw, pitch, roll], axis=1)))


def _cameras(xy: Points, names: Sequence[str]) -> Points:
    """(n, 2, 3) linear maps from the average face to the rigid points of (n, k, 2)."""
    _, _, rigid, towards_camera = _laid_out(tuple(names))
    seen = xy[:, rigid] - xy[:, rigid].mean(axis=1, keepdims=True)
    return np.asarray((towards_camera @ seen).transpose(0, 2, 1))


@lru_cache(maxsize=8)
def _laid_out(
    names: tuple[str, ...],
) -> tuple[NDArray[np.int64], Points, NDArray[np.int64], Points]:
    """What of the fit depends on the names alone, as it took half a millisecond a face.

    Rows of the head's keypoints and the average's places there, centred; rows of the rigid ones and
    the pseudoinverse of the average's places there, centred.
    """
    average, rigid = average_face(), rigid_rows(names)
    head = [row for row, name in enumerate(names) if name in average and not _LOOSE.match(name)]
    shape, hard = (np.array([average[names[row]] for row in rows]) for rows in (head, rigid))
    inverse = np.linalg.pinv(hard - hard.mean(axis=0))
    return np.array(head, np.int64), shape - shape.mean(axis=0), rigid, inverse


def _both(half: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """A row that ends on the middle line, with its mirror image."""
    return [*half, *(_turned(point) for point in reversed(half[:-1]))]


def _turned(point: tuple[int, int, int]) -> tuple[int, int, int]:
    return -point[0], point[1], point[2]
