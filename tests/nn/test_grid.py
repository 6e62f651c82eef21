"""Geometry of the torch side, against plain arithmetic."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.nn.grid import coordinate_grid, gaussian_heatmaps, inverse_2x2, warp
from deepmeme.nn.resample import AntiAliasDown


@pytest.mark.parametrize("size", [(5, 7), (64, 64)])
def test_identity_warp_is_the_identity(size: tuple[int, int]) -> None:
    image = torch.rand(1, 3, *size)
    grid = coordinate_grid(*size)[None]
    torch.testing.assert_close(warp(image, grid, align_corners=True), image)


def test_without_corners_the_identity_grid_is_a_zoom() -> None:
    """Today's reference: pixel i is read at i w / (w - 1) - 1/2."""
    ramp = torch.arange(64, dtype=torch.float32).expand(1, 1, 64, 64)
    out = warp(ramp, coordinate_grid(64, 64)[None], align_corners=False)[0, 0, 32]
    inside = torch.arange(1, 63)
    torch.testing.assert_close(out[1:63], inside * 64 / 63 - 0.5, atol=1e-4, rtol=0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_inverse_is_the_inverse(entries: list[float]) -> None:
    matrix = torch.tensor(entries, dtype=torch.float64).view(2, 2)
    if abs(float(torch.det(matrix))) < 1e-2:
        return
    product = inverse_2x2(matrix) @ matrix
    torch.testing.assert_close(product, torch.eye(2, dtype=torch.float64), atol=1e-9, rtol=0)


def test_gaussian_peaks_at_its_keypoint() -> None:
    xy = torch.tensor([[[0.5, -0.25], [-1.0, 1.0]]])
    maps = gaussian_heatmaps(xy, 65, 33, 0.01)
    for k in range(2):
        row, column = np.unravel_index(int(maps[0, k].argmax()), (65, 33))
        expected = xy[0, k].numpy()
        assert abs(2 * column / 32 - 1 - expected[0]) <= 1 / 32
        assert abs(2 * row / 64 - 1 - expected[1]) <= 1 / 64
    assert float(maps.max()) == pytest.approx(1.0, abs=1e-3)


def test_shrinking_keeps_flat_pictures_flat() -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    small = AntiAliasDown(3, 0.25)(flat)
    assert small.shape == (1, 3, 16, 16)
    torch.testing.assert_close(small[..., 2:-2, 2:-2], flat[..., :12, :12])
