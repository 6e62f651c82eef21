"""A face kit of two thousand vertices and a drawn portrait of it: stand-ins for the real ones."""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import FaceKit, build_face_kit, rotation_matrix
from deepmeme.data.portraits_carrier import Carrier, build_carrier
from deepmeme.data.portraits_fit import LANDMARKS_68, Floats
from deepmeme.data.portraits_sites import Sites, at_vertices
from deepmeme.data.portraits_texture import EYE_OPENINGS, MOUTH_OPENING

EYES = ((-3.2, 3.5), (3.2, 3.5))
EYE_SIZE, MOUTH_SIZE = (1.5, 0.8), (2.4, 0.8)
MOUTH = (0.0, -4.0)

_PAIRED = (
    *("browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink"),
    *("eyeLookDown", "eyeLookUp", "eyeSquint", "eyeWide", "mouthFrown", "mouthLowerDown"),
    *("mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer"),
)
EXPRESSIONS = (
    *(f"{name}{side}" for name in _PAIRED for side in ("_L", "_R")),
    *("jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper"),
    *("mouthLeft", "mouthRight"),
)


def depth_of(x: Floats, y: Floats) -> Floats:
    """The face's surface: a bulge with a nose."""
    nose = 2.0 * np.exp(-(x**2 + (y - 0.5) ** 2) / 2.0)
    return np.asarray(10.0 - 0.09 * x**2 - 0.02 * y**2 + nose, np.float32)


def _on_face(places: list[tuple[float, float]]) -> Floats:
    x, y = np.array(places, np.float32).T
    return np.stack([x, y, depth_of(x, y)], 1)


def _ring(centre: tuple[float, float], size: tuple[float, float], count: int) -> Floats:
    """Counter-clockwise in the picture from the left corner over the top."""
    angle = np.pi - np.linspace(0, 2 * np.pi, count, endpoint=False)
    return _on_face(
        [(centre[0] + size[0] * np.cos(a), centre[1] + size[1] * np.sin(a)) for a in angle]
    )


def _grid_triangles(rows: int, columns: int) -> NDArray[np.int64]:
    corner = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, :-1], corner[1:, 1:]
    halves = [np.stack([a, c, b], -1), np.stack([b, c, d], -1)]
    return np.concatenate([half.reshape(-1, 3) for half in halves])


def _landmark_places() -> Floats:
    jaw = [(7.4 * np.sin(t), 2.0 - 9.5 * np.cos(t)) for t in np.linspace(-1.5, 1.5, 17)]
    brows = [(side * (1.2 + 0.9 * i), 5.6) for side in (-1, 1) for i in range(5)]
    brows[:5] = brows[4::-1]
    nose = [(0, 3.0), (0, 2.2), (0, 1.4), (0, 0.6), *((x, -1.0) for x in (-1, -0.5, 0, 0.5, 1))]
    eyes = [_ring(eye, EYE_SIZE, 6) for eye in EYES]
    lips = [_ring(MOUTH, (3.0, 1.6), 12), _ring(MOUTH, MOUTH_SIZE, 8)]
    return np.concatenate([_on_face([*jaw, *brows, *nose]), *eyes, *lips])


def _ball(centre: tuple[float, float], radius: float) -> tuple[Floats, NDArray[np.int64]]:
    up, round_ = np.meshgrid(np.linspace(0, np.pi, 7), np.linspace(0, 2 * np.pi, 11), indexing="ij")
    x, y, z = np.sin(up) * np.cos(round_), np.sin(up) * np.sin(round_), np.cos(up)
    middle = (*centre, float(depth_of(np.float32(centre[0]), np.float32(centre[1]))) - radius)
    points = np.stack([x, y, z], -1).reshape(-1, 3) * radius + middle
    return points.astype(np.float32), _grid_triangles(7, 11)


def _plate(y: float, half_height: float, behind: float) -> tuple[Floats, NDArray[np.int64]]:
    columns, rows = np.meshgrid(np.linspace(-2.6, 2.6, 9), np.linspace(1, -1, 4))
    flat = np.stack([columns.ravel(), y + half_height * rows.ravel()], 1)
    points = _on_face([(float(a), float(b)) for a, b in flat]) - [0, 0, behind]
    return points.astype(np.float32), _grid_triangles(4, 9)


@cache
def small_kit() -> FaceKit:
    """A face, a neck, eyes, teeth and a mouth of few vertices; four identities."""
    x, y = np.meshgrid(np.arange(-8.0, 8.1, 0.4), np.arange(13.0, -14.1, -0.45))
    face = _on_face(list(zip(x.ravel().tolist(), y.ravel().tolist(), strict=True)))
    triangles = _grid_triangles(*x.shape)
    marks = _landmark_places()
    chosen: list[int] = []
    for place in marks:  # the mesh is bent so that each landmark has a vertex of its own
        gap = np.linalg.norm(face[:, :2] - place[:2], axis=1)
        gap[chosen] = np.inf
        chosen.append(int(gap.argmin()))
        face[chosen[-1]] = place
    middle = face[triangles].mean(1)
    for centre, size in ((EYES[0], EYE_SIZE), (EYES[1], EYE_SIZE), (MOUTH, MOUTH_SIZE)):
        inside = (((middle[:, :2] - centre) / size) ** 2).sum(1) < 0.8
        triangles, middle = triangles[~inside], middle[~inside]
    pieces: dict[str, list[tuple[Floats, NDArray[np.int64]]]] = {
        "face": [(face, triangles)],
        "neck": [_plate(-14.0, 1.0, 1.0)],
        "mouth": [_plate(-4.0, 1.6, 2.0)],
        "eye_sockets": [_plate(3.5, 0.5, 4.0)],
        "gums": [_plate(-3.0, 0.3, 1.5)],
        "teeth": [_plate(-3.6, 0.4, 1.2), _plate(-4.6, 0.3, 1.2)],
        "eye_l": [_ball(EYES[1], 1.3), _ball(EYES[1], 1.1)],
        "eye_r": [_ball(EYES[0], 1.3), _ball(EYES[0], 1.1)],
    }
    points, corners, parts = [], [], {}
    count = 0
    for name, members in pieces.items():
        start = count
        for index, (place, faces) in enumerate(members):
            points.append(place)
            corners.append(faces + count)
            count += len(place)
            if name.startswith("eye_") and name != "eye_sockets" and not index:
                parts[f"{name}_outer"] = slice(start, count)
        parts[name] = slice(start, count)
    neutral = np.concatenate(points)
    return build_face_kit(
        neutral=neutral,
        triangles=np.concatenate(corners).astype(np.int32),
        uv=np.zeros((1, 2), np.float32),
        uv_triangles=np.zeros((1, 3), np.int32),
        identity=_identities(neutral),
        expression=np.stack([_expression(name, neutral, parts) for name in EXPRESSIONS]),
        expression_names=EXPRESSIONS,
        parts=parts,
        landmarks=tuple(chosen),
    )


def _identities(neutral: Floats) -> Floats:
    modes = np.zeros((4, *neutral.shape), np.float32)
    modes[0, :, 0] = 0.05 * neutral[:, 0]
    modes[1, :, 1] = 0.04 * neutral[:, 1]
    modes[2, :, 1] = np.where(neutral[:, 1] < -2, 0.06 * (neutral[:, 1] + 2), 0)
    modes[3, :, 2] = 0.5 * np.exp(-(neutral[:, 0] ** 2 + neutral[:, 1] ** 2) / 4)
    return modes


def _expression(name: str, neutral: Floats, parts: dict[str, slice]) -> Floats:
    """A few that matter, and small bumps for the others."""
    mode = np.zeros_like(neutral)
    x, y = neutral[:, 0], neutral[:, 1]
    near_face = np.arange(len(neutral)) < parts["neck"].start
    side = {"_L": 1.0, "_R": -1.0}.get(name[-2:], 0.0)
    if name == "jawOpen":
        low = (y < MOUTH[1]) & (np.arange(len(neutral)) < parts["eye_l"].start)
        mode[:, 1] = np.where(low, -3.0 * np.exp(-((x / 5) ** 2)), 0)
    elif name.startswith(("eyeBlink", "eyeWide")):
        centre = np.array([side * 3.2, 4.3])
        away = ((x - centre[0]) / 1.4) ** 2 + ((y - centre[1]) / 0.6) ** 2
        way = -1.5 if name.startswith("eyeBlink") else 0.4
        mode[:, 1] = np.where(near_face & (y > 3.5), way * np.exp(-away), 0)
    elif name.startswith("mouthSmile"):
        away = (x - side * 2.8) ** 2 + (y - MOUTH[1]) ** 2
        mode[:, 1] = np.where(near_face, 1.2 * np.exp(-away / 1.5), 0)
    else:
        place = (EXPRESSIONS.index(name) * 0.37) % 6 - 3
        away = (x - place - side) ** 2 + (y - place) ** 2
        mode[:, 0] = np.where(near_face, 0.1 * np.exp(-away), 0)
    return mode


@cache
def small_sites() -> Sites:
    """468 places: the iBUG landmarks and the openings' rings where they belong, others anywhere."""
    kit = small_kit()
    rng = np.random.default_rng(0)
    front = np.flatnonzero(
        (np.abs(kit.neutral[:1500, 1]) < 8) & (np.abs(kit.neutral[:1500, 0]) < 7)
    )
    vertices = rng.choice(front, 468)
    rings = zip((*EYE_OPENINGS, MOUTH_OPENING), (36, 42, 60), (6, 6, 8), strict=True)
    for ring, first, count in rings:
        corners = kit.landmarks[first : first + count]
        places = np.arange(len(ring)) * count // len(ring)
        vertices[list(ring)] = corners[places]
    vertices[LANDMARKS_68] = kit.landmarks
    return at_vertices(vertices.astype(np.int64))


@cache
def small_carrier() -> Carrier:
    """What portraits of the small kit share."""
    return build_carrier(small_kit(), small_sites())


class DrawnPortrait(NamedTuple):
    """A drawn picture of the small kit, with what a teacher would say about it."""

    image: NDArray[np.uint8]  # (150, 120, 3)
    matte: NDArray[np.uint8]
    landmarks: Floats  # (468, 3)
    irises: Floats  # (2, 5, 2)


def project_small(shape: Floats, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Floats:
    """Camera places (v, 3) px: 4 px per cm, the face's middle at (60, 66)."""
    turned = shape @ rotation_matrix(yaw, pitch, roll).T * [4, -4, -4]
    return np.asarray(turned + np.array([60, 66, 0]), np.float32)


def drawn_portrait(yaw: float = 0.0) -> DrawnPortrait:
    """A head with shoulders before a blue wall; smooth, so that resampling costs little."""
    kit = small_kit()
    places = project_small(kit.neutral, yaw)
    fine = np.full((600, 480, 3), (90, 120, 160), np.uint8)
    matte = np.zeros((600, 480), np.uint8)
    for picture, skin, cloth in ((fine, (205, 160, 135), (60, 50, 70)), (matte, 255, 255)):
        cv2.ellipse(picture, (240, 620), (230, 190), 0, 0, 360, cloth, -1)
        cv2.rectangle(picture, (180, 380), (300, 520), skin, -1)
        cv2.ellipse(picture, (240, 250), (135, 195), 0, 0, 360, skin, -1)
    irises = np.zeros((2, 5, 2), np.float32)
    for eye, part in enumerate(("eye_r_outer", "eye_l_outer")):
        front = kit.parts[part]
        x, y, _ = places[front][kit.neutral[front, 2].argmax()]
        centre = (round(x * 4 + 2), round(y * 4 + 2))
        cv2.ellipse(fine, centre, (24, 12), 0, 0, 360, (235, 230, 225), -1)
        cv2.circle(fine, centre, 10, (70, 50, 40), -1)
        irises[eye] = [(x, y), (x - 2.5, y), (x, y - 2.5), (x + 2.5, y), (x, y + 2.5)]
    x, y, _ = places[kit.landmarks[60:68]].mean(0)
    cv2.ellipse(fine, (round(x * 4), round(y * 4)), (44, 22), 0, 0, 360, (180, 90, 90), -1)
    image = cv2.resize(cv2.GaussianBlur(fine, (0, 0), 5), (120, 150), interpolation=cv2.INTER_AREA)
    matte = cv2.resize(cv2.GaussianBlur(matte, (0, 0), 3), (120, 150), interpolation=cv2.INTER_AREA)
    return DrawnPortrait(
        np.asarray(image, np.uint8), np.asarray(matte, np.uint8), small_sites().read(places), irises
    )
