"""Shoulders that go on where the kit's neck ends, collars, and glasses."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.synthetic_heads.cloth import cloth_place
from deepmeme.data.synthetic_heads.person import Person
from deepmeme.data.synthetic_heads.tables import HeadTables

Array = NDArray[np.float32]

RINGS = 20
COLLAR_COLUMNS = 44


class Body(NamedTuple):
    """A mesh that doesn't turn with the head."""

    vertices: Array  # (n, 3) cm
    triangles: NDArray[np.int32]
    place: Array  # (n, 2) pixels of the clothes' texture


def build_body(person: Person, tables: HeadTables, base: Array) -> Body:
    """Shoulders for a neutral head (v, 3)."""
    rng = np.random.default_rng((person.seed, 41))
    rim = base[tables.bust_rim]
    angle = np.arctan2(rim[:, 0], rim[:, 2] + 1.0)
    sine, cosine = np.sin(angle), np.cos(angle)
    broad = rng.uniform(18.5, 22.5) - 2.0 * person.womanly
    deep = rng.uniform(9.0, 12.0)
    slope = rng.uniform(-1.0, 1.5)
    boxy = np.sign(sine) * np.abs(sine) ** 0.7
    shoulder = np.stack(
        [
            broad * boxy,
            -22.5 - slope - 5.5 * cosine.clip(0) - 2.0 * (1 - np.abs(boxy)),
            deep * cosine - 1.5,
        ],
        1,
    )
    knee = np.stack(
        [
            0.5 * (rim[:, 0] + shoulder[:, 0]) + 2.2 * boxy,
            np.minimum(rim[:, 1] - 0.5, 0.62 * rim[:, 1] + 0.38 * shoulder[:, 1]),
            0.4 * rim[:, 2] + 0.6 * shoulder[:, 2],
        ],
        1,
    )
    foot = shoulder * [1.04, 1, 1.1] - [0, 28, 0]
    arm = shoulder * [1.05, 1, 1.05] - [0, 3.5, 0]
    rings = []
    for t in np.linspace(0, 1, RINGS - 4):
        rings.append((1 - t) ** 2 * rim + 2 * t * (1 - t) * knee + t * t * arm)
    rings += [arm + (foot - arm) * t for t in (0.15, 0.4, 0.7, 1.0)]
    vertices = np.stack(rings).astype(np.float32)
    return Body(
        vertices.reshape(-1, 3),
        ring_triangles(RINGS, len(rim)),
        cloth_place(vertices).reshape(-1, 2),
    )


def build_collar(person: Person, tables: HeadTables, base: Array) -> Body | None:
    """A folded collar for those who wear a shirt; it stays with the shoulders."""
    if person.cloth_style not in ("shirt", "suit"):
        return None
    kit = tables.kit
    near = np.abs(kit.neutral[: kit.parts["neck"].stop, 1] + 10.3) < 0.9
    neck = base[: kit.parts["neck"].stop][near]
    wide, low, high = np.abs(neck[:, 0]).max(), neck[:, 2].min(), neck[:, 2].max()
    rng = np.random.default_rng((person.seed, 47))
    gap, drop = rng.uniform(0.1, 0.25), rng.uniform(1.8, 2.8)
    angle = np.linspace(gap, 2 * np.pi - gap, COLLAR_COLUMNS)
    sine, cosine = np.sin(angle), np.cos(angle)
    tips = np.exp(-np.minimum(angle - gap, 2 * np.pi - gap - angle) / 0.3)
    height = neck[:, 1].mean() - 0.2 - 1.3 * cosine.clip(0)
    rows = []
    for out, fall in ((0.1, 0.6), (0.3, 0.0), (0.55, 0.05), (1.25, 1.0)):
        radius = out + 0.9 * tips * (fall == 1.0)
        rows.append(
            np.stack(
                [
                    (wide + radius) * sine + 0.9 * tips * np.sign(sine) * (fall == 1.0),
                    height - fall * (drop + 1.3 * tips),
                    (low + high) / 2 + ((high - low) / 2 + radius) * cosine,
                ],
                1,
            )
        )
    vertices = np.stack(rows).astype(np.float32)
    place = cloth_place(vertices)
    if person.cloth_style == "suit":  # the shirt beneath it shows beside the tie
        place[...] = cloth_place(np.array([3.0, -13.5, 0.0]))
    open_ring = ring_triangles(len(rows), COLLAR_COLUMNS)
    seam = np.ptp(open_ring % COLLAR_COLUMNS, axis=1) == COLLAR_COLUMNS - 1
    return Body(vertices.reshape(-1, 3), open_ring[~seam], place.reshape(-1, 2))


def ring_triangles(rings: int, around: int) -> NDArray[np.int32]:
    """(t, 3) for closed rings of vertices stacked one after the other."""
    ring, column = np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij")
    after = (column + 1) % around
    quads = np.stack(
        [
            ring * around + column,
            (ring + 1) * around + column,
            (ring + 1) * around + after,
            ring * around + after,
        ],
        -1,
    ).reshape(-1, 4)
    both = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return np.ascontiguousarray(both, np.int32)


def build_glasses(person: Person, tables: HeadTables, base: Array) -> Body:
    """Frames of wire or plastic that turn with the head; lenses are empty."""
    rng = np.random.default_rng((person.seed, 43))
    kit = tables.kit
    eyes = [base[kit.parts[side]].mean(0) for side in ("eye_r", "eye_l")]
    bridge = base[kit.landmarks[28]]
    half_width, half_height = rng.uniform(2.3, 2.9), rng.uniform(1.5, 2.3)
    squareness, thick = rng.uniform(0.5, 1.0), rng.uniform(0.07, 0.28)
    lines = []
    turn = np.linspace(0, 2 * np.pi, 33)
    across, up = np.cos(turn), np.sin(turn)
    across = np.sign(across) * np.abs(across) ** squareness
    up = np.sign(up) * np.abs(up) ** squareness
    for eye, side in zip(eyes, (-1, 1), strict=True):
        x = eye[0] + side * 0.2 + half_width * across
        y = eye[1] - 0.2 + half_height * up
        z = bridge[2] + 0.6 - 0.035 * np.square(x)
        lines.append(np.stack([x, y, z], 1))
        hinge = np.array([eye[0] + side * (half_width + 0.2), eye[1] + 0.6, 0], np.float32)
        hinge[2] = bridge[2] + 0.6 - 0.035 * hinge[0] ** 2
        ear = base[kit.landmarks[0 if side < 0 else 16]] + [side * 0.5, 0.6, -3.5]
        lines.append(hinge + np.linspace(0, 1, 8)[:, None] * (ear - hinge))
    inner = [line[np.abs(line[:, 0]).argmin()] for line in (lines[0], lines[2])]
    middle = np.array([0, max(inner[0][1], bridge[1]) + 0.3, bridge[2] + 0.75])
    lines.append(np.stack([inner[0], middle, inner[1]]))
    tubes = [_tube(line, thick) for line in lines]
    count = np.cumsum([0, *(len(tube.vertices) for tube in tubes)])
    return Body(
        np.concatenate([tube.vertices for tube in tubes]).astype(np.float32),
        np.concatenate([tube.triangles + n for tube, n in zip(tubes, count, strict=False)]),
        np.zeros((count[-1], 2), np.float32),
    )


def _tube(line: NDArray[np.floating], thick: float) -> Body:
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    first = np.cross(along, [0.05, 0.1, 1.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(along, first)
    around = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    rings = np.stack([line + thick * (a * first + b * second) for a, b in around], 1)
    return Body(
        rings.reshape(-1, 3).astype(np.float32),
        ring_triangles(len(line), 4),
        np.zeros((len(line) * 4, 2), np.float32),
    )
