"""Coordinates, warps and Gaussians on the square [-1, 1] x [-1, 1].

A pixel i of n lies at 2 i / (n - 1) - 1: the grid is corner-aligned, x first, y down.
Axes: b batch, k keypoints, h w pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def coordinate_grid(
    height: int, width: int, *, like: Tensor | None = None, dtype: torch.dtype | None = None
) -> Tensor:
    """(h, w, 2) of xy in [-1, 1]; device and dtype from ``like``."""
    device = like.device if like is not None else None
    dtype = dtype or (like.dtype if like is not None else torch.float32)
    x = torch.linspace(-1, 1, width, device=device, dtype=dtype)
    y = torch.linspace(-1, 1, height, device=device, dtype=dtype)
    yy, xx = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([xx, yy], dim=-1)


def warp(image: Tensor, deformation: Tensor, *, align_corners: bool) -> Tensor:
    """Sample ``image`` (b, c, h, w) where ``deformation`` (b, h', w', 2) points.

    The deformation is resized to the image first when their sizes differ. Outside is zero.

    ``align_corners`` is written at every call because the field disagrees: the published weights
    were trained under PyTorch 1.0 (True), today's reference runs with False, which on the
    corner-aligned grid is a zoom of 1/(w - 1) about the centre.
    """
    if deformation.shape[1:3] != image.shape[2:]:
        deformation = F.interpolate(
            deformation.permute(0, 3, 1, 2), size=image.shape[2:], mode="bilinear"
        ).permute(0, 2, 3, 1)
    return F.grid_sample(
        image, deformation, mode="bilinear", padding_mode="zeros", align_corners=align_corners
    )


def move_picture(picture: Tensor, deformation: Tensor) -> Tensor:
    """A picture (b, c, h, w) in its own sharpness where a coarser ``deformation`` points.

    Corners of the deformation (b, h', w', 2) stay corners; beyond its rim the picture's rim goes
    on, so that standing still leaves every pixel as it was.
    """
    if deformation.shape[1:3] != picture.shape[2:]:
        deformation = F.interpolate(
            deformation.permute(0, 3, 1, 2),
            size=picture.shape[2:],
            mode="bilinear",
            align_corners=True,
        ).permute(0, 2, 3, 1)
    return F.grid_sample(
        picture, deformation, mode="bilinear", padding_mode="border", align_corners=True
    )


def gaussian_heatmaps(xy: Tensor, height: int, width: int, variance: float) -> Tensor:
    """(b, k, h, w): exp(-|z - xy|^2 / (2 variance)) around keypoints (b, k, 2); not normalised."""
    offset = coordinate_grid(height, width, like=xy) - xy[:, :, None, None, :]
    return torch.exp(-0.5 * offset.square().sum(-1) / variance)


def inverse_2x2(matrix: Tensor) -> Tensor:
    """Inverse of (..., 2, 2) in closed form, so that it exports everywhere."""
    a, b = matrix[..., 0, 0], matrix[..., 0, 1]
    c, d = matrix[..., 1, 0], matrix[..., 1, 1]
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-c, a], -1)], -2)
    return adjugate / (a * d - b * c)[..., None, None]
