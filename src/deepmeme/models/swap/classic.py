"""The original architecture of 2017, as ``faceswap`` keeps it: 64 pixels, 82 million parameters."""

import torch
from torch import Tensor, nn

from deepmeme.models.swap.blocks import Up, downs
from deepmeme.models.swap.config import SwapConfig
from deepmeme.models.swap.pair import Painted


class ClassicEncoder(nn.Module):
    """Four strided convolutions, two dense layers, one doubling."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        self.side = config.resolution // 16
        self.width = 8 * config.encoder
        self.down = downs(config.encoder)
        self.squeeze = nn.Linear(self.width * self.side**2, config.code)
        self.spread = nn.Linear(config.code, self.width * self.side**2)
        self.up = Up(self.width, self.width // 2)

    def forward(self, faces: Tensor) -> Tensor:
        """(b, 3, r, r) in [0, 1] -> (b, 4 e, r / 8, r / 8)."""
        code = self.spread(self.squeeze(self.down(faces).flatten(1)))
        return self.up(code.view(-1, self.width, self.side, self.side))  # type: ignore[no-any-return]


class ClassicDecoder(nn.Module):
    """Three doublings to the picture; the mask is a fourth channel of the last convolution."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        widths = [4 * config.encoder, 4 * config.decoder, 2 * config.decoder, config.decoder]
        self.ups = nn.Sequential(*(Up(widths[i], widths[i + 1]) for i in range(3)))
        self.picture = nn.Conv2d(widths[-1], 3, 5, padding=2)
        self.mask = nn.Conv2d(widths[-1], 1, 5, padding=2)

    def forward(self, code: Tensor) -> Painted:
        """(b, 4 e, r / 8, r / 8) -> picture and mask."""
        features = self.ups(code)
        return Painted(torch.sigmoid(self.picture(features)), torch.sigmoid(self.mask(features)))
