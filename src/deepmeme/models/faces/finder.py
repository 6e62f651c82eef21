"""The face finder: a map of how sure, and at each place the face that would be there.

After CenterNet (Zhou et al. 2019): faces are points, no anchors. A cell speaks in units of the
face's own side, so one network says the same of a face at every size that it is shown.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.motion.portrait_blocks import Residual, UNet, Unit

STRIDE = 4
UNIT_PX = 32.0
"""A face of this side has log side 0."""
NUM_POINTS = 5
CHANNELS = 1 + 2 + 1 + 2 + 2 * NUM_POINTS
"""Certainty, offset, log side, downward vector, points."""
_RARE = -3.5
"""Certainty at the start, as a logit: faces are rare."""


@dataclass(frozen=True)
class FinderConfig:
    """Numbers from which the finder is built."""

    stem: int = 16
    widths: tuple[int, ...] = (24, 48, 96)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Sightings(NamedTuple):
    """What each of the h/4 x w/4 cells has to say."""

    certainty: Tensor
    """(b, 1, h/4, w/4) logits."""
    offset: Tensor
    """(b, 2, h/4, w/4) from the cell's middle to the face's, in sides of the face."""
    log_side: Tensor
    """(b, 1, h/4, w/4) log of the side over ``UNIT_PX``."""
    down: Tensor
    """(b, 2, h/4, w/4) from brow to chin, about one long."""
    points: Tensor
    """(b, 10, h/4, w/4) from the cell's middle to five places x, y; in sides of the face."""


class FaceFinder(nn.Module):
    """Frames (b, 3, h, w) in [0, 1] -> maps (b, ``CHANNELS``, h/4, w/4); h and w divide by 16."""

    def __init__(self, config: FinderConfig | None = None) -> None:
        super().__init__()
        self.config = config or FinderConfig()
        widths = self.config.widths
        self.stem = nn.Sequential(
            Unit(3, self.config.stem, stride=2), Unit(self.config.stem, widths[0], stride=2)
        )
        self.net = UNet(widths[0], widths)
        self.deepen = nn.Sequential(Unit(widths[0], widths[0]), Residual(widths[0]))
        self.head = nn.Conv2d(widths[0], CHANNELS, 1)
        with torch.no_grad():
            assert self.head.bias is not None
            self.head.bias.zero_()
            self.head.bias[0] = _RARE
            self.head.bias[5] = 1.0

    def forward(self, frames: Tensor) -> Tensor:
        maps: Tensor = self.head(self.deepen(self.net(self.stem(frames - 0.5))))
        return maps

    def sightings(self, frames: Tensor) -> Sightings:
        """The maps by name, in float32."""
        return Sightings(*self(frames).float().split((1, 2, 1, 2, 2 * NUM_POINTS), 1))
