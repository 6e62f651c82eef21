"""How near a picture is to the one it should be. Pictures are (h, w, 3) uint8."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def mean_l1(found: Picture, wanted: Picture) -> float:
    """Mean absolute difference in [0, 1]."""
    return float(np.abs(found.astype(np.float32) - wanted).mean() / 255)


def psnr_db(found: Picture, wanted: Picture) -> float:
    """Peak signal to noise ratio; infinite for equal pictures."""
    return difference_db(found.astype(np.float64) - wanted, 255)


def difference_db(difference: NDArray[np.floating[Any]], peak: float) -> float:
    """Peak signal to noise ratio of a difference of pictures; infinite where there is none."""
    error = float(np.square(difference).mean())
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


def ssim(found: Picture, wanted: Picture, *, window: int = 7) -> float:
    """Structural similarity of the greys (Wang et al. 2004), square windows, sample covariance."""
    a, b = (picture.astype(np.float64).mean(-1) for picture in (found, wanted))
    mean_a, mean_b = _box(a, window), _box(b, window)
    unbiased = window**2 / (window**2 - 1)
    var_a = unbiased * (_box(a * a, window) - mean_a**2)
    var_b = unbiased * (_box(b * b, window) - mean_b**2)
    covariance = unbiased * (_box(a * b, window) - mean_a * mean_b)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _box(x: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Means over all whole square windows."""
    rows = sliding_window_view(x, window, 0).mean(-1)
    return np.asarray(sliding_window_view(rows, window, 1).mean(-1))
