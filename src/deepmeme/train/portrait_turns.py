"""What one step of the portrait model's training computes: losses by name, and their weights."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.data.pairs import PairBatch
from deepmeme.losses.flow import flow_distance, roughness, visibility_entropy
from deepmeme.losses.keypoints import heatmap_spread, keypoint_distance, opening_distance
from deepmeme.losses.reconstruction import (
    gradient_l1,
    pyramid_l1,
    region_weights,
    ssim_loss,
    weighted_mean,
)
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import Detector, PortraitModel, Rendering
from deepmeme.models.motion.portrait_blocks import exact, expectation
from deepmeme.models.motion.portrait_points import OPENINGS, rows, weights_of

Losses = dict[str, Tensor]
"""Weighted terms; their sum is what is minimised."""

LOOKED_AT = ("eye_", "iris_", "lip_", "brow_")


class KeypointTurn(nn.Module):
    """Frames of pairs -> how far the detector is from the labels."""

    def __init__(self, detector: Detector, names: tuple[str, ...]) -> None:
        super().__init__()
        self.detector = detector
        self.register_buffer("weights", torch.tensor(weights_of(names)), persistent=False)
        self.first = rows(names, [a for a, _ in OPENINGS])
        self.second = rows(names, [b for _, b in OPENINGS])

    weights: Tensor

    def forward(self, batch: PairBatch) -> Losses:
        frames, xy = batch.frames.flatten(0, 1), batch.xy.flatten(0, 1)
        logits = self.detector.heatmaps(frames)
        found = expectation(logits)
        with exact(frames):
            inside = (xy.abs() < 1.1).all(-1).float()
            seen = batch.visible.flatten(0, 1).float()
            weight = self.weights * inside * (0.4 + 0.6 * seen)
            return {
                "points": 10 * keypoint_distance(found, xy, weight),
                "openings": 10 * opening_distance(found, xy, self.first, self.second),
                "maps": 0.05 * heatmap_spread(logits.float(), xy, 0.03),
            }


@dataclass(frozen=True)
class MotionWeights:
    """What each loss of the motion phase counts."""

    pyramid: float = 6.0
    gradient: float = 2.0
    similarity: float = 0.6
    warped: float = 2.0
    flow: float = 6.0
    seen: float = 0.2
    rough: float = 4.0
    painted: float = 2.0
    kept: float = 0.3
    opened: float = 8.0


class MotionTurn(nn.Module):
    """Pairs -> how far the moved source is from the driving frame."""

    def __init__(
        self,
        model: PortraitModel,
        *,
        weights: MotionWeights | None = None,
        found_share: float = 0.0,
    ) -> None:
        super().__init__()
        self.model = model
        self.weigh = weights or MotionWeights()
        self.found_share = found_share
        names = model.config.keypoint_names
        self.looked_at = [row for row, name in enumerate(names) if name.startswith(LOOKED_AT)]

    def forward(self, batch: PairBatch, noise: Tensor) -> Losses:
        """``noise`` (b, 3, k, 2), standard normal: shared by both frames, and each one's own."""
        source, driving = batch.frames.unbind(1)
        xy = perturbed(self.model, batch, noise, self.found_share)
        out: Rendering = self.model.render(
            self.model.encode(source), Keypoints(xy[:, 0]), Keypoints(xy[:, 1])
        )
        with exact(driving):
            return self.losses(out, batch, driving)

    def losses(self, out: Rendering, batch: PairBatch, driving: Tensor) -> Losses:
        """All terms in fp32."""
        weigh, size = self.weigh, driving.shape[-1]
        region = region_weights(batch.xy[:, 1, self.looked_at], size)
        new = F.interpolate(out.openings.fresh, size=driving.shape[2:], mode="nearest")
        region = region + weigh.opened * new.amax(1, keepdim=True)
        visible = batch.flow_visible
        seen = F.interpolate(visible[:, None], size=driving.shape[2:], mode="nearest")
        unseen = (1 - 0.8 * seen + new.amax(1, keepdim=True)).clamp(max=1)
        near = F.interpolate(region, size=visible.shape[1:], mode="area")[:, 0]
        on_flow = visible * (0.3 + batch.person) * near
        return {
            "pyramid": weigh.pyramid * pyramid_l1(out.prediction, driving, region),
            "gradient": weigh.gradient * gradient_l1(out.prediction, driving, region),
            "similarity": weigh.similarity * ssim_loss(grey(out.prediction), grey(driving), region),
            "warped": weigh.warped * pyramid_l1(out.warped, driving, region * seen, levels=3),
            "flow": weigh.flow * flow_distance(out.motion.deformation, batch.flow, on_flow),
            "seen": weigh.seen * visibility_entropy(out.motion.occlusion, visible),
            "rough": weigh.rough * roughness(out.motion.deformation),
            "painted": weigh.painted * pyramid_l1(out.painted, driving, region * unseen, levels=2),
            "kept": weigh.kept * nearer_entropy(out, driving, region),
        }


@torch.no_grad()
def perturbed(model: PortraitModel, batch: PairBatch, noise: Tensor, found_share: float) -> Tensor:
    """(b, 2, k, 2): true keypoints with noise; a share of the pairs as the detector finds them.

    ``noise`` (b, 3, k, 2), standard normal: shared by both frames, and each one's own.
    """
    xy = batch.xy + 0.012 * noise[:, :1] + 0.003 * noise[:, 1:]
    if found_share:
        count = max(1, round(found_share * len(xy)))
        was = model.detector.training
        model.detector.eval()
        found = model.detect(batch.frames[:count].flatten(0, 1)).xy
        model.detector.train(was)
        xy[:count] = found.view(count, 2, -1, 2)
    return xy


def nearer_entropy(out: Rendering, driving: Tensor, region: Tensor) -> Tensor:
    """Cross entropy of what is kept with who is nearer to the truth: warped source or painting.

    It teaches the share where the blend's own gradient has died; a tie goes to the source.
    """
    with torch.no_grad():
        apart = [(part - driving).abs().mean(1, keepdim=True) for part in (out.warped, out.painted)]
        lead = F.avg_pool2d(apart[1] - apart[0], 5, 1, 2)
        wanted = torch.sigmoid(lead / 0.01 + 3.0)
    entropy = F.binary_cross_entropy(out.kept.clamp(1e-4, 1 - 1e-4), wanted, reduction="none")
    return weighted_mean(entropy, region)


def grey(frames: Tensor) -> Tensor:
    """(b, 3, h, w) -> (b, 1, h, w)."""
    return frames.mean(1, keepdim=True)
