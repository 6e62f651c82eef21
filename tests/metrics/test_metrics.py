"""Figures on pictures and keypoints with known answers."""

import numpy as np
import pytest

from deepmeme.metrics.keypoints import average_distance_px, interocular, normalised_errors
from deepmeme.metrics.pictures import mean_l1, psnr_db, ssim

NAMES = (*(f"eye_r_{i}" for i in range(6)), *(f"eye_l_{i}" for i in range(6)), "nose_0")


def test_l1_and_psnr_of_a_constant_difference() -> None:
    a = np.zeros((8, 8, 3), np.uint8)
    assert mean_l1(a + 51, a) == pytest.approx(0.2)
    assert psnr_db(a + 51, a) == pytest.approx(20 * np.log10(5))
    assert psnr_db(a, a) == float("inf")


def test_ssim_is_one_for_equals_and_falls_with_noise() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 200, (32, 32, 3)).astype(np.uint8)
    little = picture + rng.integers(0, 10, picture.shape).astype(np.uint8)
    much = picture + rng.integers(0, 55, picture.shape).astype(np.uint8)
    assert ssim(picture, picture) == pytest.approx(1)
    assert 1 > ssim(little, picture) > ssim(much, picture)


def test_errors_are_in_eye_distances() -> None:
    xy = np.zeros((1, 13, 2))
    xy[:, 6:12, 0] = 0.5
    found = xy.copy()
    found[:, 12] += (0.0, 0.1)
    assert interocular(xy, NAMES)[0] == pytest.approx(0.5)
    errors = normalised_errors(found, xy, NAMES)
    assert errors[0, 12] == pytest.approx(0.2)
    assert errors[0, :12].max() == 0


def test_average_distance_leaves_depth_out() -> None:
    a = np.array([[0.0, 0.0, 5.0], [1.0, 1.0, 0.0]])
    b = np.array([[3.0, 4.0, 0.0], [1.0, 1.0, 9.0]])
    assert average_distance_px(a, b) == pytest.approx(2.5)
