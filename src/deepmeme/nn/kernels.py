"""Blur kernels as plain numbers, for both sides of the bridge."""

import numpy as np
from numpy.typing import NDArray


def gaussian_kernel(sigma: float) -> NDArray[np.float32]:
    """(n, n) normalised Gaussian, n = 2 round(4 sigma) + 1."""
    size = 2 * round(sigma * 4) + 1
    axis = np.arange(size) - (size - 1) / 2
    line = np.exp(-np.square(axis) / (2 * sigma**2))
    plane = line[:, None] * line[None, :]
    return np.asarray(plane / plane.sum(), np.float32)


def shrink_sigma(scale: float) -> float:
    """The blur that belongs to shrinking by ``scale``, (1/scale - 1) / 2, as the reference."""
    return (1 / scale - 1) / 2
