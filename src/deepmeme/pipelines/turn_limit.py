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
    [[1, 0, 0], [0, 1, 0]]. What a camera has beside a similarity and a turn is kept.

    Returns:
        The cameras, and the share of each one's turn that was kept, (n,) in (0, 1].
    """
    size = np.linalg.svd(maps[:, :, :2], compute_uv=False)[:, 0]
    depth = maps[:, :, 2] / np.maximum(size, 1e-9)[:, None]
    sine = np.linalg.norm(depth, axis=1)
    turn = np.arcsin(np.clip(sine, 0, 1))
    limit = np.radians(limit_deg)
    knee = KNEE * limit
    over = np.maximum(turn - knee, 0) / max(limit - knee, 1e-9)
    kept = np.where(turn > knee, knee + (limit - knee) * np.tanh(over), turn)
    towards = depth / np.maximum(sine, 1e-9)[:, None]
    # in-plane part: undo the tilt, which shortens what lies along its direction by cos(turn)
    flat = maps[:, :, :2] + _along(towards, maps, 1 / np.maximum(np.cos(turn), 0.2) - 1)
    turned = flat + _along(towards, flat, np.cos(kept) - 1)
    limited = maps.copy()
    bent = turn > knee
    limited[bent, :, :2] = turned[bent]
    limited[bent, :, 2] = (size * np.sin(kept))[bent, None] * towards[bent]
    return limited, np.where(bent, kept / np.maximum(turn, 1e-9), 1.0)


def _along(direction: Maps, maps: Maps, share: NDArray[np.float64]) -> Maps:
    """(n, 2, 2): ``share`` of what the maps' results have along (n, 2) ``direction``."""
    onto = direction[:, :, None] * direction[:, None, :]
    return np.asarray(share[:, None, None] * (onto @ maps[:, :, :2]))
