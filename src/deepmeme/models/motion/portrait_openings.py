"""Where a mouth or an eye opens further than the source's: there is nothing to warp, only paint."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.motion.portrait_points import rows
from deepmeme.nn.grid import coordinate_grid

RINGS = (
    tuple(f"lip_inner_{i}" for i in range(8)),
    tuple(f"eye_r_{i}" for i in range(6)),
    tuple(f"eye_l_{i}" for i in range(6)),
)
SOFTNESS = 0.008
"""Width of a mask's rim: a pixel at 256."""


class Openings(NamedTuple):
    """Masks (b, 2, h, w) in [0, 1]: mouth, eyes."""

    inside: Tensor
    """Within the lids and lips of the driving frame."""
    fresh: Tensor
    """The same, as far as it is opened wider than in the source."""
    eyes: Tensor
    """(b, 2, h, w) within the right and the left eye's lids."""

    def stacked(self) -> Tensor:
        """(b, 4, h, w)."""
        return torch.cat([self.inside, self.fresh], 1)


class OpeningMasks(nn.Module):
    """Keypoints -> :class:`Openings` of side ``size``; nothing here is learnt."""

    def __init__(self, names: Sequence[str], size: int) -> None:
        super().__init__()
        self.rings = [rows(names, ring) for ring in RINGS]
        self.size = size

    def forward(self, driving: Tensor, source: Tensor) -> Openings:
        inside, fresh = [], []
        for ring in self.rings:
            if len(ring) < 3:
                empty = driving.new_zeros(len(driving), self.size, self.size)
                inside.append(empty)
                fresh.append(empty)
                continue
            wide, was = openness(driving[:, ring]), openness(source[:, ring])
            wider = (wide - was).clamp(min=0) / (wide + 0.05)
            inside.append(ring_mask(driving[:, ring], self.size))
            fresh.append(inside[-1] * wider[:, None, None])
        mouth, right, left = inside
        new_mouth, new_right, new_left = fresh
        return Openings(
            torch.stack([mouth, torch.maximum(right, left)], 1),
            torch.stack([new_mouth, torch.maximum(new_right, new_left)], 1),
            torch.stack([right, left], 1),
        )


def openness(ring: Tensor) -> Tensor:
    """(b, n, 2) -> (b,): a ring's area in squares of its width."""
    after = torch.cat([ring[:, 1:], ring[:, :1]], 1)
    area = 0.5 * (ring[..., 0] * after[..., 1] - ring[..., 1] * after[..., 0]).sum(1).abs()
    width = (ring[:, 0] - ring[:, ring.shape[1] // 2]).square().sum(-1)
    return area / (width + 1e-4)


def ring_mask(ring: Tensor, size: int) -> Tensor:
    """(b, n, 2) -> (b, size, size): inside of a closed ring, with a soft rim."""
    grid = coordinate_grid(size, size, like=ring).flatten(0, 1)  # (hw, 2)
    after = torch.cat([ring[:, 1:], ring[:, :1]], 1)
    edge = (after - ring).unsqueeze(2)  # (b, n, 1, 2)
    offset = grid - ring.unsqueeze(2)  # (b, n, hw, 2)
    along = (offset * edge).sum(-1) / (edge.square().sum(-1) + 1e-9)
    nearest = along.clamp(0, 1).unsqueeze(-1) * edge
    apart = (offset - nearest).square().sum(-1).amin(1)  # (b, hw)
    # a ray to the right meets the edge: one end above, one below, and the meeting to the right
    above, above_after = offset[..., 1] < 0, (offset - edge)[..., 1] < 0
    rise = edge[..., 1]
    rise = torch.where(rise.abs() < 1e-7, torch.full_like(rise, 1e-7), rise)
    meets = (above != above_after) & (offset[..., 0] < offset[..., 1] / rise * edge[..., 0])
    sign = (1 - 2 * meets.to(ring.dtype)).prod(1)  # -1 inside
    mask = torch.sigmoid(-sign * (apart + 1e-12).sqrt() / SOFTNESS)
    return mask.view(-1, size, size)
