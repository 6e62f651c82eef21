"""Lids, lips and irises move on a finer grid than the rest of the face.

A network's deformation of h/4 x w/4 has one cell where a whole lid is; what it misses at these
keypoints is added on a grid twice as fine, in closed form. Eyeballs turn behind the lids.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.portrait_openings import Openings, openness
from deepmeme.models.motion.portrait_points import rows
from deepmeme.nn.grid import coordinate_grid

REACH = 0.05
SLACK = 0.1
APART = 0.006
"""Closed lids lie upon each other; so far are the upper moved up and the lower down."""
SHARP = 5e-5
"""Squared distance over which the upper side's motion gives way to the lower side's."""
DENSE = 2
"""Places on each stretch from keypoint to keypoint: sides are curves, not dots."""
SHUT, OPEN = 0.03, 0.1
"""Area of an eye in squares of its width: up to the first it shows no eyeball."""
CURVES = (
    ("eye_r", range(4), (0, 5, 4, 3)),
    ("eye_l", range(4), (0, 5, 4, 3)),
    ("lip_inner", range(5), (0, 7, 6, 5, 4)),
    ("lip_outer", range(7), (0, 11, 10, 9, 8, 7, 6)),
)
"""Rings of keypoints: from corner to corner over the upper and along the lower side."""
EYES = (("eye_r_0", "iris_r", "eye_r_3"), ("eye_l_0", "iris_l", "eye_l_3"))
BALL_REACH, BALL_WEIGHT = 0.25, 4.0
"""How far an iris carries the white with it, in eye widths, and its weight beside a corner's."""
SURE = 2.5
"""How much steeper than the mask of an opening the change from lid to eyeball is."""


class FineMotion(nn.Module):
    """Coarse deformation (b, h, w, 2) -> (b, size, size, 2)."""

    def __init__(self, names: Sequence[str], size: int) -> None:
        super().__init__()
        curves = [
            ([f"{ring}_{i}" for i in upper], [f"{ring}_{i}" for i in lower])
            for ring, upper, lower in CURVES
        ]
        self.sides = [
            [found for pair in curves if len(found := rows(names, pair[side])) > 1]
            for side in (0, 1)
        ]
        eyes = [rows(names, eye) for eye in EYES]
        self.eyes = [eye if len(eye) == 3 else [] for eye in eyes]
        self.lids = [rows(names, [f"eye_{side}_{i}" for i in range(6)]) for side in "rl"]
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
                ajar = (openness(driving[:, self.lids[index]]) - SHUT) / (OPEN - SHUT)
                behind = behind * ajar.clamp(0, 1)[:, None, None]
                moved = torch.lerp(moved, ball, behind.unsqueeze(-1))
        return moved

    def missed(self, coarse: Tensor, driving: Tensor, source: Tensor) -> Tensor:
        """(b, size, size, 2): what ``coarse`` (b, 2, size, size) lacks at lids and lips."""
        grid = coordinate_grid(self.size, self.size, like=driving).flatten(0, 1)
        parts, nearest = [], []
        for side, lift in zip(self.sides, (-APART, APART), strict=True):
            if not side:
                return torch.zeros_like(coarse.permute(0, 2, 3, 1))
            at, wanted = (
                torch.cat([_along(xy[:, c]) for c in side], 1) for xy in (driving, source)
            )
            there = F.grid_sample(coarse, at.unsqueeze(2), align_corners=True)[..., 0]
            lacks = wanted - there.transpose(1, 2)  # (b, n, 2)
            centre = at + at.new_tensor([0.0, lift])
            apart = (grid[:, None] - centre.unsqueeze(1)).square().sum(-1)  # (b, hw, n)
            kernel = (1 + apart / REACH**2).reciprocal().square()
            parts.append((kernel @ lacks) / (kernel.sum(-1, keepdim=True) + SLACK))
            nearest.append(apart.amin(-1, keepdim=True))
        above = torch.sigmoid((nearest[1] - nearest[0]) / SHARP)
        moved = above * parts[0] + (1 - above) * parts[1]
        return moved.view(len(driving), self.size, self.size, 2)


def _along(curve: Tensor) -> Tensor:
    """(b, n, 2) -> (b, (n - 1) DENSE + 1, 2): places on the curve's straight stretches."""
    share = (torch.arange(DENSE, device=curve.device, dtype=curve.dtype) / DENSE).view(1, 1, -1, 1)
    start, end = curve[:, :-1].unsqueeze(2), curve[:, 1:].unsqueeze(2)
    return torch.cat([(start + share * (end - start)).flatten(1, 2), curve[:, -1:]], 1)


def eyeball(grid: Tensor, driving: Tensor, source: Tensor) -> Tensor:
    """Shift (b, h, w, 2) of an eye's inside from its corner, iris and corner (b, 3, 2)."""
    shift = source - driving
    width = (driving[:, 0] - driving[:, 2]).square().sum(-1)[:, None, None, None]
    apart = (grid[:, :, None] - driving[:, None, None]).square().sum(-1)  # (b, h, w, 3)
    weight = (1 + apart / (BALL_REACH**2 * width + 1e-6)).reciprocal().square()
    weight = weight * weight.new_tensor([1.0, BALL_WEIGHT, 1.0])
    weight = weight / weight.sum(-1, keepdim=True)
    return (weight.unsqueeze(-1) * shift[:, None, None]).sum(-2)
