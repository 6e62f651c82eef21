"""Who somebody is: an aligned square -> a direction; one person's squares point about the same way.

Only the face's own oval is looked at, in its own brightness and contrast: hair, background and how
bright the light is tell nothing.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.portrait_blocks import Residual, Unit

_OVAL = (0.0, -0.04, 0.76, 0.86)
"""Middle x, y and half axes of the face in an aligned square, [-1, 1] from edge to edge."""
_RIM = 0.12
_LEAST_SPREAD = 0.03


@dataclass(frozen=True)
class IdentityConfig:
    """Numbers from which the network is built."""

    resolution: int = 64
    """A multiple of 16."""
    widths: tuple[int, ...] = (24, 48, 80, 104)
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the resolution."""
    length: int = 64
    """Numbers of the vector."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class FaceIdentity(nn.Module):
    """Frames (b, 3, r, r) in [0, 1] -> (b, length), each of length 1."""

    oval: Tensor

    def __init__(self, config: IdentityConfig | None = None) -> None:
        super().__init__()
        self.config = config or IdentityConfig()
        widths, side = self.config.widths, self.config.resolution
        self.register_buffer("oval", oval_of(side), persistent=False)
        self.stem = Unit(3, widths[0], stride=2)
        self.scales = nn.Sequential(
            *(
                nn.Sequential(Unit(fine, coarse, stride=2), Residual(coarse))
                for fine, coarse in pairwise(widths)
            )
        )
        last = widths[-1]
        # Each channel weighs the places of the face in its own way (Chen et al. 2018)
        self.places = nn.Conv2d(last, last, side // 16, groups=last, bias=False)
        self.norm = nn.BatchNorm2d(last)
        self.head = nn.Linear(last, self.config.length)

    def vectors(self, frames: Tensor) -> Tensor:
        """(b, length), of any length."""
        x = self.norm(self.places(self.scales(self.stem(self.levelled(frames)))))
        return cast(Tensor, self.head(x.flatten(1)))

    def levelled(self, frames: Tensor) -> Tensor:
        """The oval alone, about 0 and with a spread of 1 over all channels together."""
        weight = self.oval / (3 * self.oval.sum())
        middle = (frames * weight).sum((1, 2, 3), keepdim=True)
        away = frames - middle
        spread = (away * away * weight).sum((1, 2, 3), keepdim=True)
        return away * self.oval / torch.sqrt(spread + _LEAST_SPREAD**2)

    def forward(self, frames: Tensor) -> Tensor:
        return F.normalize(self.vectors(frames).float(), dim=1)


def oval_of(side: int) -> Tensor:
    """(1, 1, side, side) 1 on the face of an aligned square, 0 away from it."""
    line = (torch.arange(side) + 0.5) * (2 / side) - 1
    x, y, wide, high = _OVAL
    away = torch.sqrt(((line[None] - x) / wide) ** 2 + ((line[:, None] - y) / high) ** 2)
    return ((1 - away) / _RIM + 0.5).clamp(0, 1)[None, None]
