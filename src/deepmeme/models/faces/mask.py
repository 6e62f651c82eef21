"""The face's mask: what of an aligned square is visible face."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.portrait_blocks import UNet, Unit


@dataclass(frozen=True)
class MaskConfig:
    """Numbers from which the network is built."""

    resolution: int = 96
    """A multiple of 16."""
    widths: tuple[int, ...] = (16, 32, 64, 96)
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the resolution."""
    fine: int = 8
    """Channels at the full one, where only rims are drawn."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class FaceMask(nn.Module):
    """Frames (b, 3, r, r) in [0, 1] -> (b, 1, r, r) in [0, 1]."""

    def __init__(self, config: MaskConfig) -> None:
        super().__init__()
        self.config = config
        first = config.widths[0]
        self.stem = Unit(3, first, stride=2)
        self.net = UNet(first, config.widths)
        self.rim = Unit(first + 3, config.fine)
        self.last = nn.Conv2d(config.fine, 1, 3, padding=1)

    def logits(self, frames: Tensor) -> Tensor:
        """(b, 1, r, r)"""
        centred = frames - 0.5
        coarse = self.net(self.stem(centred))
        wide = F.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        logits: Tensor = self.last(self.rim(torch.cat([wide, centred], 1)))
        return logits

    def forward(self, frames: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(frames))
