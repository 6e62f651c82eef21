"""A picture becomes a few numbers: the other way round as a painter."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.nn.painter import GROUPS


class Shrinker(nn.Module):
    """(b, 3, r, r) in [0, 1] -> (b, out): strided convolutions and a dense layer."""

    def __init__(self, resolution: int, widths: Sequence[int], out: int) -> None:
        """``widths``: channels after each halving, multiples of 8."""
        super().__init__()
        self.size = resolution
        self.convs = nn.ModuleList(
            nn.Conv2d(fine, coarse, 4, stride=2, padding=1)
            for fine, coarse in pairwise((3, *widths))
        )
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, width) for width in widths)
        self.dense = nn.Linear(widths[-1] * (resolution >> len(widths)) ** 2, out)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures in [0, 1]."""
        x = pictures * 2 - 1
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x)), 0.1)
        return self.dense(x.flatten(1))  # type: ignore[no-any-return]
