"""The face kit: a head as a linear space of identities and expressions (USC ICT-FaceKit, light).

Kit axes: x to the person's left (the picture's right when they face us), y up, z towards the
viewer; centimetres. The kit's file is never part of the package: it is found by the argument, by
``DEEPMEME_FACE_KIT``, or in the folder ``../shared/data``.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepmeme.errors import InputError

Array = NDArray[np.float32]

KIT_FILE = "ict_facekit.npz"
ENVIRONMENT_VARIABLE = "DEEPMEME_FACE_KIT"

PARTS: dict[str, slice] = {
    "face": slice(0, 9409),
    "neck": slice(9409, 11248),
    "mouth": slice(11248, 13294),
    "eye_sockets": slice(13294, 14062),
    "gums": slice(14062, 17039),
    "teeth": slice(17039, 21451),
    "eye_l": slice(21451, 23021),
    "eye_r": slice(23021, 24591),
    "eye_l_outer": slice(21451, 22221),
    "eye_r_outer": slice(23021, 23791),
}
"""Vertex ranges of the kit. An eye is an outer ball followed by an inner one with the iris."""

LANDMARKS_68 = (
    *(1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966),
    *(3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443),
    *(268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509),
    *(978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360),
    *(1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732),
    *(5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841),
    *(5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966),
)
"""Vertex of each Multi-PIE landmark, in the order of ``LANDMARK_NAMES``."""

LANDMARK_NAMES = (
    *(f"jaw_{i}" for i in range(17)),
    *(f"brow_r_{i}" for i in range(5)),
    *(f"brow_l_{i}" for i in range(5)),
    *(f"nose_{i}" for i in range(9)),
    *(f"eye_r_{i}" for i in range(6)),
    *(f"eye_l_{i}" for i in range(6)),
    *(f"lip_outer_{i}" for i in range(12)),
    *(f"lip_inner_{i}" for i in range(8)),
)
"""Right and left are the person's: ``eye_r`` is on the picture's left side."""

FURTHER_POINTS: dict[str, tuple[float, float, float]] = {
    "forehead_r": (-4.0, 9.0, 9.2),
    "forehead": (0.0, 9.4, 10.6),
    "forehead_l": (4.0, 9.0, 9.2),
    "crown": (0.0, 14.5, -0.5),
    "ear_r": (-8.9, 2.2, -0.8),
    "ear_l": (8.9, 2.2, -0.8),
    "neck_r": (-5.5, -13.0, -0.5),
    "neck_l": (5.5, -13.0, -0.5),
    "neck_front": (0.0, -13.5, 4.0),
}
"""Places on the neutral head; the nearest vertex of the skin is the keypoint."""

KEYPOINT_NAMES = (*LANDMARK_NAMES, "iris_r", "iris_l", *FURTHER_POINTS)


class Camera(NamedTuple):
    """Where the head lands in the picture. ``distance`` is in cm; infinite is no perspective."""

    scale: float = 0.065  # units of [-1, 1] per cm at the pivot's depth
    translation: tuple[float, float] = (0.0, 0.0)  # of the pivot in [-1, 1], x right, y down
    distance: float = float("inf")


@dataclass(frozen=True, eq=False)
class FaceKit:
    """Neutral head, its modes, and the tables that name its places. All arrays are read-only."""

    neutral: Array  # (v, 3)
    triangles: NDArray[np.int32]  # (t, 3)
    uv: Array  # (u, 2); whole part of u = tile
    uv_triangles: NDArray[np.int32]  # (t, 3) into uv
    identity: Array  # (i, 3v)
    expression: Array  # (e, 3v)
    expression_names: tuple[str, ...]
    parts: dict[str, slice]
    landmarks: NDArray[np.int32]  # (68,)
    keypoint_vertices: tuple[NDArray[np.int32], ...]  # the keypoint is the mean of these
    pivot: Array  # (3,) the head turns about this place

    def base(self, identity: Array) -> Array:
        """(v, 3): the neutral face of one person; keep it and pass it to ``shape`` for speed."""
        weights = np.ascontiguousarray(identity, np.float32)
        person: Array = (self.neutral.ravel() + weights @ self.identity).reshape(-1, 3)
        return person

    def shape(self, identity: Array, expression: Array, *, base: Array | None = None) -> Array:
        """(v, 3) in cm: a person (coefficients ~ N(0, 1)) with an expression (0..1 each)."""
        start = self.base(identity) if base is None else base
        active = np.flatnonzero(np.asarray(expression))
        vertices = start.astype(np.float32, copy=True)
        if active.size:
            _add_modes(
                vertices.reshape(-1),
                self.expression,
                active,
                np.ascontiguousarray(expression, np.float32),
            )
        return vertices

    def look(self, vertices: Array, gaze: Array) -> Array:
        """Turn both eyeballs; ``gaze`` = (2,) or (2, 2) degrees (right, up) for (eye_r, eye_l).

        To the right means to the picture's right of a person who faces us.
        """
        angles = np.broadcast_to(np.asarray(gaze, np.float32), (2, 2))
        turned: Array = vertices.copy()
        for part, (right, up) in zip(("eye_r", "eye_l"), angles, strict=True):
            where = self.parts[part]
            centre = (vertices[where].min(0) + vertices[where].max(0)) / 2
            turn = rotation_matrix(float(right), float(up), 0.0)
            turned[where] = (vertices[where] - centre) @ turn.T + centre
        return turned

    def expression_weights(self, named: dict[str, float]) -> Array:
        """(e,) from names; a name without _L/_R sets both sides.

        Raises:
            InputError: no such mode.
        """
        weights = np.zeros(len(self.expression_names), np.float32)
        for name, value in named.items():
            hits = [i for i, n in enumerate(self.expression_names) if n in (name, *_sides(name))]
            if not hits:
                raise InputError(f"The face kit has no expression {name!r}")
            weights[hits] = value
        return weights

    def keypoints_px(self, xy_px: Array) -> Array:
        """(k, 2): the places of ``KEYPOINT_NAMES`` among projected vertices (v, 2)."""
        places = [xy_px[ids].mean(0) for ids in self.keypoint_vertices]
        return np.stack(places).astype(np.float32, copy=False)


def _sides(name: str) -> tuple[str, str]:
    return f"{name}_L", f"{name}_R"


def find_face_kit(path: Path | str | None = None) -> Path:
    """The kit's file: the argument (file or folder), the environment, or ../shared/data.

    Raises:
        InputError: not there.
    """
    asked = path or os.environ.get(ENVIRONMENT_VARIABLE) or Path("..", "shared", "data")
    found = Path(asked)
    found = found / KIT_FILE if found.is_dir() else found
    if not found.is_file():
        raise InputError(
            f"No face kit at {found}. Give its path, or set {ENVIRONMENT_VARIABLE} to the "
            f"{KIT_FILE} made from USC ICT-FaceKit (light)."
        )
    return found


def load_face_kit(path: Path | str | None = None) -> FaceKit:
    """Read the kit (see ``find_face_kit``). About 60 MB in memory."""
    with np.load(find_face_kit(path), allow_pickle=False) as kit:
        return build_face_kit(
            neutral=kit["neutral"],
            triangles=kit["triangles"],
            uv=kit["uv"],
            uv_triangles=kit["uv_triangles"],
            identity=kit["identity"],
            expression=kit["expression"],
            expression_names=tuple(str(name) for name in kit["expression_names"]),
        )


def build_face_kit(
    *,
    neutral: Array,
    triangles: NDArray[np.int32],
    uv: Array,
    uv_triangles: NDArray[np.int32],
    identity: Array,
    expression: Array,
    expression_names: tuple[str, ...],
    parts: dict[str, slice] | None = None,
    landmarks: tuple[int, ...] = LANDMARKS_68,
) -> FaceKit:
    """A kit from its arrays; modes are (n, v, 3)."""
    parts = parts or PARTS
    neutral = np.ascontiguousarray(neutral, np.float32)
    return FaceKit(
        neutral=neutral,
        triangles=np.ascontiguousarray(triangles, np.int32),
        uv=np.ascontiguousarray(uv, np.float32),
        uv_triangles=np.ascontiguousarray(uv_triangles, np.int32),
        identity=np.ascontiguousarray(identity.reshape(len(identity), -1), np.float32),
        expression=np.ascontiguousarray(expression.reshape(len(expression), -1), np.float32),
        expression_names=expression_names,
        parts=parts,
        landmarks=np.array(landmarks, np.int32),
        keypoint_vertices=_keypoint_vertices(neutral, parts, landmarks),
        pivot=np.array([0.0, -4.0, -1.5], np.float32),
    )


def _keypoint_vertices(
    neutral: Array, parts: dict[str, slice], landmarks: tuple[int, ...]
) -> tuple[NDArray[np.int32], ...]:
    places = [np.array([vertex], np.int32) for vertex in landmarks]
    for part in ("eye_r_outer", "eye_l_outer"):
        ids = np.arange(parts[part].start, parts[part].stop)
        foremost = ids[np.argsort(-neutral[ids, 2])[:12]]
        places.append(foremost.astype(np.int32))
    skin = np.r_[parts["face"], parts["neck"]]
    for place in FURTHER_POINTS.values():
        gap = np.square(neutral[skin] - np.array(place, np.float32)).sum(1)
        places.append(skin[[int(gap.argmin())]].astype(np.int32))
    return tuple(places)


def rotation_matrix(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3) in the kit's axes, degrees. Positive turns: nose to the picture's right, nose up,
    and clockwise in the picture. Roll is applied last, so that it is always in the picture."""
    a, b, c = np.deg2rad([yaw, -pitch, -roll])
    turn_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    turn_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turn: Array = (turn_z @ turn_x @ turn_y).astype(np.float32)
    return turn


def project(
    vertices: Array, rotation: Array, camera: Camera, size: int, *, pivot: Array
) -> tuple[Array, Array]:
    """Turn about ``pivot`` and project: ``xy_px`` (v, 2) in a square of ``size``, depth (v,) in cm.

    Smaller depth is nearer. With a finite ``camera.distance`` the nose grows as in a photograph.
    """
    return view((vertices - pivot) @ rotation.T, camera, size)


def view(turned: Array, camera: Camera, size: int) -> tuple[Array, Array]:
    """Project places that are already turned, relative to the pivot (cm)."""
    scale = np.float32(camera.scale)
    zoom: NDArray[np.float32] | np.float32 = scale
    if np.isfinite(camera.distance):
        zoom = scale * camera.distance / (camera.distance - turned[:, 2:3])
    xy = turned[:, :2] * np.array([1, -1], np.float32) * zoom + np.array(
        camera.translation, np.float32
    )
    return ((xy + 1) * np.float32((size - 1) / 2)).astype(np.float32), -turned[:, 2]


def vertex_normals(vertices: Array, triangles: NDArray[np.int32]) -> Array:
    """(v, 3) of unit length, weighted by area; zero for a vertex without a triangle."""
    normals: Array = _normals(np.ascontiguousarray(vertices, np.float32), triangles)
    return normals


@njit(cache=True, nogil=True)
def _add_modes(flat, modes, active, weights):  # type: ignore[no-untyped-def]
    for n in range(active.shape[0]):
        mode = active[n]
        weight = weights[mode]
        for i in range(flat.shape[0]):
            flat[i] += weight * modes[mode, i]


@njit(cache=True, nogil=True)
def _normals(vertices, triangles):  # type: ignore[no-untyped-def]
    normals = np.zeros_like(vertices)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, vx = vertices[b, 0] - vertices[a, 0], vertices[c, 0] - vertices[a, 0]
        uy, vy = vertices[b, 1] - vertices[a, 1], vertices[c, 1] - vertices[a, 1]
        uz, vz = vertices[b, 2] - vertices[a, 2], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            normals[corner, 0] += nx
            normals[corner, 1] += ny
            normals[corner, 2] += nz
    for i in range(normals.shape[0]):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[i, 0] /= length
            normals[i, 1] /= length
            normals[i, 2] /= length
    return normals
