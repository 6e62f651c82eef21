"""Paints the moved source (Siarohin et al. 2019, section 3.3).

The encoder looks at the source alone, so a film needs it once: ``encode`` and ``render`` are apart.
With ``keep_source``, which is ours, only what the source does not show is painted.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.config import GeneratorConfig
from deepmeme.models.motion.dense_motion import DenseMotion, Motion
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.nn.blocks import DownBlock, ResBlock, SameBlock, UpBlock
from deepmeme.nn.grid import move_picture, warp
from deepmeme.nn.hourglass import width


class SourceFeatures(NamedTuple):
    """All that is computed once for a source."""

    features: Tensor
    """(b, c, h / 2^d, w / 2^d) appearance."""
    small: Tensor
    """(b, 3, h', w') the source at the resolution of the motion."""
    picture: Tensor | None = None
    """(b, 3, h, w) the source itself, if it is to be kept."""


class Rendering(NamedTuple):
    """One moved source and how it came about."""

    prediction: Tensor
    """(b, 3, h, w) in [0, 1]."""
    motion: Motion
    """With ``keep_source`` its occlusion is the share of the source in each pixel, at full size."""


class Generator(nn.Module):
    """Source and keypoints -> prediction, with occlusion-gated warped features."""

    def __init__(
        self,
        config: GeneratorConfig,
        *,
        align_corners: bool = False,
        antialias_sigma: float | None = None,
    ) -> None:
        super().__init__()
        widths = [
            width(config.block_expansion, config.max_features, level)
            for level in range(config.num_down_blocks + 1)
        ]
        self.dense_motion_network = DenseMotion(
            config.dense_motion,
            num_kp=config.num_kp,
            num_channels=config.num_channels,
            estimate_occlusion_map=config.estimate_occlusion_map,
            align_corners=align_corners,
            antialias_sigma=antialias_sigma,
        )
        self.first = SameBlock(config.num_channels, widths[0], kernel_size=7)
        self.down_blocks = nn.ModuleList(
            DownBlock(widths[i], widths[i + 1]) for i in range(config.num_down_blocks)
        )
        self.bottleneck = nn.Sequential(
            OrderedDict(
                (f"r{i}", ResBlock(widths[-1])) for i in range(config.num_bottleneck_blocks)
            )
        )
        self.up_blocks = nn.ModuleList(
            UpBlock(widths[i], widths[i - 1]) for i in range(config.num_down_blocks, 0, -1)
        )
        painted = config.num_channels + config.keep_source
        self.final = nn.Conv2d(widths[0], painted, 7, padding=3)
        self.keep_source = config.keep_source
        self.align_corners = align_corners

    def encode(self, source: Tensor) -> SourceFeatures:
        """(b, 3, h, w) in [0, 1] -> what ``render`` needs of it."""
        features = self.first(source)
        for block in self.down_blocks:
            features = block(features)
        small = self.dense_motion_network.shrink(source)
        return SourceFeatures(features, small, source if self.keep_source else None)

    def gate(self, features: Tensor, motion: Motion) -> Tensor:
        """Warp the features, then dim what the source does not show (Eq. 8)."""
        warped = warp(features, motion.deformation, align_corners=self.align_corners)
        if motion.occlusion is None:
            return warped
        occlusion = motion.occlusion
        if occlusion.shape[2:] != warped.shape[2:]:
            occlusion = F.interpolate(occlusion, size=warped.shape[2:], mode="bilinear")
        return warped * occlusion

    def render(self, encoded: SourceFeatures, source: Keypoints, driving: Keypoints) -> Rendering:
        """The encoded source with its keypoints moved to those of ``driving``."""
        motion = self.dense_motion_network(encoded.small, source, driving)
        out = self.bottleneck(self.gate(encoded.features, motion))
        for block in self.up_blocks:
            out = block(out)
        painted = torch.sigmoid(self.final(out))
        if encoded.picture is None:
            return Rendering(painted, motion)
        painted, kept = painted[:, :-1], painted[:, -1:]
        with torch.autocast(painted.device.type, enabled=False):
            moved = move_picture(encoded.picture.float(), motion.deformation)
            blended = moved * kept.float() + painted.float() * (1 - kept.float())
        return Rendering(blended, motion._replace(occlusion=kept))

    def forward(self, image: Tensor, source: Keypoints, driving: Keypoints) -> Rendering:
        """Encode and render in one, as training does."""
        return self.render(self.encode(image), source, driving)
