"""The portrait model: named keypoints, closed-form motion, and a picture that stays the person's.

The prediction is the source warped at full size, blended with what a small painter adds where the
source has nothing to show: inside an opening mouth, behind a lid, beside a turning head.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait_blocks import Residual, UNet, Unit, exact, expectation
from deepmeme.models.motion.portrait_closeups import CloseUps, Retoucher
from deepmeme.models.motion.portrait_fine import FineMotion
from deepmeme.models.motion.portrait_motion import DenseMotion, Motion
from deepmeme.models.motion.portrait_openings import OpeningMasks, Openings
from deepmeme.nn.grid import move_picture, warp

FRESH = (5.0, 3.0)
"""How surely, in logits, what opens in mouth and eyes is painted and not warped."""


@dataclass(frozen=True)
class PortraitConfig:
    """Numbers from which the model is built; shipped in ``model.json``."""

    keypoint_names: tuple[str, ...]
    resolution: int = 256
    detector_widths: tuple[int, ...] = (32, 64, 128, 160)
    motion_widths: tuple[int, ...] = (32, 48, 64, 96)
    features: int = 48
    fine_features: int = 16
    painter_blocks: int = 3
    closeups: bool = False
    """Whether mouth and eyes are gone over at full size; weights older than that have no part."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any], **changed: Any) -> "PortraitConfig":
        """What :meth:`as_dict` gave, after JSON.

        Raises:
            TypeError: a field that no portrait has.
        """
        known = {key: tuple(v) if isinstance(v, list) else v for key, v in facts.items()}
        return cls(**{**known, **changed})


class SourceFeatures(NamedTuple):
    """All that is computed once for a source."""

    picture: Tensor
    """(b, 3, h, w) the source itself."""
    small: Tensor
    """(b, 3, h/4, w/4)."""
    features: Tensor
    """(b, c, h/4, w/4)."""
    fine: Tensor
    """(b, c', h/2, w/2)."""


class Rendering(NamedTuple):
    """One moved source and how it came about."""

    prediction: Tensor
    """(b, 3, h, w) in [0, 1]."""
    motion: Motion
    kept: Tensor
    """(b, 1, h, w) share of the warped source in the prediction."""
    warped: Tensor
    """(b, 3, h, w)."""
    painted: Tensor
    """(b, 3, h, w)."""
    openings: Openings
    closeups: CloseUps | None
    """Corrections of mouth and eyes, as far as the model makes any."""


class Detector(nn.Module):
    """Frame (b, 3, h, w) -> named keypoints, read from maps of h/4 x w/4."""

    def __init__(self, num_keypoints: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Sequential(Unit(3, 16, stride=2), Unit(16, widths[0], stride=2))
        self.net = UNet(widths[0], (widths[0], *widths[1:]))
        self.head = nn.Conv2d(widths[0], num_keypoints, 1)

    def heatmaps(self, frames: Tensor) -> Tensor:
        """(b, k, h/4, w/4) logits."""
        logits: Tensor = self.head(self.net(self.stem(frames - 0.5)))
        return logits

    def forward(self, frames: Tensor) -> Keypoints:
        return Keypoints(expectation(self.heatmaps(frames)))


class Encoder(nn.Module):
    """Source -> features at a half and a quarter of its size."""

    def __init__(self, features: int, fine: int) -> None:
        super().__init__()
        self.enter = Unit(3, fine, stride=2, kernel=5)
        self.fine = Unit(fine, fine)
        self.down = Unit(fine, features, stride=2)
        self.deep = nn.Sequential(Residual(features), Residual(features))

    def forward(self, source: Tensor) -> SourceFeatures:
        fine = self.fine(self.enter(source - 0.5))
        deep = self.deep(self.down(fine))
        return SourceFeatures(source.clamp(0, 1), F.avg_pool2d(source, 4), deep, fine)


class Painter(nn.Module):
    """Warped features -> a picture and how much of the warped source stays beside it."""

    def __init__(self, features: int, fine: int, thoughts: int, blocks: int) -> None:
        super().__init__()
        self.enter = Unit(features + thoughts, features, kernel=1)
        self.body = nn.Sequential(*(Residual(features) for _ in range(blocks)))
        self.widen = Unit(features, 4 * 24)
        self.join = Unit(24 + fine + 4, 32)
        self.refine = Unit(32, 32)
        self.out = nn.Conv2d(32, 4 * 4, 3, padding=1)
        with torch.no_grad():
            self.out.weight.mul_(0.3)
            assert self.out.bias is not None
            self.out.bias.zero_()
            self.out.bias[12:] = 1.5

    def forward(
        self, features: Tensor, fine: Tensor, thoughts: Tensor, openings: Openings
    ) -> tuple[Tensor, Tensor]:
        """Picture (b, 3, h, w) in [0, 1] and share (b, 1, h, w)."""
        coarse = self.body(self.enter(torch.cat([features, thoughts], 1)))
        wide = F.pixel_shuffle(self.widen(coarse), 2)
        out = self.out(self.refine(self.join(torch.cat([wide, fine, openings.stacked()], 1))))
        out = F.pixel_shuffle(out, 2)
        fresh = F.interpolate(openings.fresh, scale_factor=2.0, mode="nearest")
        share = out[:, 3:] - FRESH[0] * fresh[:, :1] - FRESH[1] * fresh[:, 1:]
        return out[:, :3].sigmoid(), share.sigmoid()


class PortraitModel(nn.Module):
    """detect, encode, render."""

    def __init__(self, config: PortraitConfig) -> None:
        super().__init__()
        self.config = config
        names, size = config.keypoint_names, config.resolution // 4
        self.detector = Detector(len(names), config.detector_widths)
        self.encoder = Encoder(config.features, config.fine_features)
        self.dense_motion = DenseMotion(names, size, config.motion_widths)
        self.painter = Painter(
            config.features, config.fine_features, config.motion_widths[0], config.painter_blocks
        )
        self.openings = OpeningMasks(names, config.resolution // 2)
        self.fine_motion = FineMotion(names, config.resolution // 2)
        self.retoucher = Retoucher(names) if config.closeups else None

    def detect(self, frames: Tensor) -> Keypoints:
        """(b, 3, h, w) in [0, 1] -> keypoints in the order of ``config.keypoint_names``."""
        keypoints: Keypoints = self.detector(frames)
        return keypoints

    def encode(self, source: Tensor) -> SourceFeatures:
        """What is computed once for a source (b, 3, h, w)."""
        encoded: SourceFeatures = self.encoder(source)
        return encoded

    def render(self, encoded: SourceFeatures, source: Keypoints, driving: Keypoints) -> Rendering:
        """The source with its keypoints moved to those of ``driving``."""
        motion: Motion = self.dense_motion(encoded.small, source, driving)
        with exact(encoded.picture):
            openings = self.openings(driving.xy, source.xy)
            half = self.fine_motion(motion.deformation, driving.xy, source.xy, openings)
            warped = move_picture(encoded.picture, half)
            fine = warp(encoded.fine.float(), half, align_corners=True)
            deep = warp(encoded.features.float(), motion.deformation, align_corners=True)
            deep = deep * motion.occlusion
        painted, kept = self.painter(deep, fine, motion.features, openings)
        painted, kept = painted.float(), kept.float()
        prediction = kept * warped + (1 - kept) * painted
        found = None
        if self.retoucher is not None:
            found = self.retoucher(prediction, warped, openings, driving.xy, source.xy)
            prediction = self.retoucher.place(prediction, found)
        return Rendering(prediction, motion, kept, warped, painted, openings, found)
