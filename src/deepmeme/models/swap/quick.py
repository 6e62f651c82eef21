"""Ours: small, and taught by us before it meets anybody.

The encoder tells how a face is held and what it does; a person's look is a short vector that tunes
each layer of the decoder (FiLM, Perez et al. 2018). Before shipping, encoder, decoder and
:class:`LookEncoder` have learnt from thousands of people to paint one frame of somebody from its
code and the look in another frame. So a pair begins with faces, not with noise: its decoders are
copies of that one with the looks of its two people, and become theirs alone while they learn.
"""

import torch
from torch import Tensor, nn

from deepmeme.models.swap.config import SwapConfig
from deepmeme.models.swap.pair import Painted
from deepmeme.nn.painter import Painter
from deepmeme.nn.shrinker import Shrinker


class Shrinking(Shrinker):
    """Four halvings of a face."""

    def __init__(self, config: SwapConfig, out: int) -> None:
        widths = [config.encoder * times for times in (1, 2, 4, 6)]
        super().__init__(config.resolution, widths, out)


class QuickEncoder(Shrinking):
    """What a face does: (b, code). Over many faces each number has mean 0 and variance 1, so that
    none is lost from the first step on, and noise upon the code means the same for all."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__(config, config.code)
        self.norm = nn.BatchNorm1d(config.code, affine=False, momentum=0.05)

    def forward(self, faces: Tensor) -> Tensor:
        """Faces in [0, 1]."""
        code: Tensor = self.norm(super().forward(faces))
        return code


class LookEncoder(Shrinking):
    """Whose face it is, and in which light: (b, style). Only needed to begin."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__(config, config.style)


class Paint(Painter):
    """A code and a look -> picture and mask."""

    def __init__(self, config: SwapConfig) -> None:
        widths = [config.decoder * times for times in (8, 6, 4, 2, 1)]
        super().__init__(config.code, config.style, widths, side=config.resolution // 16, out=4)

    def forward(self, code: Tensor, style: Tensor) -> Painted:
        """(b, code) and (b, style)."""
        out = torch.sigmoid(self.paint(code, style))
        return Painted(out[:, :3], out[:, 3:])


class QuickDecoder(nn.Module):
    """:class:`Paint` with one person's look."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        self.paint = Paint(config)
        self.look = nn.Parameter(torch.zeros(config.style))

    def forward(self, code: Tensor) -> Painted:
        """(b, code) -> picture and mask."""
        painted: Painted = self.paint(code, self.look.expand(len(code), -1))
        return painted
