"""What the renderer needs to know about a face kit, worked out once.

Places are told by where a vertex lies on the neutral head, the same for every identity: so a
texture, a hairline or a neckline drawn once fits everybody.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import FaceKit, vertex_normals
from deepmeme.data.synthetic_heads.borders import bust_rim

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]

TEXTURE_WIDTH, TEXTURE_HEIGHT = 768, 448
TEXTURE_TOP_CM, TEXTURE_BOTTOM_CM = 15.5, -20.5

CLOTH_PX_PER_CM = 8.0
CLOTH_LEFT_CM, CLOTH_TOP_CM = -27.0, -9.0
CLOTH_SIZE = (400, 432)  # height, width of the clothes' texture

SCALP_CENTRE = np.array([0.0, 3.0, -0.5], np.float32)
SCALP_COLUMNS, SCALP_ROWS = 128, 64
SCALP_END_DEG = 140.0
_POLE = np.array([0.0, 0.9701, -0.2425])  # where hair whirls
_FRONT = np.array([0.0, 0.2425, 0.9701])
_SIDE = np.array([1.0, 0.0, 0.0])


class Material(IntEnum):
    """How a triangle is shaded."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    MOUTH = 3
    HAIR = 4
    CLOTH = 5
    HAT = 6
    GLASSES = 7


@dataclass(frozen=True)
class HeadTables:
    """Per-vertex and per-triangle facts of a kit."""

    kit: FaceKit
    triangles: NDArray[np.int32]  # (t, 3), without the inner eyeballs
    material: NDArray[np.uint8]  # (t,)
    place: Array  # (v, 2) texture pixels; for the eyes (x, y) / radius from the optical axis
    openness: Array  # (v,) 0 = in a fold or deep inside, 1 = open
    head_weight: Array  # (v,) 1 = turns with the head, 0 = stays with the body
    scalp_ids: NDArray[np.int32]  # (columns * rows, 8) vertices around each scalp direction
    scalp_weights: Array  # (columns * rows, 8)
    eye_centres: Array  # (2, 3) right, left, neutral
    bust_rim: NDArray[np.int32]  # vertices of the neck's lower border, front first, to the left

    @property
    def scalp_centre(self) -> Array:
        """(3,) the scalp is seen from here."""
        return SCALP_CENTRE

    @property
    def scalp_axes(self) -> Array:
        """(3, 3) towards the whirl, the front and the left; orthonormal rows."""
        return np.stack([_POLE, _FRONT, _SIDE]).astype(np.float32)


def texture_place(points: Array) -> Array:
    """(n, 2) pixels of the skin texture for places (n, 3) on the neutral head: a cylinder."""
    angle = np.arctan2(points[:, 0], points[:, 2])
    x = (angle / (2 * np.pi) + 0.5) * (TEXTURE_WIDTH - 1)
    span = TEXTURE_TOP_CM - TEXTURE_BOTTOM_CM
    y = (TEXTURE_TOP_CM - points[:, 1]) / span * (TEXTURE_HEIGHT - 1)
    return np.stack([x, y], 1).astype(np.float32)


def smoothstep(low: float, high: float, value: Real) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between; ``high`` may be the lower one."""
    t = np.clip((value - low) / (high - low), 0, 1)
    ramp: Array = (t * t * (3 - 2 * t)).astype(np.float32)
    return ramp


def head_weight(points: Array) -> Array:
    """(n,): how much places (n, 3) of the neutral head turn with it; the body stays."""
    return smoothstep(-15, -7, points[:, 1] + 0.35 * (points[:, 2] - 3))


def build_tables(kit: FaceKit) -> HeadTables:
    """Work out the tables; about half a second for the full kit."""
    triangles, material = _shown_triangles(kit)
    place = texture_place(kit.neutral)
    centres = []
    for side in ("eye_r", "eye_l"):
        outer = kit.neutral[kit.parts[f"{side}_outer"]]
        centre = (outer.min(0) + outer.max(0)) / 2
        radius = float(outer[:, 0].max() - outer[:, 0].min()) / 2
        eye = kit.parts[side]
        place[eye] = (kit.neutral[eye] - centre)[:, :2] / radius
        behind = kit.neutral[eye][:, 2] < centre[2]
        place[eye][behind] = 2.0
        centres.append(centre)
    ids, weights = _scalp(kit)
    return HeadTables(
        kit=kit,
        triangles=triangles,
        material=material,
        place=place,
        openness=_openness(kit, triangles),
        head_weight=head_weight(kit.neutral),
        scalp_ids=ids,
        scalp_weights=weights,
        eye_centres=np.stack(centres).astype(np.float32),
        bust_rim=bust_rim(kit),
    )


def scalp_points(tables: HeadTables, vertices: Array) -> Array:
    """(columns, rows, 3): the bare scalp of a person, columns around, rows from the whirl down.

    Column 0 looks to the front and columns run to the person's left; rows span SCALP_END_DEG.
    """
    near = vertices[tables.scalp_ids]
    points: Array = np.einsum("nk,nkc->nc", tables.scalp_weights, near)
    return points.reshape(SCALP_COLUMNS, SCALP_ROWS, 3)


def _shown_triangles(kit: FaceKit) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    of_vertex = np.full(len(kit.neutral), Material.SKIN, np.uint8)
    shown = np.ones(len(kit.neutral), bool)
    for part, material in {
        "mouth": Material.MOUTH,
        "gums": Material.MOUTH,
        "teeth": Material.TEETH,
        "eye_l": Material.EYE,
        "eye_r": Material.EYE,
        "eye_sockets": Material.MOUTH,
    }.items():
        of_vertex[kit.parts[part]] = material
    for side in ("eye_l", "eye_r"):
        shown[kit.parts[side]] = False
        shown[kit.parts[f"{side}_outer"]] = True
    keep = shown[kit.triangles].all(1)
    triangles = np.ascontiguousarray(kit.triangles[keep])
    return triangles, of_vertex[triangles[:, 0]]


def _openness(kit: FaceKit, triangles: NDArray[np.int32]) -> Array:
    """How hollow the surface is around each vertex, from its distance to its smoothed self."""
    count = len(kit.neutral)
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    degree = np.bincount(edges[:, 0], minlength=count).clip(1)[:, None]
    normals = vertex_normals(kit.neutral, triangles)
    smooth = kit.neutral.astype(np.float64)
    hollow = np.zeros(count)
    for step in range(1, 41):
        total = np.stack(
            [np.bincount(edges[:, 0], smooth[edges[:, 1], axis], count) for axis in range(3)], 1
        )
        smooth = np.where(degree > 1, 0.3 * smooth + 0.7 * total / degree, smooth)
        if step in (4, 14, 40):
            hollow += ((smooth - kit.neutral) * normals).sum(1) * (4.0 / np.sqrt(step))
    openness = np.clip(1.05 - 1.5 * hollow, 0.25, 1.1)
    depth = kit.neutral[:, 2]
    for part, low, high in (("mouth", 6.0, 11.0), ("gums", 5.0, 11.5), ("teeth", 6.0, 10.2)):
        where = kit.parts[part]
        openness[where] = 0.06 + 0.94 * smoothstep(low, high, depth[where])
    for side in ("eye_l", "eye_r"):
        openness[kit.parts[side]] = 1.0
    below = smoothstep(-12.0, -14.0, kit.neutral[:, 1] + 0.2 * kit.neutral[:, 2])
    return np.asarray(np.maximum(openness, 0.92 * below), np.float32)


def _scalp(kit: FaceKit) -> tuple[NDArray[np.int32], Array]:
    around = np.linspace(0, 2 * np.pi, SCALP_COLUMNS, endpoint=False)[:, None, None]
    down = np.deg2rad(np.linspace(0, SCALP_END_DEG, SCALP_ROWS))[None, :, None]
    across = np.cos(around) * _FRONT + np.sin(around) * _SIDE
    directions = (np.cos(down) * _POLE + np.sin(down) * across).reshape(-1, 3)
    skin = np.r_[kit.parts["face"], kit.parts["neck"]]
    at = kit.neutral[skin]
    ear = (np.abs(at[:, 0]) > 7.4) & (at[:, 1] > -3) & (at[:, 1] < 6) & (at[:, 2] < 3.5)
    nose = (np.abs(at[:, 0]) < 2.5) & (at[:, 1] < 3) & (at[:, 2] > 9)
    skin = skin[(at[:, 1] > -12) & ~ear & ~nose]
    rays = kit.neutral[skin] - SCALP_CENTRE
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    closeness = directions @ rays.T
    ids = np.argpartition(-closeness, 8, axis=1)[:, :8]
    near = np.take_along_axis(closeness, ids, 1)
    spread = np.arccos(near.clip(-1, 1))
    weights = np.exp(-0.5 * np.square(spread / np.maximum(spread.mean(1, keepdims=True), 1e-3)))
    weights /= weights.sum(1, keepdims=True)
    return skin[ids].astype(np.int32), weights.astype(np.float32)
