"""Lids, lips and irises move on a finer grid than the rest of the face.

A network's deformation of h/4 x w/4 has one cell where a whole lid is; what it misses at these
keypoints is added on a grid twice as fine, in closed form. Eyeballs turn behind the lids.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.portrait_openings import Openings
from deepmeme.models.motion.portrait_points import (
    EYE_CORNERS,
    LOWER_LID,
    LOWER_LIP,
    UPPER_LID,
    UPPER_LIP,
    rows,
)
from deepmeme.nn.grid import coordinate_grid

REACH = 0.02
SLACK = 0.15
APART = 0.006
"""Closed lids lie upon each other; so far are the upper moved up and the lower down."""
EYES = (("eye_r_0", "iris_r", "eye_r_3"), ("eye_l_0", "iris_l", "eye_l_3"))
BALL_REACH, BALL_WEIGHT = 0.25, 4.0
"""How far an iris carries the white with it, in eye widths, and its weight beside a corner's."""
SURE = 2.5
"""How much steeper than the mask of an opening the change from lid to eyeball is."""


class FineMotion(nn.Module):
    """Coarse deformation (b, h, w, 2) -> (b, size, size, 2)."""

    def __init__(self, names: Sequence[str], size: int) -> None:
        super().__init__()
        self.sides = [
            rows(names, (*UPPER_LID, *EYE_CORNERS, *UPPER_LIP)),
            rows(names, (*LOWER_LID, *LOWER_LIP)),
        ]
        eyes = [rows(names, eye) for eye in EYES]
        self.eyes = [eye if len(eye) == 3 else [] for eye in eyes]
        self.size = size

    def forward(
        self, deformation: Tensor, driving: Tensor, source: Tensor, openings: Openings
    ) -> Tensor:
        """``openings`` are of the same ``size``."""
        coarse = F.interpolate(
            deformation.permute(0, 3, 1, 2),
            size=(self.size, self.size),
            mode="bilinear",
            align_corners=True,
        )
        moved = coarse.permute(0, 2, 3, 1) + self.missed(coarse, driving, source)
        grid = coordinate_grid(self.size, self.size, like=driving)
        for index, eye in enumerate(self.eyes):
            if eye:
                ball = grid + eyeball(grid, driving[:, eye], source[:, eye])
                behind = (SURE * (openings.eyes[:, index] - 0.5) + 0.5).clamp(0, 1)
                moved = torch.lerp(moved, ball, behind.unsqueeze(-1))
        return moved

    def missed(self, coarse: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        """(b, size, size, 2): what ``coarse`` (b, 2, size, size) lacks at lids and lips."""
        grid = coordinate_grid(self.size, self.size, like=driving).flatten(0, 1)
        parts, near = [], []
        for side, lift in zip(self.sides, (-APART, APART), strict=True):
            if not side:
                return torch.zeros_like(coarse.permute(0, 2, 3, 1))
            at = driving[:, side]
            there = F.grid_sample(coarse, at.unsqueeze(2), align_corners=True)[..., 0]
            lacks = source[:, side] - there.transpose(1, 2)  # (b, n, 2)
            centre = at + at.new_tensor([0.0, lift])
            apart = (grid[:, None] - centre.unsqueeze(1)).square().sum(-1)  # (b, hw, n)
            kernel = (1 + apart / REACH**2).reciprocal().square()
            total = kernel.sum(-1, keepdim=True)
            parts.append((kernel @ lacks) / (total + SLACK))
            near.append(total.square())
        upper, lower = near
        blended = (upper * parts[0] + lower * parts[1]) / (upper + lower + 1e-8)
        return blended.view(len(driving), self.size, self.size, 2)


def eyeball(grid: Tensor, driving: Tensor, source: Tensor) -> Tensor:
    """Shift (b, h, w, 2) of an eye's inside from its corner, iris and corner (b, 3, 2)."""
    shift = source - driving
    width = (driving[:, 0] - driving[:, 2]).square().sum(-1)[:, None, None, None]
    apart = (grid[:, :, None] - driving[:, None, None]).square().sum(-1)  # (b, h, w, 3)
    weight = (1 + apart / (BALL_REACH**2 * width + 1e-6)).reciprocal().square()
    weight = weight * weight.new_tensor([1.0, BALL_WEIGHT, 1.0])
    weight = weight / weight.sum(-1, keepdim=True)
    return (weight.unsqueeze(-1) * shift[:, None, None]).sum(-2)
