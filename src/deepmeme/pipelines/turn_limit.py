"""A picture shows one side of a head: turns that would have to invent the other are bent back.

The tilt of the head out of the picture's plane, yaw and pitch together, is followed as it is up to
a knee; beyond it ever less, towards a limit that is never passed. Rolls, shifts and sizes stay.
"""

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float64]

KNEE = 0.6
"""Share of the limit up to which turns are followed as they are."""


def limited_turn(maps: Maps, limit_deg: float) -> tuple[Maps, NDArray[np.float64]]:
    """Affine cameras (n, 2, 3) whose out-of-plane turn stays below a limit.

    Column 2 says how far a place moves for each unit of depth; a camera that doesn't turn is
    [[1, 0, 0], [0, 1, 0]]. What a camera has beside a similarity and a turn shrinks with the turn.

    Returns:
        The cameras, and the share of each one's turn that was kept, (n,) in (0, 1].
    """
    left, stretch, right = np.linalg.svd(maps[:, :, :2])
    size, flat = stretch[:, 0], stretch[:, :1, None] * (left @ right)  # without any turn
    depth = maps[:, :, 2] / np.maximum(size, 1e-9)[:, None]
    sine = np.linalg.norm(depth, axis=1)
    turn = np.arcsin(np.clip(sine, 0, 1))
    limit = np.radians(limit_deg)
    knee = KNEE * limit
    over = np.maximum(turn - knee, 0) / max(limit - knee, 1e-9)
    kept = np.where(turn > knee, knee + (limit - knee) * np.tanh(over), turn)
    share = np.where(turn > knee, kept / np.maximum(turn, 1e-9), 1.0)
    towards = depth / np.maximum(sine, 1e-9)[:, None]
    rest = maps[:, :, :2] - _foreshortened(flat, towards, turn)
    limited = maps.copy()
    bent = turn > knee
    shown = _foreshortened(flat, towards, kept) + share[:, None, None] * rest
    limited[bent, :, :2] = shown[bent]
    limited[bent, :, 2] = (size * np.sin(kept))[bent, None] * towards[bent]
    return limited, share


def _foreshortened(flat: Maps, towards: Maps, turn: NDArray[np.float64]) -> Maps:
    """Maps (n, 2, 2) with what lies along a direction (n, 2) shortened by a turn's cosine."""
    onto = towards[:, :, None] * towards[:, None, :]
    return np.asarray(flat + (np.cos(turn) - 1)[:, None, None] * (onto @ flat))
