"""Codes become faces: a mapping network, then a painter that its vector tunes (Karras et al. 2019,
in the small)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.gan.config import GanConfig
from deepmeme.nn.painter import Painter


class Mapping(nn.Module):
    """(b, d) of a Gaussian -> (b, d) where directions mean more: unit vectors go straight through a
    matrix, and layers add to it what is bent; at first both do nothing."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.straight = nn.Linear(config.latent, config.latent)
        nn.init.eye_(self.straight.weight)
        nn.init.zeros_(self.straight.bias)
        self.layers = nn.ModuleList(
            nn.Linear(config.latent, config.latent) for _ in range(config.mapping)
        )
        for layer in list(self.layers)[-1:]:
            layer.load_state_dict({k: v.zero_() for k, v in layer.state_dict().items()})

    def forward(self, code: Tensor) -> Tensor:
        """(b, d) -> (b, d)."""
        start = code * torch.rsqrt(code.square().mean(1, keepdim=True) + 1e-8)
        bent = start
        for number, layer in enumerate(self.layers):
            bent = layer(F.leaky_relu(bent, 0.2) if number else bent)
        mapped: Tensor = self.straight(start)
        return mapped + bent if len(self.layers) else mapped


class Generator(nn.Module):
    """(b, d) -> (b, 3, r, r) in [0, 1]."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = Mapping(config)
        self.painter = Painter(config.latent, config.latent, config.widths)

    def paint(self, style: Tensor) -> Tensor:
        """What the mapping made (b, d) -> (b, 3, r, r)."""
        return torch.sigmoid(self.painter.paint(style, style))

    def forward(self, code: Tensor) -> Tensor:
        """Gaussian codes to pictures."""
        return self.paint(self.mapping(code))
