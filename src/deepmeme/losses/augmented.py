"""What a critic sees of few pictures: real and made ones changed alike, and differentiably
(DiffAugment, Zhao et al. 2020), so that it cannot learn the pictures by heart."""

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT, CUT = 0.125, 0.4
"""Largest shift, and side of the hole, as shares of the side."""


def augmented(pictures: Tensor) -> Tensor:
    """(b, 3, h, w) in [0, 1], each with another light, place and hole; of torch's generator."""
    return _holed(shifted(_relit(pictures), SHIFT))


def _relit(pictures: Tensor) -> Tensor:
    def drawn(low: float, high: float) -> Tensor:
        size = (len(pictures), 1, 1, 1)
        return torch.empty(size, device=pictures.device).uniform_(low, high)

    x = pictures + drawn(-0.25, 0.25)
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * drawn(0, 2) + grey
    middle = x.mean((1, 2, 3), keepdim=True)
    return (x - middle) * drawn(0.5, 1.5) + middle


def shifted(pictures: Tensor, most: float) -> Tensor:
    """Moved by up to ``most`` of the side."""
    count, _, height, width = pictures.shape
    offset = torch.empty(count, 2, device=pictures.device).uniform_(-2 * most, 2 * most)
    matrix = torch.eye(2, 3, device=pictures.device).repeat(count, 1, 1)
    matrix[:, :, 2] = offset
    grid = F.affine_grid(matrix, [count, 1, height, width], align_corners=False)
    return F.grid_sample(pictures, grid.to(pictures.dtype), align_corners=False)


def _holed(pictures: Tensor) -> Tensor:
    count, _, height, width = pictures.shape
    middle = torch.rand(2, count, 1, device=pictures.device)
    ys = (torch.arange(height, device=pictures.device) + 0.5) / height
    xs = (torch.arange(width, device=pictures.device) + 0.5) / width
    tall, wide = (ys - middle[0]).abs() < CUT / 2, (xs - middle[1]).abs() < CUT / 2
    hole = tall[:, None, :, None] & wide[:, None, None, :]
    return pictures.masked_fill(hole, 0)
