"""A code becomes a picture: from 4 x 4 places upwards, each layer tuned by a vector.

The painter of quick swaps, the decoder of the VAE and the generator of the GAN are this network.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 8


class Tuned(nn.Module):
    """A residual block whose features a vector scales and shifts (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width, affine=False)
        self.tune = nn.Linear(style, 2 * width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(b, c, h, w) and (b, style) -> (b, c, h, w)."""
        scale, shift = self.tune(style)[:, :, None, None].chunk(2, dim=1)
        inner = self.norm(x) * (1 + scale) + shift
        change: Tensor = self.conv2(F.leaky_relu(self.conv1(F.leaky_relu(inner, 0.1)), 0.1))
        return x + change


class Painter(nn.Module):
    """(b, code) and (b, style) -> (b, out, r, r) before any squashing, r = side 2^(levels - 1)."""

    def __init__(
        self, code: int, style: int, widths: Sequence[int], *, side: int = 4, out: int = 3
    ) -> None:
        """``widths``: channels of each level, coarse to fine, multiples of 8."""
        super().__init__()
        self.side = side
        self.spread = nn.Linear(code, widths[0] * side**2)
        self.ups = nn.ModuleList(
            nn.Conv2d(coarse, 4 * fine, 3, padding=1) for coarse, fine in pairwise(widths)
        )
        self.tuned = nn.ModuleList(Tuned(width, style) for width in widths)
        self.last = nn.Conv2d(widths[-1], out, 3, padding=1)

    def paint(self, code: Tensor, style: Tensor) -> Tensor:
        """Code to what a sigmoid makes a picture of."""
        x = self.spread(code).view(len(code), -1, self.side, self.side)
        x = self.tuned[0](x, style)
        for up, tuned in zip(self.ups, list(self.tuned)[1:], strict=True):
            x = tuned(F.pixel_shuffle(up(x), 2), style)
        painted: Tensor = self.last(F.leaky_relu(x, 0.1))
        return painted
