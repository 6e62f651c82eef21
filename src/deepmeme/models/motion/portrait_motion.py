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

NUM_CANDIDATES = 6  # still, head, broad, fine, upper, lower
BROAD = 0.063
REACHES = (0.1, 0.03)
SLACK = 0.05
"""Weight of "nothing is missed here", in keypoints at hand."""

PRIOR = (
    (4.5, -1.13, -0.65, 0.09),
    (-0.8, 0.0, 0.31, 0.33),
    (-0.7, 0.0, 0.15, 0.18),
    (-1.0, 0.19, 0.11, 0.17),
    (-6.5, 1.14, 1.07, -1.20),
    (-3.7, 0.75, -0.71, 0.66),
)
"""Before anything is learnt: start and slopes over the three log-nearnesses, for each candidate.

Found by linear regression of the true flow on 48 pairs: still far away, else the side of the
mouth's opening whose keypoints are nearer.
"""


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
    """Keypoints -> six motions for every place, no learnt numbers inside.

    A broad affine fit is followed by what it misses at the keypoints, spread first over
    ``REACHES[0]``, then the rest over ``REACHES[1]``: nearly an interpolation, without a solver.
    The last two motions know only the keypoints above or below the mouth's opening.
    """

    members: Tensor

    def __init__(self, names: Sequence[str], size: int) -> None:
        super().__init__()
        rigid, below = torch.zeros(len(names)), torch.zeros(len(names))
        rigid[rows(names, RIGID)] = 1
        below[rows(names, (*LOWER_LIP, *CHIN))] = 1
        members = torch.stack([rigid, torch.ones(len(names)), 1 - below, below])
        self.register_buffer("members", members, persistent=False)
        self.size = size

    def forward(self, driving: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """(b, k, 2) twice -> motions (b, 6, h, w, 2) and log-nearness (b, 3, h, w).

        Nearness: to any keypoint, broadly; to those above, and to those below the opening, finely.
        """
        count = self.size**2
        grid = coordinate_grid(self.size, self.size, like=driving).flatten(0, 1)  # (hw, 2)
        still = grid.expand(len(driving), -1, -1)
        places = torch.cat([still, driving], 1)  # (b, hw + k, 2)
        apart = (places.unsqueeze(2) - driving.unsqueeze(1)).square().sum(-1)  # (b, hw + k, k)
        facts = moments(driving, source)
        head = fit((facts * self.members[0, :, None]).sum(1), None, 1e-3)
        near = 1 / (apart + BROAD**2)
        broad = fit(near @ facts, head.matrix[:, None], 3e-2).apply(places)
        missed = source - broad[:, count:]  # (b, k, 2)
        spread, nearness = self.spread(apart, missed)
        head_row = Fit(head.matrix[:, None], head.at[:, None], head.to[:, None])
        broad = broad[:, :count]
        moved = [still, head_row.apply(grid), broad, *(broad + part for part in spread)]
        square = (len(driving), -1, self.size, self.size)
        closeness = torch.stack([near[:, :count].sum(-1), *nearness], 1).log()
        return torch.stack(moved, 1).view(*square, 2), closeness.reshape(square)

    def spread(self, apart: Tensor, missed: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What keypoints (b, k, 2) miss, (b, hw, 2) for all, those above and those below.

        And how near the last two groups are, (b, hw) each.
        """
        count = apart.shape[1] - apart.shape[2]
        groups = self.members[1:]
        left = [missed] * len(groups)
        total = [torch.zeros_like(apart[:, :count, :2])] * len(groups)
        nearness: list[Tensor] = []
        for reach in REACHES:
            kernel = (1 + apart / reach**2).reciprocal().square()
            columns = [torch.cat([x, torch.ones_like(x[..., :1])], -1) * g[:, None]
                       for x, g in zip(left, groups, strict=True)]  # fmt: skip
            sums = torch.split(kernel @ torch.cat(columns, -1), 3, -1)
            steps = [part[..., :2] / (part[..., 2:] + SLACK) for part in sums]
            total = [t + step[:, :count] for t, step in zip(total, steps, strict=True)]
            left = [x - step[:, count:] for x, step in zip(left, steps, strict=True)]
            nearness = [part[:, :count, 2] + 1e-4 for part in sums[1:]]
        return total, nearness


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
        self.prior = nn.Linear(len(PRIOR[0]) - 1, NUM_CANDIDATES)
        with torch.no_grad():
            prior = torch.tensor(PRIOR)
            self.prior.weight.copy_(prior[:, 1:])
            self.prior.bias.copy_(prior[:, 0])

    def forward(self, small: Tensor, source: Keypoints, driving: Keypoints) -> Motion:
        """``small`` (b, 3, h, w) is the source at the size of the motion."""
        with exact(small):
            motions, nearness = self.candidates(driving.xy, source.xy)
            prior = self.prior(nearness.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
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
