"""Tells real frames from rendered ones, patch by patch, at several scales (pix2pixHD, LSGAN)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from deepmeme.models.motion.config import DiscriminatorConfig
from deepmeme.nn.grid import gaussian_heatmaps
from deepmeme.nn.hourglass import width


class Judgement(NamedTuple):
    """What one scale says of a frame."""

    features: list[Tensor]
    """Feature maps, for the matching loss."""
    score: Tensor
    """(b, 1, h', w'): near 1 for real, near 0 for made (LSGAN)."""


class PatchBlock(nn.Module):
    """4x4 convolution without padding, instance norm, leaky ReLU, pooling."""

    def __init__(
        self, in_features: int, out_features: int, *, norm: bool, pool: bool, sn: bool
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(in_features, out_features, 4)
        self.conv = spectral_norm(conv) if sn else conv
        self.norm = nn.InstanceNorm2d(out_features, affine=True) if norm else None
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv(x)
        if self.norm is not None:
            out = self.norm(out)
        out = F.leaky_relu(out, 0.2)
        return F.avg_pool2d(out, 2) if self.pool else out


class PatchDiscriminator(nn.Module):
    """One scale. With ``use_kp`` it also sees where the keypoints should be."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        widths = [config.num_channels + (config.num_kp if config.use_kp else 0)] + [
            width(config.block_expansion, config.max_features, level)
            for level in range(1, config.num_blocks + 1)
        ]
        self.down_blocks = nn.ModuleList(
            PatchBlock(
                widths[i],
                widths[i + 1],
                norm=i != 0,
                pool=i != config.num_blocks - 1,
                sn=config.sn,
            )
            for i in range(config.num_blocks)
        )
        conv = nn.Conv2d(widths[-1], 1, 1)
        self.conv = spectral_norm(conv) if config.sn else conv
        self.use_kp = config.use_kp
        self.kp_variance = config.kp_variance

    def forward(self, frame: Tensor, keypoints: Tensor | None = None) -> Judgement:
        """``frame`` (b, 3, h, w); ``keypoints`` (b, k, 2), needed with ``use_kp``."""
        out = frame
        if self.use_kp:
            if keypoints is None:
                raise ValueError("this discriminator looks at keypoints too: pass them")
            height, width = frame.shape[2:]
            heatmaps = gaussian_heatmaps(keypoints, height, width, self.kp_variance)
            out = torch.cat([frame, heatmaps], dim=1)
        features = []
        for block in self.down_blocks:
            out = block(out)
            features.append(out)
        return Judgement(features, self.conv(out))


class Discriminator(nn.Module):
    """One :class:`PatchDiscriminator` a scale, named by it ('1', '0-5')."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.scales = config.scales
        self.discs = nn.ModuleDict(
            {self.name(scale): PatchDiscriminator(config) for scale in config.scales}
        )

    @staticmethod
    def name(scale: float) -> str:
        """The published checkpoints' key for a scale: 1 -> '1', 0.5 -> '0-5'."""
        return f"{scale:g}".replace(".", "-")

    def forward(
        self, pyramid: dict[float, Tensor], keypoints: Tensor | None = None
    ) -> dict[float, Judgement]:
        """``pyramid``: the frame at each of the scales."""
        return {
            scale: self.discs[self.name(scale)](pyramid[scale], keypoints) for scale in self.scales
        }
