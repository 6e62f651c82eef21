"""Random smooth maps of the square: an affine map and a thin-plate-like spline on a grid of points.

The published training draws them so, and its sigmas belong to it: the radius is the sum of the
distances along x and y, and one displacement serves both coordinates.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from deepmeme.nn.grid import coordinate_grid

EPSILON = 1e-6


class SmoothMap(NamedTuple):
    """b maps T of places (x, y) in [-1, 1]: T(z) = A z + a + sum_i w_i U(|z - p_i|_1)."""

    affine: Tensor
    """(b, 2, 3): A and a."""
    points: Tensor
    """(n, 2): p, the control points; n may be 0."""
    weights: Tensor
    """(b, n): w."""

    def __call__(self, z: Tensor) -> Tensor:
        """Places (b, ..., 2) -> where T takes them, the same shape."""
        flat = z.flatten(1, -2)
        radius = (flat.unsqueeze(2) - self.points).abs().sum(-1)  # (b, m, n)
        bend = (radius.square() * torch.log(radius + EPSILON)) @ self.weights.unsqueeze(-1)
        linear = flat @ self.affine[:, :, :2].transpose(1, 2) + self.affine[:, None, :, 2]
        return (linear + bend).view(z.shape)

    def jacobian(self, z: Tensor) -> Tensor:
        """Of T at places (b, k, 2): (b, k, 2, 2), rows T, columns z."""
        offset = z.unsqueeze(2) - self.points  # (b, k, n, 2)
        radius = offset.abs().sum(-1)
        slope = 2 * radius * torch.log(radius + EPSILON) + radius.square() / (radius + EPSILON)
        bend = torch.einsum("bn,bkn,bkni->bki", self.weights, slope, offset.sign())
        return self.affine[:, None, :, :2] + bend.unsqueeze(-2)

    def grid(self, height: int, width: int) -> Tensor:
        """(b, h, w, 2): T of every pixel's place, to sample a picture by."""
        places = coordinate_grid(height, width, like=self.affine)
        return self(places.expand(len(self.affine), -1, -1, -1))


def random_smooth_map(
    count: int,
    *,
    sigma_affine: float = 0.05,
    sigma_tps: float = 0.005,
    points_tps: int = 5,
    generator: torch.Generator | None = None,
    device: torch.device | None = None,
) -> SmoothMap:
    """``count`` maps about the identity; numbers are drawn on the CPU, so all devices agree.

    ``points_tps`` control points each way; with a ``sigma_tps`` of 0 the maps are affine.
    """
    noise = torch.randn(count, 2, 3, generator=generator) * sigma_affine
    affine = torch.eye(2, 3) + noise
    side = points_tps if sigma_tps else 0
    points = coordinate_grid(side, side).view(-1, 2)
    weights = torch.randn(count, side**2, generator=generator) * sigma_tps
    return SmoothMap(affine.to(device), points.to(device), weights.to(device))
