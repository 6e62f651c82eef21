"""What the demo's driver does: says "hello, wow, deep meme, oo la la, banana", and winks.

A line of sounds drives the mouth and the voice alike, so that they agree. Mouth shapes overlap as
in speech: every sound pulls the mouth for a while before and after its moment, and the pulls are
averaged (dominance functions after Cohen and Massaro, 1993).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

FPS = 25
SECONDS = 5.6


class Sound(NamedTuple):
    """One speech sound at its moment."""

    name: str
    at_s: float


class Note(NamedTuple):
    """The melody of a syllable."""

    start_s: float
    end_s: float
    midi: int


SPEECH = tuple(
    Sound(name, at)
    for name, at in (
        ("H", 0.50), ("E", 0.60), ("L", 0.74), ("O", 0.88), ("U", 1.04),
        ("W", 1.32), ("A", 1.48), ("U", 1.70),
        ("D", 2.02), ("I", 2.14), ("P", 2.30), ("M", 2.42), ("I", 2.58), ("M", 2.80),
        ("U", 3.10), ("L", 3.30), ("A", 3.40), ("L", 3.56), ("A", 3.68),
        ("B", 4.00), ("A", 4.11), ("N", 4.23), ("A", 4.36), ("N", 4.50), ("A", 4.64),
    )
)  # fmt: skip

MELODY = tuple(
    Note(start, end, midi)
    for start, end, midi in (
        (0.50, 0.72, 64), (0.72, 1.16, 67),
        (1.28, 1.84, 72),
        (2.00, 2.30, 67), (2.42, 2.90, 69),
        (2.98, 3.26, 67), (3.28, 3.52, 72), (3.54, 3.82, 76),
        (3.98, 4.20, 74), (4.22, 4.46, 69), (4.48, 4.84, 72),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Performance:
    """All frames; angles in degrees as ``ict.rotation_matrix`` and ``FaceKit.look`` take them."""

    pose: Array  # (n, 3) yaw, pitch, roll
    translation: Array  # (n, 2) in [-1, 1], x right, y down
    gaze: Array  # (n, 2) right, up
    expression: tuple[dict[str, float], ...]

    def __len__(self) -> int:
        return len(self.pose)

    def mirrored(self) -> "Performance":
        """The same with left and right exchanged."""
        flip = np.array((-1, 1, -1), np.float32)
        other = {"_L": "_R", "_R": "_L"}
        return Performance(
            self.pose * flip, self.translation * flip[:2], self.gaze * flip[:2],
            tuple(
                {name[:-2] + other[name[-2:]] if name[-2:] in other else name: weight
                 for name, weight in weights.items()}
                for weights in self.expression
            ),
        )  # fmt: skip


_MOUTHS: dict[str, dict[str, float]] = {
    "A": {"jawOpen": 0.62, "mouthLowerDown": 0.25, "mouthUpperUp": 0.15, "mouthStretch": 0.10},
    "E": {"jawOpen": 0.36, "mouthSmile": 0.30, "mouthStretch": 0.28, "mouthLowerDown": 0.2},
    "I": {"jawOpen": 0.16, "mouthSmile": 0.55, "mouthStretch": 0.38, "mouthUpperUp": 0.22,
          "mouthLowerDown": 0.22},
    "O": {"jawOpen": 0.42, "mouthFunnel": 0.62, "mouthPucker": 0.30},
    "U": {"jawOpen": 0.14, "mouthPucker": 0.85, "mouthFunnel": 0.25},
    "W": {"jawOpen": 0.06, "mouthPucker": 1.0, "mouthFunnel": 0.1},
    "H": {"jawOpen": 0.25, "mouthLowerDown": 0.1},
    "L": {"jawOpen": 0.30, "mouthUpperUp": 0.15, "mouthLowerDown": 0.1},
    "N": {"jawOpen": 0.18, "mouthUpperUp": 0.15, "mouthLowerDown": 0.1},
    "D": {"jawOpen": 0.14, "mouthUpperUp": 0.15, "mouthLowerDown": 0.15},
    "M": {"jawOpen": 0.0, "mouthPress": 0.50, "mouthRollLower": 0.30, "mouthRollUpper": 0.22},
    "B": {"jawOpen": 0.0, "mouthPress": 0.50, "mouthRollLower": 0.34, "mouthRollUpper": 0.24},
    "P": {"jawOpen": 0.0, "mouthPress": 0.50, "mouthRollLower": 0.34, "mouthRollUpper": 0.24},
}  # fmt: skip
_CLOSED = {"M": (9.0, 0.050), "B": (9.0, 0.042), "P": (9.0, 0.045)}
_CONSONANT = (1.4, 0.050)
_VOWEL = (1.0, 0.085)
_REST = 0.10

_POSE_KEYS = (  # seconds, yaw, pitch, roll, x, y
    (0.00, 0, 0, 0, 0, 0),
    (0.40, 0, 0, 0, 0, 0),
    (0.72, 7, -6, 3, 0.02, 0.02),
    (1.05, 11, 3, 4, 0.03, 0.0),
    (1.50, -12, 7, -5, -0.04, -0.02),
    (1.80, -13, 5, -6, -0.04, -0.01),
    (2.15, -2, -3, -1, 0.0, 0.0),
    (2.42, 3, -9, 1, 0.0, 0.03),
    (2.75, 5, 1, 2, 0.01, 0.0),
    (3.15, 15, 2, 7, 0.05, 0.01),
    (3.42, 10, -2, 2, 0.02, 0.01),
    (3.72, -14, 2, -7, -0.05, 0.01),
    (4.05, -9, -6, -3, -0.02, 0.03),
    (4.20, -6, 2, -1, -0.01, 0.0),
    (4.36, -1, -6, 1, 0.0, 0.03),
    (4.50, 2, 2, 2, 0.0, 0.0),
    (4.66, 5, -6, 4, 0.01, 0.03),
    (5.00, 6, 1, 9, 0.02, 0.01),
    (5.22, 4, 1, 7, 0.01, 0.01),
    (5.52, 0, 0, 0, 0, 0),
    (5.60, 0, 0, 0, 0, 0),
)
_BROW_KEYS = ((0, 0), (0.45, 0), (0.62, 0.45), (1.0, 0.15), (1.28, 0.3), (1.46, 1.0), (1.8, 0.75),
              (2.05, 0.0), (2.9, 0.0), (3.1, 0.5), (3.4, 0.55), (3.7, 0.6), (3.9, 0.1), (4.8, 0.1),
              (5.0, 0.35), (5.25, 0.3), (5.5, 0), (5.6, 0))  # fmt: skip
_FROWN_KEYS = ((0, 0), (1.95, 0), (2.12, 0.45), (2.45, 0.55), (2.8, 0.1), (2.95, 0), (5.6, 0))
_SMILE_KEYS = ((0, 0), (0.4, 0), (0.9, 0.30), (1.3, 0.05), (2.0, 0.05), (2.9, 0.25), (3.2, 0.2),
               (3.8, 0.4), (4.2, 0.25), (4.7, 0.35), (4.95, 0.85), (5.25, 0.75), (5.52, 0),
               (5.6, 0))  # fmt: skip
_WIDE_KEYS = ((0, 0), (1.25, 0), (1.45, 0.8), (1.8, 0.6), (2.0, 0), (5.6, 0))
_BLINKS_S = (1.14, 1.96, 2.98, 3.90)
_WINK_S = (4.92, 5.30)


def perform() -> Performance:
    """The whole performance; it begins and ends face on, at rest, so that it can loop."""
    times = np.arange(round(SECONDS * FPS), dtype=np.float64) / FPS
    keys = np.array(_POSE_KEYS)
    moves = np.stack([_eased(times, keys[:, 0], keys[:, i]) for i in range(1, 6)], 1)
    pose = moves[:, :3]
    gaze = np.stack([-0.55 * pose[:, 0], -0.5 * pose[:, 1]], 1)  # eyes stay with the viewer
    return Performance(
        pose.astype(np.float32),
        moves[:, 3:].astype(np.float32),
        gaze.astype(np.float32),
        tuple(_expression(float(t)) for t in times),
    )


def _expression(t: float) -> dict[str, float]:
    found = mouth_at(t)
    smile, brow = _value(t, _SMILE_KEYS), _value(t, _BROW_KEYS)
    found["mouthSmile"] = min(1.0, found.get("mouthSmile", 0.0) + smile)
    found["cheekSquint"] = 0.7 * smile
    found["browInnerUp"] = 0.8 * brow
    found["browOuterUp"] = brow
    found["browDown"] = _value(t, _FROWN_KEYS)
    found["eyeWide"] = _value(t, _WIDE_KEYS)
    blink = max(_blink(t - moment) for moment in _BLINKS_S)
    start, end = _WINK_S
    wink = float(np.clip(min((t - start) / 0.09, (end - t) / 0.12), 0, 1))
    found["eyeBlink_L"] = max(blink, wink)
    found["eyeBlink_R"] = max(blink, 0.25 * wink)
    found["cheekRaiser_L"] = 0.8 * wink
    found["eyeSquint"] = 0.35 * smile
    open_eyes = 1 - max(blink, wink)
    found["eyeWide"] *= open_eyes
    return {name: float(value) for name, value in found.items() if value > 1e-4}


def mouth_at(t: float) -> dict[str, float]:
    """Mouth shape at a moment, before emotion is added."""
    total, pulled = _REST, dict.fromkeys({k for m in _MOUTHS.values() for k in m}, 0.0)
    for sound in SPEECH:
        strength, width = _CLOSED.get(sound.name, _VOWEL if sound.name in "AEIOU" else _CONSONANT)
        pull = strength * float(np.exp(-0.5 * ((t - sound.at_s) / width) ** 2))
        total += pull
        for name, value in _MOUTHS[sound.name].items():
            pulled[name] += pull * value
    return {name: value / total for name, value in pulled.items()}


def _blink(after_s: float) -> float:
    """Lids close in 80 ms, rest for 40 ms and open in 160 ms."""
    if after_s < -0.08 or after_s > 0.20:
        return 0.0
    share = 1 + after_s / 0.08 if after_s < 0 else 1 - max(0.0, after_s - 0.04) / 0.16
    return float(np.clip(share * share * (3 - 2 * share), 0, 1))


def _value(t: float, keys: tuple[tuple[float, float], ...]) -> float:
    table = np.array(keys)
    return float(_eased(np.array([t]), table[:, 0], table[:, 1])[0])


def _eased(
    times: NDArray[np.float64], at: NDArray[np.float64], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Between the keys without a kink: a monotone cubic (Fritsch and Carlson, 1980)."""
    step = np.diff(at)
    slope = np.diff(value) / step
    same = slope[:-1] * slope[1:] > 0
    tangent = np.zeros_like(value)
    tangent[1:-1] = np.where(
        same, 2 * slope[:-1] * slope[1:] / np.where(same, slope[:-1] + slope[1:], 1), 0
    )
    i = np.clip(np.searchsorted(at, times, side="right") - 1, 0, len(step) - 1)
    u = np.clip((times - at[i]) / step[i], 0, 1)
    a, b = value[i], value[i + 1]
    p, q = tangent[i] * step[i], tangent[i + 1] * step[i]
    eased: NDArray[np.float64] = a + u * (
        p + u * (3 * (b - a) - 2 * p - q + u * (2 * (a - b) + p + q))
    )
    return eased
