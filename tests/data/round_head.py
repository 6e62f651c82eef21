"""A face kit that anybody may have: a smooth closed head with eyes, teeth and a bust."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import FaceKit, build_face_kit
from deepmeme.data.synthetic_heads.motion import CENTRAL, MOODS, ONE_BY_ONE, SPEECH

Points = NDArray[np.float32]
Triangles = NDArray[np.int32]

# height, half width, half depth, middle of depth; cm
PROFILE = np.array(
    [
        (14.3, 0.4, 0.5, -0.5),
        (13.0, 4.2, 5.0, -0.5),
        (10.0, 7.0, 9.0, -0.5),
        (6.0, 7.8, 10.2, 0.0),
        (2.0, 7.6, 10.2, 0.3),
        (-2.0, 6.8, 9.8, 0.8),
        (-5.5, 5.8, 8.8, 1.2),
        (-8.0, 5.2, 6.2, -0.4),
        (-11.0, 5.6, 5.8, -1.2),
        (-13.0, 8.0, 6.0, -1.6),
        (-16.0, 12.0, 7.5, -2.0),
    ]
)
EYES = {"eye_r": (-3.1, 3.6), "eye_l": (3.1, 3.6)}
ROWS, COLUMNS = 56, 72

NAMES = tuple(
    sorted(
        {
            side
            for name in (
                *(name for group in (*MOODS, *SPEECH) for name in group),
                *("eyeBlink", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut"),
                *(*ONE_BY_ONE, *CENTRAL),
            )
            for side in (
                (name,) if name in CENTRAL or name[-2] == "_" else (f"{name}_L", f"{name}_R")
            )
        }
    )
)


@cache
def round_head() -> FaceKit:
    """About 4,600 vertices; three identities; jaw, lids and smile move, the rest a little."""
    skin, triangles, in_face = _skin()
    order = np.argsort(~in_face, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    points, faces = [skin[order]], [rank[triangles]]
    parts = {"face": slice(0, int(in_face.sum())), "neck": slice(int(in_face.sum()), len(skin))}
    count = len(skin)
    depth = 8.6
    for name, places in {
        "mouth": [_plate(-3.5, 1.4, depth - 3.0)],
        "eye_sockets": [_plate(3.6, 0.4, depth - 4.0)],
        "gums": [_plate(-2.8, 0.3, depth - 1.0)],
        "teeth": [_plate(-3.3, 0.3, depth - 0.8)],
        "eye_l": [_ball(EYES["eye_l"], 1.6), _ball(EYES["eye_l"], 1.4)],
        "eye_r": [_ball(EYES["eye_r"], 1.6), _ball(EYES["eye_r"], 1.4)],
    }.items():
        start = count
        for at, corners in places:
            points.append(at)
            faces.append(corners + count)
            count += len(at)
            parts.setdefault(f"{name}_outer", slice(start, count))
        parts[name] = slice(start, count)
    neutral = np.concatenate(points).astype(np.float32)
    return build_face_kit(
        neutral=neutral,
        triangles=np.concatenate(faces).astype(np.int32),
        uv=np.zeros((1, 2), np.float32),
        uv_triangles=np.zeros((1, 3), np.int32),
        identity=np.stack([0.04 * neutral * axis for axis in np.eye(3, dtype=np.float32)]),
        expression=np.stack([_mode(name, neutral, parts) for name in NAMES]),
        expression_names=NAMES,
        parts=parts,
        landmarks=tuple(_nearest(neutral[parts["face"]], place) for place in _landmarks()),
    )


def _skin() -> tuple[Points, Triangles, NDArray[np.bool_]]:
    height = np.linspace(PROFILE[0, 0], PROFILE[-1, 0], ROWS)
    wide, deep, middle = (np.interp(-height, -PROFILE[:, 0], PROFILE[:, n]) for n in (1, 2, 3))
    angle = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    x = wide[:, None] * np.sin(angle)
    z = middle[:, None] + deep[:, None] * np.cos(angle)
    y = np.broadcast_to(height[:, None], x.shape)
    z = z + 2.2 * np.exp(-(x**2 + (y - 0.6) ** 2) / 2.2) * (z > 0)
    points = np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32)
    corner = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, c = corner[:-1], corner[1:]
    b, d = np.roll(a, -1, 1), np.roll(c, -1, 1)
    halves = [np.stack([a, c, b], -1), np.stack([b, c, d], -1)]
    triangles = np.concatenate([half.reshape(-1, 3) for half in halves])
    at = points[triangles].mean(1)
    for ex, ey in EYES.values():
        hole = ((at[:, 0] - ex) / 1.5) ** 2 + ((at[:, 1] - ey) / 0.8) ** 2 < 1
        hole &= at[:, 2] > 0
        triangles, at = triangles[~hole], at[~hole]
    in_face = (points[:, 2] > 0.5) & (points[:, 1] > -7.5) & (points[:, 1] < 12)
    return points, triangles.astype(np.int32), in_face


def _plate(height: float, half: float, depth: float) -> tuple[Points, Triangles]:
    x, y = np.meshgrid(np.linspace(-2.4, 2.4, 7), height + np.array([half, -half]))
    points = np.stack([x, y, np.full_like(x, depth)], -1).reshape(-1, 3)
    left = np.arange(6)
    halves = np.stack([[left, left + 7, left + 1], [left + 1, left + 7, left + 8]], 0)
    return points.astype(np.float32), halves.transpose(0, 2, 1).reshape(-1, 3).astype(np.int32)


def _ball(centre: tuple[float, float], radius: float) -> tuple[Points, Triangles]:
    down, around = np.meshgrid(
        np.linspace(0, np.pi, 9), np.linspace(0, 2 * np.pi, 13), indexing="ij"
    )
    ball = np.stack(
        [np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], -1
    )
    points = ball.reshape(-1, 3) * radius + [*centre, 7.6]
    corner = np.arange(9 * 13).reshape(9, 13)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]
    halves = [np.stack([a, c, b], -1), np.stack([b, c, d], -1)]
    triangles = np.concatenate([half.reshape(-1, 3) for half in halves])
    return points.astype(np.float32), triangles.astype(np.int32)


def _landmarks() -> list[tuple[float, float, float]]:
    """About where the 68 are on people; the nearest vertex becomes the landmark."""
    places = [
        (7.4 * np.sin(t), 3.5 - 10.5 * np.cos(t), 3.5 + 5 * np.cos(t))
        for t in np.linspace(-1.5, 1.5, 17)
    ]
    places += [(x, 5.6, 9.0) for x in (-5.6, -4.6, -3.5, -2.4, -1.2, 1.2, 2.4, 3.5, 4.6, 5.6)]
    places += [(0, y, 12) for y in (3.6, 2.5, 1.5, 0.6)]
    places += [(x, -0.8, 11.5) for x in (-1.6, -0.8, 0, 0.8, 1.6)]
    for x, y in EYES.values():
        rim = [(-1.5, 0), (-0.7, 0.8), (0.7, 0.8), (1.5, 0), (0.7, -0.8), (-0.7, -0.8)]
        places += [(x + a, y + b, 9.5) for a, b in rim]
    for count, wide, tall in ((12, 2.5, 1.2), (8, 1.8, 0.5)):
        angle = np.pi - np.arange(count) * 2 * np.pi / count
        places += [(wide * np.cos(t), -3.4 + tall * np.sin(t), 10.5) for t in angle]
    return [(float(x), float(y), float(z)) for x, y, z in places]


def _nearest(points: Points, place: tuple[float, float, float]) -> int:
    return int(np.square(points - np.array(place, np.float32)).sum(1).argmin())


def _mode(name: str, neutral: Points, parts: dict[str, slice]) -> Points:
    move = np.zeros_like(neutral)
    x, y, z = neutral.T
    skin = (np.arange(len(neutral)) < parts["neck"].stop) & (z > 3)
    side = {"_L": 1.0, "_R": -1.0}.get(name[-2:], 0.0)
    if name == "jawOpen":
        move[:, 1] = -2.5 * skin * (y < -3.4) * np.clip((y + 9) / 3, 0, 1) * np.exp(-((x / 5) ** 2))
    elif name.startswith("eyeBlink"):
        away = ((x - side * 3.1) / 1.5) ** 2 + ((y - 4.4) / 0.6) ** 2
        move[:, 1] = -1.4 * skin * np.exp(-away) * (y > 3.6)
    elif name.startswith("mouthSmile"):
        away = (x - side * 2.5) ** 2 + (y + 3.4) ** 2
        move[:, 1] = 0.9 * skin * np.exp(-away / 1.5)
    else:
        height = 8 * np.sin(NAMES.index(name) * 1.7)
        away = (x - side * 3) ** 2 + (y - height) ** 2
        move[:, 0] = 0.12 * skin * np.exp(-away / 2)
    return move
