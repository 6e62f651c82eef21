"""DeepFaceLab's df and liae, whose codes are apart or shared (facts: face-swap.md, 5.2).

df: an encoder, a dense "inter" for both, a decoder each. liae: two inters, one decoder. The
source's code is inter_ab twice, the destination's inter_b beside inter_ab; swapped is the
destination by inter_ab twice.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.swap.blocks import Residual, Up, downs, normed
from deepmeme.models.swap.config import SwapConfig
from deepmeme.models.swap.pair import Painted


class Inter(nn.Module):
    """Two dense layers and a doubling."""

    def __init__(self, config: SwapConfig, width: int) -> None:
        super().__init__()
        self.side = config.resolution // (32 if config.doubled else 16)
        self.width = width
        flat = 8 * config.encoder * (config.resolution // 16) ** 2
        self.squeeze = nn.Linear(flat, config.code)
        self.spread = nn.Linear(config.code, width * self.side**2)
        self.up = Up(width, width)

    def forward(self, flat: Tensor) -> Tensor:
        """(b, n) -> (b, width, 2 side, 2 side)."""
        code = self.spread(self.squeeze(flat))
        return self.up(code.view(-1, self.width, self.side, self.side))  # type: ignore[no-any-return]


class FlatEncoder(nn.Module):
    """Four strided convolutions, flattened; normed if the inters want it."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        self.down = downs(config.encoder)
        self.norm = config.doubled

    def forward(self, faces: Tensor) -> Tensor:
        """(b, 3, r, r) in [0, 1] -> (b, n)."""
        flat = self.down(faces).flatten(1)
        return normed(flat) if self.norm else flat


class Decoder(nn.Module):
    """Three doublings with a residual block each, and a narrower branch for the mask."""

    def __init__(self, config: SwapConfig, into: int) -> None:
        super().__init__()
        d, m = config.decoder, config.mask
        wide = [into, 8 * d, 4 * d, 2 * d]
        thin = [into, 8 * m, 4 * m, 2 * m] + ([m] if config.doubled else [])
        self.ups = nn.ModuleList(Up(wide[i], wide[i + 1]) for i in range(3))
        self.residuals = nn.ModuleList(Residual(width) for width in wide[1:])
        self.pictures = nn.ModuleList([nn.Conv2d(wide[-1], 3, 1)])
        if config.doubled:
            self.pictures.extend(nn.Conv2d(wide[-1], 3, 3, padding=1) for _ in range(3))
        self.mask_ups = nn.Sequential(*(Up(a, b) for a, b in pairwise(thin)))
        self.mask = nn.Conv2d(thin[-1], 1, 1)

    def forward(self, code: Tensor) -> Painted:
        """(b, c, r / 8, r / 8), or r / 16 if doubled -> picture and mask."""
        features = code
        for up, residual in zip(self.ups, self.residuals, strict=True):
            features = residual(up(features))
        phases = torch.stack([conv(features) for conv in self.pictures], dim=2).flatten(1, 2)
        if len(self.pictures) > 1:
            phases = F.pixel_shuffle(phases, 2)
        mask = self.mask(self.mask_ups(code))
        return Painted(torch.sigmoid(phases), torch.sigmoid(mask))
