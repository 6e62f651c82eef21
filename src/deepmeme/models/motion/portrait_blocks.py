"""The convolutions of the portrait model: few, plain, foldable, quick in 8 bits."""

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Unit(nn.Module):
    """3x3 (or 1x1) convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


class Residual(nn.Module):
    """Two convolutions beside a straight line."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = Unit(features, features)
        self.conv = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(features)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.conv(self.first(x))))


class UNet(nn.Module):
    """Down and up again with skips that are added, not joined: half the cost at full size.

    ``widths[i]`` channels at 1 / 2^i of the input's size; the output has ``widths[0]``.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = Unit(inputs, widths[0])
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(
            nn.Sequential(Unit(fine, coarse, stride=2), Residual(coarse)) for fine, coarse in steps
        )
        self.up = nn.ModuleList(Unit(coarse, fine, kernel=1) for fine, coarse in reversed(steps))
        self.mix = nn.ModuleList(Unit(fine, fine) for fine, _ in reversed(steps))

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.enter(x)]
        for down in self.down:
            levels.append(down(levels[-1]))
        out = levels.pop()
        for up, mix in zip(self.up, self.mix, strict=True):
            finer = levels.pop()
            out = mix(F.interpolate(up(out), size=finer.shape[2:], mode="nearest") + finer)
        return cast(Tensor, out)


def exact(like: Tensor) -> torch.autocast:
    """Coordinates need 24 bits: a context in which autocast rests."""
    return torch.autocast(like.device.type, enabled=False)


def expectation(logits: Tensor) -> Tensor:
    """(b, k, h, w) -> (b, k, 2): where each softmax map has its mean, xy in [-1, 1]."""
    height, width = logits.shape[2:]
    with exact(logits):
        weights = logits.flatten(2).float().softmax(-1).view(*logits.shape)
        x = torch.linspace(-1, 1, width, device=logits.device)
        y = torch.linspace(-1, 1, height, device=logits.device)
        return torch.stack([weights.sum(2) @ x, weights.sum(3) @ y], -1)
