"""The toon model's recipe is a published form that the trainer takes as it is."""

from importlib import resources

import torch

from deepmeme.models.motion.config import MotionConfig
from deepmeme.models.motion.model import MotionModel
from deepmeme.train.motion_training import MotionTraining, plan


def test_the_recipe_is_understood_and_fits_its_networks() -> None:
    text = (resources.files("deepmeme.train") / "configs" / "toon-motion.yaml").read_text("utf-8")
    config = MotionConfig.from_yaml(text, name="toon-motion")
    training = MotionTraining.of(config)
    assert config.frame_shape == (64, 64, 3) and config.keypoints.single_jacobian_map
    assert training.id_sampling and training.augmentation.crop == (64, 64)
    assert training.augmentation.hue == 0.5
    pairs = plan(training, num_subjects=264)
    assert pairs.steps * training.batch_size == 264 * 30 * 40
    model = MotionModel(config).eval()
    frame = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        found = model.kp_detector(frame)
        moved = model.generator(frame, found, found).prediction
    assert found.xy.shape == (1, 10, 2) and moved.shape == frame.shape
    assert sum(p.numel() for p in model.parameters()) < 1_500_000
