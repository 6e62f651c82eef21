"""Learns a First Order Motion Model from unlabelled videos (Siarohin et al., NeurIPS 2019).

Two frames of one video: keypoints are found in both, the source is moved to the driving frame's,
and what comes out is compared with it. Nobody says where keypoints belong; they settle where they
explain the motion, and known maps of the frame must move them along.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.video_augment import augmented
from deepmeme.data.videos_pairs import VideoPairs
from deepmeme.losses.adversarial import discriminator_loss, feature_matching, generator_loss
from deepmeme.losses.equivariance import (
    jacobian_equivariance,
    keypoint_equivariance,
    transformed,
)
from deepmeme.losses.perceptual import ImagePyramid
from deepmeme.models.motion.config import MotionConfig
from deepmeme.models.motion.discriminator import Discriminator, Judgement
from deepmeme.models.motion.generator import Rendering
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.model import MotionModel
from deepmeme.nn.grid import inverse_2x2
from deepmeme.nn.thin_plate import random_smooth_map
from deepmeme.train.motion_sheet import sheet_of
from deepmeme.train.motion_training import MotionTraining
from deepmeme.train.task import Picture, Turn, frozen


class FramePair(NamedTuple):
    """A batch."""

    source: Tensor
    """(b, 3, h, w) in [0, 1]."""
    driving: Tensor
    """The same."""


class Animated(NamedTuple):
    """A batch as the model sees it."""

    source: Keypoints
    driving: Keypoints
    rendering: Rendering


class MotionTask:
    """The players: "generator" (it and the keypoint detector), and "discriminator" if it counts."""

    family = "fomm"

    def __init__(
        self,
        config: MotionConfig,
        training: MotionTraining,
        pairs: VideoPairs,
        shown: Tensor,
        *,
        crossed: Sequence[tuple[int, int]] = (),
        perceptual: nn.Module,
        perceptual_file: Path | None = None,
        model: MotionModel | None = None,
        discriminator: Discriminator | None = None,
        seed: int = 1,
    ) -> None:
        """``shown`` (n, 2, h, w, 3) uint8 is for the preview, ``crossed`` rows of it of which the
        first is moved like the second; ``perceptual`` maps (prediction, target) to the weighted
        loss, ``perceptual_file`` is what its weights came from. ``model`` and ``discriminator``
        are trained on, if given.
        """
        self.config, self.training, self.pairs, self.shown = config, training, pairs, shown
        self.perceptual, self.seed, self.crossed = perceptual, seed, tuple(crossed)
        self.perceptual_file = perceptual_file
        self.model = model or MotionModel(config)
        self.detector_learns = training.lr_kp_detector > 0
        self.model.kp_detector.requires_grad_(self.detector_learns)
        self.discriminator = None
        if training.weights.generator_gan:
            self.discriminator = discriminator or Discriminator(config.discriminator)
        self.pyramid = ImagePyramid(config.discriminator.scales)
        for network in (*self.players.values(), self.perceptual):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """State dicts under the published names: ``generator.*`` and ``kp_detector.*``."""
        if self.discriminator is None:
            return {"generator": self.model}
        return {"generator": self.model, "discriminator": self.discriminator}

    @property
    def rates(self) -> Mapping[str, float]:
        """The options' rate is the generator's."""
        return {
            "discriminator": self.training.lr_discriminator / (self.training.lr_generator or 1.0)
        }

    def facts(self) -> Mapping[str, Any]:
        """The configuration, for the export, and what the loss sees, for who goes on."""
        features = type(getattr(self.perceptual, "features", self.perceptual)).__name__
        file = None if self.perceptual_file is None else str(self.perceptual_file.absolute())
        return {"config": self.config.as_dict(), "perceptual": features, "perceptual_file": file}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Both networks of the model."""
        return (self.model.kp_detector, self.model.generator)

    def batch(self, number: int, size: int, device: torch.device) -> FramePair:
        """Frames go to the device as bytes and are changed there."""
        frames = self.pairs.batch(number, size).to(device)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        changed = augmented(frames, self.training.augmentation, generator)
        layout = torch.channels_last
        return FramePair(*(part.contiguous(memory_format=layout) for part in changed.unbind(1)))

    def turns(self, batch: FramePair, step: int) -> Iterator[Turn]:
        """The model learns; then, where it counts, the discriminator."""
        self.perceptual.to(batch.source.device)
        self.pyramid.to(batch.source.device)
        made = self.animated(batch)
        prediction = made.rendering.prediction
        weights = self.training.weights
        losses = {}
        if sum(weights.perceptual):
            losses["perceptual"] = self.perceptual(prediction, batch.driving)
        losses |= self.equivariance(batch.driving, made.driving)
        if self.discriminator is not None:
            losses |= self.fooling(batch.driving, made)
        yield Turn("generator", losses)
        if self.discriminator is not None:
            where = made.driving.xy.detach()
            real = self.judged(batch.driving, where)
            fake = self.judged(prediction.detach(), where)
            loss = discriminator_loss([j.score for j in real], [j.score for j in fake])
            yield Turn("discriminator", {"discriminator": weights.discriminator_gan * loss})

    def animated(self, batch: FramePair) -> Animated:
        """The source, moved to the driving frame's keypoints."""
        source: Keypoints = self.model.kp_detector(batch.source)
        driving: Keypoints = self.model.kp_detector(batch.driving)
        rendering: Rendering = self.model.generator(batch.source, source, driving)
        return Animated(source, driving, rendering)

    def equivariance(self, frames: Tensor, found: Keypoints) -> dict[str, Tensor]:
        """Keypoints must follow a random map of the frame, by which it is no longer the same."""
        weights, how = self.training.weights, self.training.transform
        if not self.detector_learns or not (
            weights.equivariance_value or weights.equivariance_jacobian
        ):
            return {}
        move = random_smooth_map(
            len(frames),
            sigma_affine=how.sigma_affine,
            sigma_tps=how.sigma_tps,
            points_tps=how.points_tps,
            device=frames.device,
        )
        again: Keypoints = self.model.kp_detector(transformed(frames, move))
        losses = {}
        if weights.equivariance_value:
            value = keypoint_equivariance(found.xy, again.xy, move)
            losses["equivariance"] = weights.equivariance_value * value
        if weights.equivariance_jacobian and found.jacobian is not None:
            assert again.jacobian is not None
            value = jacobian_equivariance(found.jacobian, again.jacobian, again.xy, move)
            losses["jacobian"] = weights.equivariance_jacobian * value
        return losses

    def fooling(self, truth: Tensor, made: Animated) -> dict[str, Tensor]:
        """What the discriminator says of the prediction, and how it got there."""
        assert self.discriminator is not None
        weights, where = self.training.weights, made.driving.xy.detach()
        with frozen(self.discriminator):
            fake = self.judged(made.rendering.prediction, where)
            with torch.no_grad():
                real = self.judged(truth, where)
        losses = {"fooling": weights.generator_gan * generator_loss([j.score for j in fake])}
        if sum(weights.feature_matching):
            losses["matching"] = torch.stack(
                [
                    feature_matching(a.features, b.features, weights.feature_matching)
                    for a, b in zip(real, fake, strict=True)
                ]
            ).sum()
        return losses

    def judged(self, frames: Tensor, where: Tensor) -> list[Judgement]:
        """A judgement a scale."""
        assert self.discriminator is not None
        found = self.discriminator(self.pyramid(frames), where)
        return list(cast(dict[float, Judgement], found).values())

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out pairs, a row each: source, driving, prediction, warped source, occlusion.

        Pairs of one video first; then pictures that move like another video.
        """
        source, driving = self.shown.to(device).permute(1, 0, 4, 2, 3).float() / 255
        was = self.model.training
        self.model.eval()
        made = self.animated(FramePair(source, driving))
        sheets = [sheet_of(source, driving, *made)]
        if self.crossed:
            still, moving = (list(rows) for rows in zip(*self.crossed, strict=True))
            at = _rows(made.source, still)
            to = moved_like(at, _rows(made.source, moving), _rows(made.driving, moving))
            rendering: Rendering = self.model.generator(source[still], at, to)
            there = _rows(made.driving, moving)
            sheets.append(sheet_of(source[still], driving[moving], at, there, rendering))
        self.model.train(was)
        return np.concatenate(sheets)


def moved_like(source: Keypoints, anchor: Keypoints, driving: Keypoints) -> Keypoints:
    """The source's keypoints, moved and turned as the driver's were since its anchor frame."""
    xy = source.xy + driving.xy - anchor.xy
    if source.jacobian is None or anchor.jacobian is None or driving.jacobian is None:
        return Keypoints(xy)
    return Keypoints(xy, driving.jacobian @ inverse_2x2(anchor.jacobian) @ source.jacobian)


def _rows(keypoints: Keypoints, rows: list[int]) -> Keypoints:
    jacobian = None if keypoints.jacobian is None else keypoints.jacobian[rows]
    return Keypoints(keypoints.xy[rows], jacobian)
