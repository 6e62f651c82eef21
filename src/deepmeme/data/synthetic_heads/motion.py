"""Poses and faces people make: speaking, smiling, blinking, looking about."""

from typing import NamedTuple

import numpy as np

Weights = dict[str, float]


class Pose(NamedTuple):
    """Head in the picture, degrees: nose to the picture's right, nose up, clockwise."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    """Shift in units of half the picture, to the right."""
    y: float = 0.0
    """Shift in units of half the picture, downwards."""
    zoom: float = 1.0


class Motion(NamedTuple):
    """All that changes from frame to frame."""

    pose: Pose
    expression: Weights  # ARKit-like names without a side, or with _L / _R; 0..1
    gaze: tuple[float, float]  # degrees to the picture's right and up


def sample_motion(rng: np.random.Generator) -> Motion:
    """One moment; most are moderate, some are strong."""
    wide = rng.uniform() < 0.3
    spread = (25.0, 13.0, 10.0) if wide else (11.0, 6.5, 5.0)
    limits = (45.0, 25.0, 20.0)
    yaw, pitch, roll = rng.normal(0, spread).clip(np.negative(limits), limits)
    pose = Pose(
        yaw=float(yaw),
        pitch=float(pitch),
        roll=float(roll),
        x=float(rng.normal(0, 0.035)),
        y=float(rng.normal(0, 0.03)),
        zoom=float(np.exp(rng.normal(0, 0.035))),
    )
    gaze = (0.0, 0.0)
    if rng.uniform() < 0.6:
        look = rng.normal(0, (14, 7)).clip((-30, -20), (30, 16))
        gaze = (float(look[0]), float(look[1]))
    elif rng.uniform() < 0.7:  # at the camera, whatever the head does
        gaze = (float(np.clip(-pose.yaw, -28, 28)), float(np.clip(-pose.pitch, -18, 14)))
    return Motion(pose, sample_expression(rng), gaze)


def sample_expression(rng: np.random.Generator) -> Weights:
    """Weights by name: a mood, speech upon it, lids, and a little asymmetry."""
    weights: Weights = {}
    strength = float(rng.beta(1.4, 1.4))
    _add(weights, MOODS[rng.choice(len(MOODS), p=MOOD_SHARES)], strength, rng)
    if rng.uniform() < 0.55:
        _add(weights, SPEECH[rng.integers(len(SPEECH))], float(rng.uniform(0.3, 1.0)), rng)
    for _ in range(int(rng.integers(0, 3))):
        name = ONE_BY_ONE[rng.integers(len(ONE_BY_ONE))]
        _add(weights, {name: float(rng.beta(1.2, 2.0))}, 1.0, rng)
    _add(weights, _sample_lids(rng), 1.0, rng)
    closed = min(weights.get("mouthClose", 0.0), weights.get("jawOpen", 0.0))
    return weights | ({"mouthClose": closed} if closed else {})


def _sample_lids(rng: np.random.Generator) -> Weights:
    chance = rng.uniform()
    if chance < 0.13:
        return {"eyeBlink": 0.95}
    if chance < 0.25:
        return {"eyeBlink": float(rng.uniform(0.25, 0.75))}
    if chance < 0.29:
        return {str(rng.choice(["eyeBlink_L", "eyeBlink_R"])): 0.95}
    return {}


def _add(weights: Weights, more: Weights, strength: float, rng: np.random.Generator) -> None:
    """Add weights in place; sides that belong together come out a little unlike."""
    for name, value in more.items():
        single = name in CENTRAL or name[-2:] in ("_L", "_R")
        for side in (name,) if single else (f"{name}_L", f"{name}_R"):
            fresh = weights.get(side, 0.0) + strength * value * rng.normal(1, 0.12)
            weights[side] = float(np.clip(fresh, 0, 1))


CENTRAL = frozenset(
    {
        "jawForward",
        "jawLeft",
        "jawOpen",
        "jawRight",
        "mouthClose",
        "mouthFunnel",
        "mouthLeft",
        "mouthPucker",
        "mouthRight",
        "mouthRollLower",
        "mouthRollUpper",
        "mouthShrugLower",
        "mouthShrugUpper",
    }
)
"""Expressions without sides; every other name stands for a left and a right one."""

MOODS: tuple[Weights, ...] = (
    {},
    {"mouthSmile": 0.75, "cheekSquint": 0.4, "mouthDimple": 0.2},
    {
        "mouthSmile": 1.0,
        "cheekSquint": 0.8,
        "eyeSquint": 0.5,
        "jawOpen": 0.22,
        "mouthUpperUp": 0.35,
    },
    {
        "mouthSmile": 1.0,
        "jawOpen": 0.6,
        "cheekSquint": 0.9,
        "eyeSquint": 0.6,
        "mouthUpperUp": 0.5,
        "mouthLowerDown": 0.3,
    },
    {"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.9, "jawOpen": 0.6, "mouthFunnel": 0.3},
    {"browDown": 1.0, "noseSneer": 0.6, "eyeSquint": 0.5, "mouthPress": 0.6, "mouthFrown": 0.3},
    {"browInnerUp": 0.9, "mouthFrown": 0.9, "mouthShrugLower": 0.5, "eyeSquint": 0.2},
    {
        "noseSneer": 0.9,
        "mouthUpperUp": 0.7,
        "browDown": 0.6,
        "eyeSquint": 0.4,
        "mouthShrugUpper": 0.3,
    },
    {"mouthSmile_L": 0.9, "cheekSquint_L": 0.5, "browOuterUp_L": 0.6},
    {"mouthSmile_R": 0.9, "cheekSquint_R": 0.5, "browOuterUp_R": 0.6},
    {"mouthPucker": 0.9, "mouthFunnel": 0.3, "browInnerUp": 0.3},
    {"cheekPuff": 0.9, "mouthPress": 0.5},
    {
        "jawOpen": 0.95,
        "browDown": 0.6,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 0.6,
        "noseSneer": 0.5,
    },
    {"mouthRollLower": 0.7, "mouthRollUpper": 0.6, "mouthPress": 0.4},
)
MOOD_SHARES = (0.24, 0.14, 0.12, 0.08, 0.07, 0.06, 0.05, 0.04, 0.04, 0.04, 0.04, 0.03, 0.03, 0.02)

SPEECH: tuple[Weights, ...] = (
    {"jawOpen": 0.55, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    {"jawOpen": 0.3, "mouthStretch": 0.4, "mouthLowerDown": 0.3},
    {"jawOpen": 0.15, "mouthSmile": 0.3, "mouthStretch": 0.5, "mouthUpperUp": 0.2},
    {"jawOpen": 0.35, "mouthFunnel": 0.8},
    {"jawOpen": 0.12, "mouthPucker": 0.8, "mouthFunnel": 0.2},
    {"jawOpen": 0.12, "mouthClose": 0.12, "mouthPress": 0.5},
    {"jawOpen": 0.1, "mouthRollLower": 0.5, "mouthUpperUp": 0.3},
    {"jawOpen": 0.2, "mouthUpperUp": 0.3, "mouthLowerDown": 0.5},
)

ONE_BY_ONE = (
    "browDown",
    "browInnerUp",
    "browOuterUp",
    "browOuterUp_L",
    "browOuterUp_R",
    "cheekSquint",
    "cheekPuff_L",
    "cheekPuff_R",
    "eyeSquint",
    "eyeWide",
    "jawForward",
    "jawLeft",
    "jawRight",
    "jawOpen",
    "mouthLeft",
    "mouthRight",
    "mouthDimple",
    "mouthFrown",
    "mouthPucker",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthStretch_L",
    "mouthStretch_R",
    "mouthSmile",
    "mouthLowerDown",
    "noseSneer",
    "noseSneer_L",
    "noseSneer_R",
)
