"""Who tells real faces from painted ones: residual, without norms (Huang et al. 2024, R3GAN)."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.gan.config import GanConfig

_COARSER = 2
"""Halvings from 16 x 16 places to 4 x 4."""
_HALF = 0.5**0.5
"""Keeps the variance of a sum."""


class Halving(nn.Module):
    """(b, c, h, w) -> (b, c', h/2, w/2): two convolutions beside a straight way."""

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(fine, fine, 3, padding=1)
        self.conv2 = nn.Conv2d(fine, coarse, 3, padding=1)
        self.straight = nn.Conv2d(fine, coarse, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Half as large."""
        change = self.conv2(F.leaky_relu(self.conv1(F.leaky_relu(x, 0.2)), 0.2))
        return F.avg_pool2d((change + self.straight(x)) * _HALF, 2)


class Critic(nn.Module):
    """(b, 3, r, r) in [0, 1] -> (b, 257) scores, higher for real: of the whole, then of 16 x 16
    places (Isola et al. 2017), which teach much faster what is wrong with lines and skin. At 4 x 4
    places it also sees how much the pictures of a batch differ (Karras et al. 2018), so that a
    generator that paints one face is found out."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        widths = config.critic_widths
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        steps = [Halving(fine, coarse) for fine, coarse in pairwise(widths)]
        self.halvings = nn.ModuleList(reversed(steps))  # coarse first, as a smaller critic's
        self.places = nn.Conv2d(widths[-3], 1, 1)
        self.joint = nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1)
        self.score = nn.Linear(widths[-1] * 16, 1)
        for layer in self.modules():  # without norms: signals must not die away on the way
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, a=0.2)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Of a picture as a whole, and of its places."""
        x = self.first(pictures * 2 - 1)
        for number, halving in enumerate(reversed(self.halvings), -len(self.halvings)):
            if number == -_COARSER:
                places = self.places(F.leaky_relu(x, 0.2)).flatten(1)
            x = halving(x)
        apart = x.float().std(0, unbiased=False).mean().to(x.dtype)
        x = torch.cat([x, apart.expand(len(x), 1, *x.shape[2:])], 1)
        x = F.leaky_relu(self.joint(F.leaky_relu(x, 0.2)), 0.2)
        return torch.cat([self.score(x.flatten(1)), places], 1)
