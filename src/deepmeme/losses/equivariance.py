"""A known map of the picture must move keypoints the same way (Siarohin et al. 2019, its losses).

With a frame X and T drawn at random, X' is the frame whose place z shows X at T(z). What is found
at p' in X' must be found at T(p') in X, and its local affine map goes along by the chain rule.
All of it is reckoned in float32.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from deepmeme.nn.grid import inverse_2x2
from deepmeme.nn.thin_plate import SmoothMap


def transformed(frames: Tensor, by: SmoothMap) -> Tensor:
    """X' of frames (b, c, h, w): X at T(z); what lies outside is mirrored in."""
    with torch.autocast(frames.device.type, enabled=False):
        grid = by.grid(*frames.shape[2:])
    return F.grid_sample(
        frames.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=True
    )


def keypoint_equivariance(xy: Tensor, xy_transformed: Tensor, by: SmoothMap) -> Tensor:
    """mean |p - T(p')| of keypoints (b, k, 2) in X and in X'."""
    with torch.autocast(xy.device.type, enabled=False):
        return (xy.float() - by(xy_transformed.float())).abs().mean()


def jacobian_equivariance(
    jacobian: Tensor, jacobian_transformed: Tensor, xy_transformed: Tensor, by: SmoothMap
) -> Tensor:
    """mean |1 - J^-1 T'(p') J'| of local maps (b, k, 2, 2) in X and in X'."""
    with torch.autocast(jacobian.device.type, enabled=False):
        through = by.jacobian(xy_transformed.float()) @ jacobian_transformed.float()
        round_trip = inverse_2x2(jacobian.float()) @ through
        one = torch.eye(2, device=jacobian.device)
        return (one - round_trip).abs().mean()
