"""Pictures in the making: one layer upon another, and noise."""

from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]


def noise(rng: np.random.Generator, height: int, width: int, cell: float) -> Array:
    """Smooth noise of unit spread; ``cell`` is the size of a blob in pixels."""
    small = rng.standard_normal((int(height / cell) + 3, int(width / cell) + 3))
    wide = cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, np.float32)


def over(below: Real, above: Real, share: Real) -> Array:
    """(h, w, 3): one colour or a picture laid upon another by a share (h, w)."""
    cover = np.broadcast_to(np.asarray(above, np.float32), below.shape)
    colour: Array = _blend(np.asarray(below, np.float32), cover, np.asarray(share, np.float32))
    return colour


@njit(cache=True, nogil=True)
def _blend(below, above, share):  # type: ignore[no-untyped-def]
    out = np.empty(below.shape, np.float32)
    for i in range(below.shape[0]):
        for j in range(below.shape[1]):
            part = share[i, j]
            for c in range(3):
                out[i, j, c] = below[i, j, c] + part * (above[i, j, c] - below[i, j, c])
    return out
