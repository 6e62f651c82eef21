"""Where things are and how they lean: the keypoint detector (Siarohin et al. 2019, section 3.1)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deepmeme.models.motion.config import KeypointDetectorConfig
from deepmeme.nn.grid import coordinate_grid
from deepmeme.nn.hourglass import Hourglass
from deepmeme.nn.resample import AntiAliasDown


class Keypoints(NamedTuple):
    """Learned landmarks with their local affine maps."""

    xy: Tensor
    """(b, k, 2) in [-1, 1], x right, y down."""
    jacobian: Tensor | None = None
    """(b, k, 2, 2), or None for a model of translations only."""


class KeypointDetector(nn.Module):
    """A frame (b, c, h, w) in [0, 1] -> k keypoints, as expectations over k heatmaps."""

    def __init__(self, config: KeypointDetectorConfig, *, antialias_sigma: float | None = None):
        super().__init__()
        self.predictor = Hourglass(
            config.block_expansion,
            config.num_channels,
            num_blocks=config.num_blocks,
            max_features=config.max_features,
        )
        features = self.predictor.out_features
        self.kp = nn.Conv2d(features, config.num_kp, 7, padding=config.pad)
        self.jacobian: nn.Conv2d | None = None
        if config.estimate_jacobian:
            maps = 1 if config.single_jacobian_map else config.num_kp
            self.jacobian = nn.Conv2d(features, 4 * maps, 7, padding=config.pad)
            self._start_at_identity(self.jacobian, maps)
        self.temperature = config.temperature
        self.down: AntiAliasDown | None = None
        if config.scale_factor != 1:
            self.down = AntiAliasDown(
                config.num_channels, config.scale_factor, sigma=antialias_sigma
            )

    @staticmethod
    def _start_at_identity(jacobian: nn.Conv2d, maps: int) -> None:
        nn.init.zeros_(jacobian.weight)
        assert jacobian.bias is not None
        with torch.no_grad():
            jacobian.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 1.0] * maps))

    def heatmaps(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(b, k, h', w') that sum to 1 over h' w', and the features they were read from."""
        small = frames if self.down is None else self.down(frames)
        features = self.predictor(small)
        logits = self.kp(features) / self.temperature
        return logits.flatten(2).softmax(-1).view_as(logits), features

    def forward(self, frames: Tensor) -> Keypoints:
        with torch.autocast(frames.device.type, enabled=False):  # coordinates need 24 bits
            return self._found(frames)

    def _found(self, frames: Tensor) -> Keypoints:
        heatmaps, features = self.heatmaps(frames)
        batch, num_kp, height, width = heatmaps.shape
        weights = heatmaps.flatten(2)  # (b, k, h'w')
        grid = coordinate_grid(height, width, like=heatmaps).view(-1, 2)
        xy = weights @ grid
        if self.jacobian is None:
            return Keypoints(xy)
        entries = self.jacobian(features).view(batch, -1, 4, height * width)
        jacobian = (weights.unsqueeze(2) * entries).sum(-1)  # one map serves all if there is one
        return Keypoints(xy, jacobian.view(batch, num_kp, 2, 2))
