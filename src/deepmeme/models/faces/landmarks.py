"""The light landmark network: named points of one face in a small square, about upright.

The portrait model's keypoint detector, narrower and at half the size.
"""

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from deepmeme.models.motion.portrait import Detector
from deepmeme.models.motion.portrait_blocks import expectation


@dataclass(frozen=True)
class LandmarkConfig:
    """Numbers from which the network is built."""

    names: tuple[str, ...]
    resolution: int = 128
    framing: float = 1.6
    """Side of the square over the side of the face's box."""
    widths: tuple[int, ...] = (32, 48, 96, 128)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class FaceLandmarks(nn.Module):
    """Frames (b, 3, r, r) in [0, 1] -> (b, k, 2) in [-1, 1]."""

    def __init__(self, config: LandmarkConfig) -> None:
        super().__init__()
        self.config = config
        self.detector = Detector(len(config.names), config.widths)

    def heatmaps(self, frames: Tensor) -> Tensor:
        """(b, k, r/4, r/4) logits."""
        return self.detector.heatmaps(frames)

    def forward(self, frames: Tensor) -> Tensor:
        return expectation(self.heatmaps(frames))
