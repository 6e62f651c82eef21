"""How alike the structure of two pictures is, by their greys (channel means).

Pictures are (h, w, 3) uint8.

Neither needs a network. ``ms_ssim`` looks at five sizes of the picture, ``gradient_deviation`` at
edges. Both correlate with what people say about blur, ghosts and noise; neither knows what a face
is, and neither is LPIPS.
"""

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

_WINDOW, _SIGMA = 11, 1.5
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_GRADIENT_C = 170.0

SMALLEST_PX = _WINDOW * 2 ** (len(_EXPONENTS) - 1)
"""Shorter side from which five scales hold a whole window."""


def ms_ssim(found: Picture, wanted: Picture) -> float:
    """Multi-scale structural similarity (Wang, Simoncelli and Bovik 2003), 1 for equal pictures.

    The product over five scales of the mean contrast-structure term to the power of the scale's
    weight, with the luminance term at the coarsest one; an 11x11 Gaussian window, whole windows
    only; a negative mean counts as 0. The next scale is the mean over 2x2 pixels.

    Raises:
        InputError: the shorter side is below ``SMALLEST_PX``.
    """
    if min(found.shape[:2]) < SMALLEST_PX:
        raise InputError(
            f"MS-SSIM needs pictures of at least {SMALLEST_PX} px; found "
            f"{found.shape[1]}x{found.shape[0]}."
        )
    a, b = _grey(found), _grey(wanted)
    product = 1.0
    for scale, exponent in enumerate(_EXPONENTS):
        luminance, contrast = _similarities(a, b)
        last = scale == len(_EXPONENTS) - 1
        mean = float((luminance * contrast).mean() if last else contrast.mean())
        product *= max(mean, 0.0) ** exponent
        a, b = _halved(a), _halved(b)
    return product


def gradient_deviation(found: Picture, wanted: Picture) -> float:
    """Gradient magnitude similarity deviation (Xue, Zhang, Mou and Bovik 2014), 0 for equals.

    The standard deviation over the picture, halved, of (2 g h + c) / (g^2 + h^2 + c), where g and
    h are the Prewitt gradients' magnitudes and c = 170. Even blur costs less than a blur in one
    place. Up to about 0.35.
    """
    g, h = (_gradient(_halved(_grey(picture))) for picture in (found, wanted))
    similarity = (2 * g * h + _GRADIENT_C) / (g * g + h * h + _GRADIENT_C)
    return float(similarity.std())


def _grey(picture: Picture) -> Floats:
    return np.asarray(picture.astype(np.float64).mean(-1))


def _halved(x: Floats) -> Floats:
    """Means over 2x2 pixels; an odd last row or column is left out."""
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    whole = x[:height, :width]
    return np.asarray(
        (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / 4
    )


def _similarities(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Luminance and contrast-structure maps of SSIM."""
    mean_a, mean_b = _smoothed(a), _smoothed(b)
    var_a, var_b = _smoothed(a * a) - mean_a**2, _smoothed(b * b) - mean_b**2
    covariance = _smoothed(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    contrast = (2 * covariance + _C2) / (var_a + var_b + _C2)
    return np.asarray(luminance), np.asarray(contrast)


def _smoothed(x: Floats) -> Floats:
    """Gaussian means over whole windows."""
    places = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(places**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    high, wide = (n - _WINDOW + 1 for n in x.shape)
    rows = np.zeros((high, x.shape[1]))
    for i, weight in enumerate(weights):
        rows += weight * x[i : i + high]
    whole = np.zeros((high, wide))
    for i, weight in enumerate(weights):
        whole += weight * rows[:, i : i + wide]
    return whole


def _gradient(x: Floats) -> Floats:
    """Magnitude of Prewitt's gradient at whole 3x3 windows."""
    across = (x[:, :-2] - x[:, 2:]) / 3
    down = (x[:-2] - x[2:]) / 3
    dx = across[:-2] + across[1:-1] + across[2:]
    dy = down[:, :-2] + down[:, 1:-1] + down[:, 2:]
    return np.asarray(np.sqrt(dx * dx + dy * dy))
