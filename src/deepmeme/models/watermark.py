"""The network that reads the watermark: four convolutions, 12 thousand parameters."""

from torch import nn

INPUTS = 2
"""Planes of :func:`deepmeme.provenance.watermark_net.inputs`."""


class WatermarkReader(nn.Sequential):
    """Planes (b, 2, h, w), two samples a cell -> soft signs (b, 1, h, w)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__(
            nn.Conv2d(INPUTS, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 1, 3, padding=1),
        )

    @property
    def convolutions(self) -> list[nn.Conv2d]:
        """First to last."""
        return [layer for layer in self if isinstance(layer, nn.Conv2d)]
