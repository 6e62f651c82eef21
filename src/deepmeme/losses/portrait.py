"""How unlike two portraits are: colours and features, and closer from the brows to the chin, where
few pixels say much."""

import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import pyramid_l1

L1, FEATURES = 100.0, 10.0
"""Times the mean difference of colours over a pyramid, and that of seeded features."""
BROWS = 0.32
"""How far down a portrait they are, as a share of its side."""


class PortraitDistance(nn.Module):
    """Made and wanted (b, 3, r, r) in [0, 1] -> named losses."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = PyramidDistance(SeededFeatures(), scales=(1.0,), weights=(1.0,) * 4)

    def forward(self, made: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        """The wanted ones get no gradient."""
        parts = (_middle(made), _middle(wanted))
        small = (F.avg_pool2d(made, 2), F.avg_pool2d(wanted, 2))
        colours = pyramid_l1(made, wanted, levels=3) + pyramid_l1(*parts, levels=2)
        return {
            "l1": L1 * colours,
            "perceptual": FEATURES * (self.looks(*small) + self.looks(*parts)),
        }


def _middle(pictures: Tensor) -> Tensor:
    """(b, 3, r, r) -> (b, 3, r/2, r/2) of a portrait from the brows to the chin."""
    side = pictures.shape[2]
    top, left = round(BROWS * side), side // 4
    return pictures[:, :, top : top + side // 2, left : left + side // 2]
