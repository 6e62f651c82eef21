"""The source and driving pictures behind ``tests/parity``: smooth, coloured, made from a seed."""

import numpy as np
from numpy.typing import NDArray


def picture(seed: int, size: int = 256) -> NDArray[np.float32]:
    """(size, size, 3) in [0, 1]: twelve soft blobs and a ripple."""
    random = np.random.Generator(np.random.PCG64([seed, 77]))
    yy, xx = np.mgrid[0:size, 0:size] / (size - 1.0)
    total = np.zeros((size, size, 3))
    for _ in range(12):
        x, y, radius = (random.uniform(a, b) for a, b in ((0.1, 0.9), (0.1, 0.9), (0.05, 0.25)))
        distance = (xx - x) ** 2 + (yy - y) ** 2
        total += np.exp(-distance / (2 * radius * radius))[..., None] * random.uniform(-1, 1, 3)
    total += 0.2 * np.sin(40 * xx + 10 * yy)[..., None]
    return (1 / (1 + np.exp(-2 * total))).astype(np.float32)


def driving(seed: int, frames: int = 4) -> list[NDArray[np.float32]]:
    """The next picture, rolled by (2 i, 3 i) pixels in frame i."""
    return [np.roll(picture(seed + 1), (2 * i, 3 * i), (0, 1)) for i in range(frames)]
