"""What all portraits share: the kit as the fitting sees it, its seams, what lies inside."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from deepmeme.data.ict import FaceKit, vertex_normals
from deepmeme.data.portraits_fit import Floats
from deepmeme.data.portraits_sites import Head, Indices, Sites, edge_loop, landmark_weights

_UNFITTED = ("PupilDilate", "eyeLook")
_CONTOUR_SOFTNESS, _POINT_SOFTNESS = 2.0, 0.02  # of the residual's interpolation, cm


class Carrier(NamedTuple):
    """Things of the kit that every portrait needs, computed once."""

    kit: FaceKit
    head: Head
    sites: Sites
    residual: Floats  # (v, 468) residual at the landmarks -> offset at the vertices
    lids: tuple["Seam", "Seam"]  # eye_r, eye_l
    lips: "Seam"
    head_triangles: NDArray[np.int32]  # skin, then eyes, sockets, teeth, gums and mouth
    num_skin: int  # triangles of skin
    upper_teeth: Indices  # vertices


class Seam(NamedTuple):
    """Two edges of skin that meet when an eye or the mouth closes."""

    upper: Indices  # vertices from the picture's left to its right
    lower: Indices
    carried: Indices  # vertices that follow the edges
    upper_share: Floats  # (c, u) how much each upper edge vertex takes along; rows add up to <= 1
    lower_share: Floats  # (c, l)


def head_of(kit: FaceKit) -> Head:
    """The kit as the fitting sees it; gaze and pupils are left out."""
    expression = kit.expression.reshape(len(kit.expression), -1, 3).copy()
    for index, name in enumerate(kit.expression_names):
        if name.startswith(_UNFITTED):
            expression[index] = 0
    return Head(
        kit.neutral,
        kit.identity.reshape(len(kit.identity), -1, 3),
        expression,
        kit.triangles,
        kit.landmarks.astype(np.int64),
        kit.parts["face"].stop,
    )


def visible_skin(kit: FaceKit) -> Indices:
    """Face vertices that a viewer in front sees on the neutral head, without neck and ears."""
    face = np.arange(kit.parts["face"].start, kit.parts["face"].stop)
    points = kit.neutral[face]
    normals = vertex_normals(kit.neutral, kit.triangles)[face]
    tree = cKDTree(points[:, :2])
    near = tree.query_ball_point(points[:, :2], 0.2)
    hidden = np.array([points[q, 2].max() > p[2] + 0.6 for p, q in zip(points, near, strict=True)])
    inside = (points[:, 1] > -9.5) & (np.abs(points[:, 0]) < 7.9)
    return np.asarray(face[(normals[:, 2] > -0.2) & ~hidden & inside])


def build_carrier(kit: FaceKit, sites: Sites) -> Carrier:
    """Everything portraits share: residual interpolation, seams, triangle lists."""
    head = head_of(kit)
    open_face = kit.shape(
        np.zeros(len(kit.identity), np.float32),
        kit.expression_weights({"jawOpen": 0.5, "eyeWide": 0.5}),
    )
    softness = np.where(landmark_weights() < 0.5, _CONTOUR_SOFTNESS, _POINT_SOFTNESS)
    residual = _interpolation(open_face, sites.read(open_face), softness)
    for part in ("eye_l", "eye_r", "teeth", "gums"):
        residual[kit.parts[part]] = residual[kit.parts[part]].mean(0)
    corner = kit.landmarks.astype(int)
    face = kit.parts["face"].stop
    skin = (kit.triangles < face).all(1)
    skin &= kit.neutral[kit.triangles, 1].max(1) > -9.0
    inner = (kit.triangles >= kit.parts["mouth"].start).any(1)
    for ball, outer in (("eye_l", "eye_l_outer"), ("eye_r", "eye_r_outer")):
        behind = slice(kit.parts[outer].stop, kit.parts[ball].stop)
        inner &= ~((kit.triangles >= behind.start) & (kit.triangles < behind.stop)).any(1)
    opened = kit.shape(
        np.zeros(len(kit.identity), np.float32), kit.expression_weights({"jawOpen": 1})
    )
    teeth = np.arange(kit.parts["teeth"].start, kit.parts["teeth"].stop)
    upper = teeth[np.linalg.norm(opened[teeth] - kit.neutral[teeth], axis=1) < 0.05]
    return Carrier(
        kit,
        head,
        sites,
        residual,
        (
            _seam(kit, head, open_face, corner[36:42].tolist(), 3, reach_cm=0.55),
            _seam(kit, head, open_face, corner[42:48].tolist(), 3, reach_cm=0.55),
        ),
        _seam(kit, head, open_face, corner[60:68].tolist(), 4, reach_cm=0.7),
        np.ascontiguousarray(np.concatenate([kit.triangles[skin], kit.triangles[inner]])),
        int(skin.sum()),
        upper,
    )


def _interpolation(points: Floats, centres: Floats, softness: NDArray[np.float64]) -> Floats:
    """(v, n) matrix of the smoothing biharmonic spline (kernel -r, constant term) in space."""
    between = np.linalg.norm(centres[:, None] - centres[None], axis=-1).astype(np.float64)
    n = len(centres)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = -between + np.diag(softness)
    system[n, n] = 0
    solved = np.linalg.inv(system)[:, :n]
    out = np.empty((len(points), n), np.float32)
    for start in range(0, len(points), 4096):
        block = points[start : start + 4096]
        kernel = -np.linalg.norm(block[:, None] - centres[None], axis=-1).astype(np.float64)
        out[start : start + 4096] = np.c_[kernel, np.ones(len(block))] @ solved
    return out


def _seam(
    kit: FaceKit, head: Head, shape: Floats, corners: list[int], turn: int, reach_cm: float
) -> Seam:
    """Edges between two corners of an opening, and the skin that follows each of them."""
    loop = edge_loop(head, corners)
    second = int(np.flatnonzero(loop == corners[turn])[0])
    upper, lower = loop[: second + 1], np.r_[loop[second:], loop[:1]]
    upper, lower = (e[np.argsort(head.neutral[e, 0], kind="stable")] for e in (upper, lower))
    tree = cKDTree(shape[loop])
    distance, _ = tree.query(shape, distance_upper_bound=2.5 * reach_cm)
    carried = np.flatnonzero(distance < 2.5 * reach_cm)
    lining = (carried >= kit.parts["mouth"].start) & (carried < kit.parts["gums"].start)
    carried = carried[(carried < head.num_face) | lining]
    shares = []
    for edge, other in ((upper, lower), (lower, upper)):
        gap = np.linalg.norm(shape[carried][:, None] - shape[edge][None], axis=-1)
        away = np.linalg.norm(shape[carried][:, None] - shape[other][None], axis=-1).min(1)
        nearer = gap.min(1) <= away
        kernel = np.exp(-((gap / 0.15) ** 2) + (gap.min(1, keepdims=True) / 0.15) ** 2)
        kernel /= kernel.sum(1, keepdims=True)
        strength = np.exp(-((gap.min(1) / reach_cm) ** 2)) * nearer
        shares.append((kernel * strength[:, None]).astype(np.float32))
    return Seam(upper, lower, carried, shares[0], shares[1])
