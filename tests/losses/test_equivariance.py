"""Equivariance losses: zero where the formula says zero, and known numbers elsewhere."""

import pytest
import torch

from deepmeme.losses.equivariance import (
    jacobian_equivariance,
    keypoint_equivariance,
    transformed,
)
from deepmeme.nn.thin_plate import SmoothMap, random_smooth_map


def affine_map(*rows: list[float]) -> SmoothMap:
    return SmoothMap(torch.tensor([rows]), torch.zeros(0, 2), torch.zeros(1, 0))


def test_keypoints_that_go_along_cost_nothing() -> None:
    move = random_smooth_map(2, generator=torch.Generator().manual_seed(1))
    found = torch.rand(2, 5, 2) - 0.5
    assert keypoint_equivariance(move(found), found, move).item() == 0


def test_keypoints_that_stay_cost_the_shift() -> None:
    move = affine_map([1.0, 0.0, 0.3], [0.0, 1.0, -0.1])
    xy = torch.zeros(1, 4, 2)
    assert keypoint_equivariance(xy, xy, move).item() == pytest.approx(0.2)


def test_jacobians_that_go_along_cost_nothing() -> None:
    move = random_smooth_map(2, generator=torch.Generator().manual_seed(2))
    xy = torch.rand(2, 5, 2) - 0.5
    local = torch.eye(2) + 0.2 * torch.rand(2, 5, 2, 2)
    through = move.jacobian(xy) @ local
    assert jacobian_equivariance(through, local, xy, move).item() == pytest.approx(0, abs=1e-6)


def test_jacobians_by_hand() -> None:
    """J = 2 I in X, J' = I in X', T doubles x: J^-1 T' J' = diag(1, 1/2)."""
    move = affine_map([2.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    one = torch.eye(2).expand(1, 3, 2, 2)
    loss = jacobian_equivariance(2 * one, one, torch.zeros(1, 3, 2), move)
    assert loss.item() == pytest.approx(0.5 / 4)


def test_a_dot_is_found_where_the_map_says() -> None:
    """X' at z shows X at T(z): a dot of X at T(z) is at z in X'."""
    step = 2 / 32
    frames = torch.zeros(1, 1, 33, 33)
    frames[0, 0, 16, 20] = 1  # x = 4 steps right of the middle
    move = affine_map([1.0, 0.0, 2 * step], [0.0, 1.0, -3 * step])
    bright = transformed(frames, move)[0, 0].argmax()
    assert divmod(int(bright), 33) == (19, 18)


def test_half_precision_does_not_reach_the_coordinates() -> None:
    move = affine_map([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    xy = torch.full((1, 1, 2), 0.3001)
    with torch.autocast("cpu", torch.bfloat16):
        assert keypoint_equivariance(xy, xy - 1e-4, move).item() == pytest.approx(1e-4, rel=0.01)
