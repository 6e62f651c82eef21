"""MS-SSIM and GMSD against their formulas, written out slowly."""

import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.metrics.structure import SMALLEST_PX, gradient_deviation, ms_ssim

Picture = NDArray[np.uint8]
EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def _noise(side: int, seed: int = 0, most: int = 256) -> Picture:
    return np.random.default_rng(seed).integers(0, most, (side, side, 3)).astype(np.uint8)


def _halved(x: np.ndarray) -> np.ndarray:
    high, wide = x.shape[0] // 2, x.shape[1] // 2
    return x[: 2 * high, : 2 * wide].reshape(high, 2, wide, 2).mean(axis=(1, 3))


def _slow_ms_ssim(found: Picture, wanted: Picture) -> float:
    line = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    a, b = (picture.mean(-1) for picture in (found, wanted))
    product = 1.0
    for scale, exponent in enumerate(EXPONENTS):
        values = []
        for top in range(a.shape[0] - 10):
            for left in range(a.shape[1] - 10):
                x, y = (p[top : top + 11, left : left + 11] for p in (a, b))
                mx, my = (window * x).sum(), (window * y).sum()
                vx, vy = ((window * (p - m) ** 2).sum() for p, m in ((x, mx), (y, my)))
                vxy = (window * (x - mx) * (y - my)).sum()
                value = (2 * vxy + 7.65**2) / (vx + vy + 7.65**2)
                if scale == 4:
                    value *= (2 * mx * my + 2.55**2) / (mx**2 + my**2 + 2.55**2)
                values.append(value)
        product *= np.mean(values) ** exponent
        a, b = _halved(a), _halved(b)
    return float(product)


def test_ms_ssim_is_the_formula() -> None:
    wanted = np.kron(_noise(SMALLEST_PX // 8), np.ones((8, 8, 1))).astype(np.uint8)
    found = np.clip(wanted + _noise(SMALLEST_PX, 1, 40).astype(int), 0, 255).astype(np.uint8)
    assert ms_ssim(found, wanted) == pytest.approx(_slow_ms_ssim(found, wanted), abs=1e-9)
    assert ms_ssim(wanted, wanted) == pytest.approx(1)


def test_only_brightness_differs() -> None:
    a, b = (np.full((200, 180, 3), grey, np.uint8) for grey in (100, 150))
    luminance = (2 * 100 * 150 + 2.55**2) / (100**2 + 150**2 + 2.55**2)
    assert ms_ssim(a, b) == pytest.approx(luminance**0.1333)


def test_a_small_picture_has_no_five_scales() -> None:
    with pytest.raises(InputError, match="176"):
        ms_ssim(_noise(128), _noise(128))


def test_gradient_deviation_is_the_formula() -> None:
    found, wanted = _noise(16), _noise(16, 1)

    def gradient(picture: Picture, row: int, column: int) -> float:
        grey = _halved(picture.mean(-1))[row : row + 3, column : column + 3]
        across = (grey[:, 0] - grey[:, 2]).sum() / 3
        down = (grey[0] - grey[2]).sum() / 3
        return float(np.hypot(across, down))

    similar = []
    for row in range(6):
        for column in range(6):
            g, h = (gradient(picture, row, column) for picture in (found, wanted))
            similar.append((2 * g * h + 170) / (g**2 + h**2 + 170))
    assert gradient_deviation(found, wanted) == pytest.approx(np.std(similar))
    assert gradient_deviation(wanted, wanted) == 0


def test_a_double_contour_costs_more_than_another_brightness() -> None:
    wanted = np.full((64, 64, 3), 60, np.uint8)
    wanted[:, 32:] = 180
    brighter = (wanted + 20).astype(np.uint8)
    ghost = ((wanted.astype(int) + np.roll(wanted, 8, 1)) // 2).astype(np.uint8)
    assert gradient_deviation(brighter, wanted) == pytest.approx(0, abs=1e-9)
    assert gradient_deviation(ghost, wanted) > 0.05
