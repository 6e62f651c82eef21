"""How wrong a map of faces is: focal loss on its peaks, distances where faces are."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

SPREAD = 0.11
"""Standard deviation of a face's peak over the side of its box."""
LEAST_SPREAD = 0.55
"""The same at least, in cells."""
CLOSE = 0.6
"""Cells on the peak's flank above this answer for the face."""
_IGNORED_REACH = 0.6
"""Half side, in sides of the box, of what a face that doesn't count leaves undecided."""


class Wanted(NamedTuple):
    """What a finder ought to say, as maps of h x w cells."""

    peaks: Tensor
    """(b, 1, h, w) in [0, 1]; exactly 1 in each face's own cell."""
    counts: Tensor
    """(b, 1, h, w) 0 where nothing is decided, else 1."""
    owner: Tensor
    """(b, h, w) row of the face that a cell answers for."""
    answers: Tensor
    """(b, 1, h, w) how much its answer counts; sums to about 1 for each face."""


def wanted_maps(faces: Tensor, cells: tuple[int, int], stride: int) -> Wanted:
    """Targets for rows (b, n, 6 + ..): x, y, side in pixels, unit vector, weight; side 0 is none.

    The peak is a Gaussian about the middle (CenterNet, eq. 1's target), as wide as the face.
    """
    height, width = cells
    y, x = torch.meshgrid(
        torch.arange(height, device=faces.device) + 0.5,
        torch.arange(width, device=faces.device) + 0.5,
        indexing="ij",
    )
    cell = torch.stack([x, y], -1)  # (h, w, 2)
    middle, side = faces[..., :2] / stride, faces[..., 2] / stride
    there, taught = side > 0, (side > 0) & (faces[..., 5] > 0)
    apart = cell - middle[:, :, None, None]  # (b, n, h, w, 2)
    spread = (SPREAD * side).clamp(min=LEAST_SPREAD)[..., None, None]
    hill = torch.exp(-0.5 * apart.square().sum(-1) / spread.square())
    hill = hill * taught[..., None, None]
    own = (apart >= -0.5).all(-1) & (apart < 0.5).all(-1) & taught[..., None, None]
    hill = torch.where(own, torch.ones_like(hill), hill)
    peaks, owner = hill.max(1)
    flank = hill * ((hill > CLOSE) & (hill >= peaks[:, None]))
    share = flank / flank.sum((2, 3), keepdim=True).clamp(min=1e-6)
    near = (apart.abs().amax(-1) < _IGNORED_REACH * side[..., None, None]).logical_and(
        (there & ~taught)[..., None, None]
    )
    counts = 1 - (near.any(1) & (peaks < CLOSE)).float()
    return Wanted(peaks[:, None], counts[:, None], owner, share.sum(1, keepdim=True))


def peak_entropy(logits: Tensor, wanted: Wanted) -> Tensor:
    """Focal loss with penalty reduced about the peaks (CornerNet, eq. 1; alpha 2, beta 4).

    Logits (b, 1, h, w); the sum over cells, for each face.
    """
    peak = (wanted.peaks >= 1).float()
    unsure = torch.sigmoid(-logits)
    hit = -F.logsigmoid(logits) * unsure.square() * peak
    miss = -F.logsigmoid(-logits) * (1 - unsure).square() * (1 - wanted.peaks).pow(4) * (1 - peak)
    total = (hit + miss * wanted.counts).sum()
    return total / peak.sum().clamp(min=1)


def taken(faces: Tensor, wanted: Wanted) -> Tensor:
    """(b, c, h, w): each cell's own face's row."""
    b, h, w = wanted.owner.shape
    rows = wanted.owner.view(b, 1, h * w).expand(-1, faces.shape[2], -1)
    return faces.transpose(1, 2).gather(2, rows).view(b, -1, h, w)


def answer_distance(found: Tensor, label: Tensor, wanted: Wanted, knee: float = 0.02) -> Tensor:
    """Mean robust error of (b, c, h, w) over faces, at the cells that answer."""
    apart = torch.sqrt((found - label).square() + knee**2) - knee
    faces = wanted.answers.sum().clamp(min=1)
    return (apart.mean(1, keepdim=True) * wanted.answers).sum() / faces
