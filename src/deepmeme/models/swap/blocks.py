"""Layers that the pairs of autoencoders share."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Down(nn.Module):
    """5 x 5 convolution at stride 2, leaky ReLU."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, out, 5, stride=2, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, h / 2, w / 2)."""
        return F.leaky_relu(self.conv(x), 0.1)


class Up(nn.Module):
    """3 x 3 convolution to four times the channels, leaky ReLU, shuffled to twice the size."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(into, 4 * out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) -> (b, out, 2 h, 2 w)."""
        return F.pixel_shuffle(F.leaky_relu(self.conv(x), 0.1), 2)


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the way straight through."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w), the same again."""
        inner = self.conv2(F.leaky_relu(self.conv1(x), 0.2))
        return F.leaky_relu(x + inner, 0.2)


def downs(first: int) -> nn.Sequential:
    """Four :class:`Down` that double the width: 1/16 of the size at 8 times ``first``."""
    widths = [3] + [first * 2**level for level in range(4)]
    return nn.Sequential(*(Down(widths[i], widths[i + 1]) for i in range(4)))


def normed(code: Tensor) -> Tensor:
    """The code (b, n) with a mean square of 1 (Karras et al. 2018, pixel norm)."""
    return code * torch.rsqrt(code.square().mean(dim=1, keepdim=True) + 1e-6)
