"""From moved keypoints to a deformation of the whole picture.

Named keypoints allow what discovered ones do not: candidate motions in closed form, by moving
least squares (Schaefer et al. 2006, affine case), which are plausible before anything is learnt.
A small network chooses among them, corrects, and says what the source cannot show.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait_blocks import UNet, exact
from deepmeme.models.motion.portrait_points import CHIN, DRAWN, LOWER_LIP, RIGID, rows
from deepmeme.nn.grid import coordinate_grid, warp

NUM_CANDIDATES = 6  # still, head, smooth, sharp, upper, lower
MOMENTS = 12


class Motion(NamedTuple):
    """Where each place of the driving frame is in the source."""

    deformation: Tensor
    """(b, h, w, 2) xy in [-1, 1]."""
    occlusion: Tensor
    """(b, 1, h, w), 1 = the source shows it."""
    features: Tensor
    """(b, c, h, w) what the network thought, for the painter."""


class Fit(NamedTuple):
    """Weighted affine fit driving -> source: z -> matrix (z - at) + to."""

    matrix: Tensor  # (b, ..., 2, 2)
    at: Tensor  # (b, ..., 2)
    to: Tensor  # (b, ..., 2)

    def apply(self, z: Tensor) -> Tensor:
        """Points (..., 2) moved."""
        return (self.matrix @ (z - self.at).unsqueeze(-1)).squeeze(-1) + self.to


def moments(driving: Tensor, source: Tensor) -> Tensor:
    """(b, k, 12): what a weighted sum over k must know for an affine fit."""
    p, q = driving, source
    outer_pp = p[..., [0, 0, 1]] * p[..., [0, 1, 1]]
    outer_qp = q[..., [0, 0, 1, 1]] * p[..., [0, 1, 0, 1]]
    return torch.cat([torch.ones_like(p[..., :1]), p, q, outer_pp, outer_qp], -1)


def fit(sums: Tensor, prior: Tensor | None, ridge: float) -> Fit:
    """Affine fit from weighted ``sums`` (..., 12), drawn to ``prior`` (..., 2, 2) by ``ridge``.

    ``ridge`` is a squared length: directions in which the points spread less obey the prior.
    """
    total = sums[..., :1]
    mean = sums[..., 1:] / total
    p, q = mean[..., 0:2], mean[..., 2:4]
    xx = mean[..., 4] - p[..., 0] * p[..., 0] + ridge
    xy = mean[..., 5] - p[..., 0] * p[..., 1]
    yy = mean[..., 6] - p[..., 1] * p[..., 1] + ridge
    cov = mean[..., 7:11] - q[..., [0, 0, 1, 1]] * p[..., [0, 1, 0, 1]]
    cov = cov.reshape(*cov.shape[:-1], 2, 2)
    if prior is None:
        prior = torch.eye(2, device=sums.device, dtype=sums.dtype).expand_as(cov)
    cov = cov + ridge * prior
    determinant = (xx * yy - xy * xy)[..., None]
    # cov @ inverse of [[xx, xy], [xy, yy]], column by column
    left = (cov[..., 0] * yy[..., None] - cov[..., 1] * xy[..., None]) / determinant
    right = (cov[..., 1] * xx[..., None] - cov[..., 0] * xy[..., None]) / determinant
    return Fit(torch.stack([left, right], -1), p, q)


class Candidates(nn.Module):
    """Keypoints -> six motions for every place, no learnt numbers inside."""

    members: Tensor

    def __init__(self, names: Sequence[str], size: int) -> None:
        super().__init__()
        lower = rows(names, (*LOWER_LIP, *CHIN))
        everyone = torch.ones(len(names))
        rigid = torch.zeros(len(names))
        rigid[rows(names, RIGID)] = 1
        below = torch.zeros(len(names))
        below[lower] = 1
        members = torch.stack([rigid, everyone, 1 - below, below])
        self.register_buffer("members", members, persistent=False)
        self.size = size

    def forward(self, driving: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """(b, k, 2) twice -> motions (b, 6, h, w, 2) and log-nearness (b, 3, h, w)."""
        grid = coordinate_grid(self.size, self.size, like=driving).flatten(0, 1)  # (hw, 2)
        facts = moments(driving, source)
        head = fit((facts * self.members[0, :, None]).sum(1), None, 1e-3)
        near = 1 / ((grid[:, None] - driving[:, None]).square().sum(-1) + 4e-3)  # (b, hw, k)
        sharp = near.square()
        broad = fit(near @ facts, head.matrix[:, None], 3e-2)
        each = torch.cat([facts * group[:, None] for group in self.members[1:]], -1)
        sums = (sharp @ each).view(len(driving), -1, 3, MOMENTS)
        local = fit(sums, head.matrix[:, None, None], 1e-2)
        head_row = Fit(head.matrix[:, None], head.at[:, None], head.to[:, None])
        still = grid.expand(len(driving), -1, -1)
        moved = [still, head_row.apply(grid), broad.apply(grid)]
        motions = torch.stack([*moved, *local.apply(grid[:, None]).unbind(2)], 1)
        nearness = torch.log(sums[..., 0]).transpose(1, 2)  # (b, 3, hw)
        count, side = len(driving), self.size
        return motions.view(count, -1, side, side, 2), nearness.reshape(count, -1, side, side)


class Drawing(nn.Module):
    """Keypoints as soft dots, one channel for each of the ``DRAWN`` parts."""

    def __init__(self, names: Sequence[str], size: int, *, sigma: float = 0.035) -> None:
        super().__init__()
        self.parts = [part for part in (rows(names, drawn) for drawn in DRAWN) if part]
        self.size = size
        self.precision = 0.5 / sigma**2

    def forward(self, xy: Tensor) -> Tensor:
        """(b, k, 2) -> (b, parts, h, w) in [0, 1]."""
        line = torch.linspace(-1, 1, self.size, device=xy.device, dtype=xy.dtype)
        dots = torch.exp(-self.precision * (line - xy.unsqueeze(-1)).square())  # (b, k, 2, n)
        across, down = dots[:, :, 0], dots[:, :, 1].transpose(1, 2)
        drawn = [down[:, :, part] @ across[:, part] for part in self.parts]
        return 1 - torch.exp(-torch.stack(drawn, 1))


class DenseMotion(nn.Module):
    """Candidates, a network's choice among them, a correction, an occlusion map."""

    def __init__(self, names: Sequence[str], size: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.candidates = Candidates(names, size)
        self.drawing = Drawing(names, size)
        inputs = 6 + 2 * (NUM_CANDIDATES - 1) + 3 + len(self.drawing.parts)
        self.net = UNet(inputs, widths)
        self.head = nn.Conv2d(widths[0], NUM_CANDIDATES + 3, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.zero_()
            self.head.bias[-1] = 3.0
        self.prior_slope = nn.Parameter(torch.tensor([0.0, 0.5, 0.6, 1.0, 0.0, 0.0]))
        self.prior_start = nn.Parameter(torch.tensor([0.0, -0.5, -1.0, -3.0, -8.0, -8.0]))

    def forward(self, small: Tensor, source: Keypoints, driving: Keypoints) -> Motion:
        """``small`` (b, 3, h, w) is the source at the size of the motion."""
        with exact(small):
            motions, nearness = self.candidates(driving.xy, source.xy)
            prior = self.prior_slope[:, None, None] * (nearness[:, :1] - 5.0)
            prior = prior + self.prior_start[:, None, None]
            guess = mixed(motions, prior)
            still = motions[:, :1]
            shifts = (motions[:, 1:] - still).permute(0, 1, 4, 2, 3).flatten(1, 2)
            moved = warp(small, guess, align_corners=True)
            drawn = self.drawing(driving.xy)
            seen = torch.cat([small, moved, 4 * shifts, 0.25 * nearness, drawn], 1)
        features = self.net(seen)
        out = self.head(features).float()
        with exact(small):
            deformation = mixed(motions, prior + out[:, :NUM_CANDIDATES])
            correction = 0.25 * torch.tanh(out[:, NUM_CANDIDATES : NUM_CANDIDATES + 2])
            deformation = deformation + correction.permute(0, 2, 3, 1)
            occlusion = torch.sigmoid(out[:, -1:])
        return Motion(deformation, occlusion, features)


def mixed(motions: Tensor, logits: Tensor) -> Tensor:
    """Softmax mixture of (b, n, h, w, 2) motions by (b, n, h, w) logits."""
    return (logits.softmax(1).unsqueeze(-1) * motions).sum(1)
