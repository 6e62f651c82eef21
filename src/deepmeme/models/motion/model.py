"""The First Order Motion Model: detect, encode, render (Siarohin et al., NeurIPS 2019)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.models.motion.config import MotionConfig
from deepmeme.models.motion.generator import Generator, Rendering, SourceFeatures
from deepmeme.models.motion.keypoints import KeypointDetector, Keypoints


class MotionModel(nn.Module):
    """Both networks that a user needs; the discriminator belongs to training."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.config = config
        self.kp_detector = KeypointDetector(
            config.keypoints, antialias_sigma=config.antialias_sigma
        )
        self.generator = Generator(
            config.generator,
            align_corners=config.align_corners,
            antialias_sigma=config.antialias_sigma,
        )

    def load_arrays(self, generator: Mapping[str, Any], kp_detector: Mapping[str, Any]) -> None:
        """Fill from NumPy arrays under the published names; every name must fit."""
        self.generator.load_state_dict({k: torch.tensor(v) for k, v in generator.items()})
        self.kp_detector.load_state_dict({k: torch.tensor(v) for k, v in kp_detector.items()})

    def detect(self, frames: Tensor) -> Keypoints:
        """(b, 3, h, w) in [0, 1] -> keypoints."""
        keypoints: Keypoints = self.kp_detector(frames)
        return keypoints

    def encode(self, source: Tensor) -> SourceFeatures:
        """What is computed once for a source (b, 3, h, w)."""
        return self.generator.encode(source)

    def render(self, encoded: SourceFeatures, source: Keypoints, driving: Keypoints) -> Rendering:
        """The source, its keypoints moved to ``driving``."""
        return self.generator.render(encoded, source, driving)
