"""Where the keypoints of a head are on a cartoon face, by the names of ``ict.KEYPOINT_NAMES``."""

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.toon_canvas import Point, mirrored, places, smooth
from deepmeme.data.toon_face import brow_line, head_outline, iris_circle, lid_lines, mouth_lines
from deepmeme.data.toon_person import REST, Toon, ToonMoment

Array = NDArray[np.float32]

_EAR_HEIGHT = -0.05  # of the jaw's first point
_NOSE = places(
    "0,-0.06  0,0  0,0.055  0,0.108  -0.05,0.150  -0.026,0.160  0,0.168  0.026,0.160  0.05,0.150"
)
_FURTHER = {
    "forehead_r": (-0.19, -0.375),
    "forehead": (0.0, -0.39),
    "forehead_l": (0.19, -0.375),
    "crown": (0.0, -0.60),
    "ear_r": (-0.43, 0.03),
    "ear_l": (0.43, 0.03),
    "neck_r": (-0.20, 0.66),
    "neck_l": (0.20, 0.66),
    "neck_front": (0.0, 0.76),
}


def toon_points(person: Toon, moment: ToonMoment = REST) -> Array:
    """(k, 2) in [-1, 1], face on."""
    found: dict[str, Point] = {}

    def put(name: str, line: Array | list[Point]) -> None:
        for i, (x, y) in enumerate(line):
            found[f"{name}_{i}"] = (float(x), float(y))

    put("jaw", _jaw(person, moment))
    put("nose", _NOSE)
    right = _along(smooth(brow_line(person, -1, moment), closed=False), (1, 0.75, 0.5, 0.25, 0))
    left = _along(smooth(brow_line(person, 1, moment), closed=False), (0, 0.25, 0.5, 0.75, 1))
    put("brow_r", right)
    put("brow_l", left)
    for side, name in ((-1, "r"), (1, "l")):
        upper, lower = (smooth(line, closed=False) for line in lid_lines(person, side, moment))
        inner, outer = upper[:1], upper[-1:]
        if side < 0:
            ring = [outer, _along(upper, (0.66, 0.33)), inner, _along(lower, (0.33, 0.66))]
        else:
            ring = [inner, _along(upper, (0.33, 0.66)), outer, _along(lower, (0.66, 0.33))]
        put(f"eye_{name}", np.concatenate(ring))
        found[f"iris_{name}"] = iris_circle(person, side, moment)[:2]
    mouth = mouth_lines(person, moment)
    put(
        "lip_outer",
        np.concatenate(
            [
                _along(mouth.top, (0, 0.22, 0.40, 0.5, 0.60, 0.78, 1)),
                _along(mouth.bottom, (0.8, 0.64, 0.5, 0.36, 0.2)),
            ]
        ),
    )
    put(
        "lip_inner",
        np.concatenate(
            [
                _along(mouth.upper_edge, (0.06, 0.32, 0.5, 0.68, 0.94)),
                _along(mouth.lower_edge, (0.68, 0.5, 0.32)),
            ]
        ),
    )
    found |= _FURTHER
    return np.array([found[name] for name in KEYPOINT_NAMES], np.float32)


def _along(line: Array, shares: tuple[float, ...]) -> Array:
    """Places at these shares of a line's length (m, 2)."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.array(shares) * length[-1]
    return np.stack([np.interp(at, length, line[:, axis]) for axis in (0, 1)], 1).astype(np.float32)


def _jaw(person: Toon, moment: ToonMoment) -> Array:
    """17 places from ear to chin to ear, at equal angles."""
    outline = smooth(mirrored(head_outline(person, moment)))
    rays = outline - np.array([0.0, _EAR_HEIGHT], np.float32)
    angles = np.arctan2(rays[:, 1], rays[:, 0])
    wanted = np.pi * (1 - np.arange(17) / 16)
    gap = np.abs((angles[None] - wanted[:, None] + np.pi) % (2 * np.pi) - np.pi)
    jaw: Array = outline[gap.argmin(1)]
    return jaw
