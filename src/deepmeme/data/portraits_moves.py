"""Draw how the person of a portrait moves: pose, expression and gaze of one further frame."""

import numpy as np

from deepmeme.data.ict import FaceKit, rotation_matrix
from deepmeme.data.portraits_fit import Floats, HeadFit
from deepmeme.data.portraits_model import PortraitModel
from deepmeme.data.portraits_render import Move, Window

MOST_YAW, MOST_PITCH, MOST_ROLL = 33.0, 22.0, 18.0
"""Degrees a re-rendered head may be away from the camera's axes."""

TURN_YAW, TURN_PITCH, TURN_ROLL = 25.0, 15.0, 12.0
"""Degrees it may be away from the portrait."""

_UP_DOWN = np.diag([1.0, -1.0, -1.0]).astype(np.float32)  # between the kit's and camera axes

_SPEECH: tuple[dict[str, tuple[float, float]], ...] = (
    {"jawOpen": (0.25, 0.75)},
    {"jawOpen": (0.1, 0.35), "mouthStretch": (0.2, 0.6), "mouthLowerDown": (0.1, 0.5)},
    {"jawOpen": (0.1, 0.4), "mouthFunnel": (0.3, 0.8)},
    {"jawOpen": (0.02, 0.12), "mouthPucker": (0.4, 0.9)},
    {"mouthRollLower": (0.2, 0.7), "mouthRollUpper": (0.2, 0.6), "mouthPress": (0.1, 0.5)},
    {"jawOpen": (0.0, 0.15), "mouthUpperUp": (0.1, 0.5), "mouthLowerDown": (0.2, 0.6)},
)
_MOODS: tuple[dict[str, tuple[float, float]], ...] = (
    {"mouthSmile": (0.3, 0.9), "cheekSquint": (0.1, 0.6), "mouthUpperUp": (0.0, 0.3)},
    {"mouthFrown": (0.2, 0.7), "browDown": (0.2, 0.7)},
    {"browInnerUp": (0.3, 0.9), "browOuterUp": (0.3, 1.0), "eyeWide": (0.1, 0.6)},
    {"browInnerUp": (0.4, 1.0), "mouthFrown": (0.1, 0.4)},
    {"browDown": (0.3, 0.9), "eyeSquint": (0.1, 0.5), "noseSneer": (0.0, 0.4)},
    {"mouthLeft": (0.2, 0.6)},
    {"mouthRight": (0.2, 0.6)},
    {"cheekPuff": (0.2, 0.7)},
)


def draw_window(model: PortraitModel, rng: np.random.Generator) -> Window:
    """A square around the face: about twice as high as the face, as ``framing`` 2 crops it."""
    face = model.carrier.sites.read(model.source_px)[:, :2]
    low, high = face.min(0), face.max(0)
    tall = float(high[1] - low[1])
    side = 1.95 * tall * rng.uniform(0.86, 1.16)
    x, y = (low + high) / 2 + np.array([0.0, -0.04]) * side + rng.normal(0, 0.025, 2) * side
    return Window(float(x - side / 2), float(y - side / 2), side)


def draw_move(model: PortraitModel, window: Window, rng: np.random.Generator) -> Move:
    """One further pose and expression of a portrait."""
    calm = 0.3 if rng.random() < 0.3 else 1.0
    gaze = _draw_gaze(model.gaze, rng)
    expression, lids, lips = _draw_expression(model, gaze, rng)
    return Move(
        _draw_turn(model.fit, calm, rng),
        (rng.normal(0, 0.03, 2) * calm * window.side)
        .clip(-0.09 * window.side, 0.09 * window.side)
        .astype(np.float32),
        expression,
        gaze,
        lids,
        lips,
    )


def pose_degrees(rotation: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll (as ``ict.rotation_matrix`` takes them) of a fitted rotation."""
    turn = _UP_DOWN @ rotation
    yaw = np.arctan2(-turn[2, 0], turn[2, 2])
    pitch = -np.arcsin(np.clip(turn[2, 1], -1, 1))
    roll = -np.arctan2(-turn[0, 1], turn[1, 1])
    return tuple(float(v) for v in np.rad2deg([yaw, pitch, roll]))  # type: ignore[return-value]


def turn_to(fit: HeadFit, yaw: float, pitch: float, roll: float) -> Floats:
    """(3, 3) in camera axes: what takes the portrait's pose to another one (degrees)."""
    return np.asarray(_UP_DOWN @ rotation_matrix(yaw, pitch, roll) @ fit.rotation.T, np.float32)


def _draw_turn(fit: HeadFit, calm: float, rng: np.random.Generator) -> Floats:
    limits = (TURN_YAW, TURN_PITCH, TURN_ROLL)
    goal = []
    for now, turn, most in zip(
        pose_degrees(fit.rotation), limits, (MOST_YAW, MOST_PITCH, MOST_ROLL), strict=True
    ):
        low, high = max(-turn, -most - now), min(turn, most - now)
        away = rng.uniform(low, high) if low < high else -now
        goal.append(now + calm * away)
    zoom = float(np.exp(rng.normal(0, 0.025) * calm))
    return np.asarray(zoom * turn_to(fit, *goal), np.float32)


def _draw_gaze(gaze: Floats, rng: np.random.Generator) -> Floats:
    if rng.random() < 0.35:
        return gaze
    shift = np.array([rng.normal(0, 12), rng.normal(0, 6)])
    return np.asarray(np.clip(gaze + shift, [-28, -16], [28, 13]), np.float32)


def _draw_expression(
    model: PortraitModel, gaze: Floats, rng: np.random.Generator
) -> tuple[Floats, tuple[float, float], float]:
    kit = model.carrier.kit
    own = _named(kit, ("mouth", "jaw", "cheek", "noseSneer"))
    keep = float(rng.choice([1.0, 0.0, rng.uniform(0, 1)]))
    share = np.where(own, keep, rng.uniform(0.4, 1.0)).astype(np.float32)
    weights: Floats = model.fit.expression * share
    for chance, kinds in ((0.65, _SPEECH), (0.6, _MOODS)):
        if rng.random() < chance:
            for name, (low, high) in kinds[rng.integers(len(kinds))].items():
                added = kit.expression_weights({name: rng.uniform(low, high)})
                weights = weights + added * rng.uniform(0.75, 1.0, len(added)).astype(np.float32)
    down = float(np.mean(model.gaze[:, 1] - gaze[:, 1]))
    look = {"eyeLookDown": max(down, 0) / 30, "eyeLookUp": max(-down, 0) / 30}
    weights = np.asarray(np.clip(weights + kit.expression_weights(look), 0, 1), np.float32)
    closed = _draw_blink(kit, weights, rng)
    still = weights[_named(kit, ("jawOpen", "mouthUpperUp", "mouthLowerDown"))].max() < 0.12
    return weights, closed, float(still and rng.random() < 0.7)


def _draw_blink(kit: FaceKit, weights: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Close the lids now and then; changes ``weights``."""
    kind = rng.random()
    if kind > 0.36:
        return 0.0, 0.0
    closed = 1.0 if kind < 0.16 else float(rng.uniform(0.2, 0.9))
    sides = [closed, closed]
    if kind < 0.02:
        sides[int(rng.integers(2))] = 0.1
    for side, amount in zip("RL", sides, strict=True):
        lid = _named(kit, (f"eyeBlink_{side}",))
        weights[lid] = np.maximum(weights[lid], amount)
        weights[_named(kit, (f"eyeWide_{side}", f"eyeSquint_{side}"))] *= 1 - amount
    return tuple(max(0.0, (amount - 0.6) / 0.4) for amount in sides)  # type: ignore[return-value]


def _named(kit: FaceKit, starts: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([name.startswith(starts) for name in kit.expression_names])
