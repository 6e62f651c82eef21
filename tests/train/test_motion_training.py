"""Published training sections: read from YAML, known by name, and what they mean in steps."""

import pytest
import yaml

from deepmeme.errors import InputError
from deepmeme.models.motion.config import MotionConfig, presets
from deepmeme.train.motion_model import open_config
from deepmeme.train.motion_training import PUBLISHED, MotionTraining, plan

VOX_ADV = """
dataset_params:
  root_dir: data/vox-png
  frame_shape: [256, 256, 3]
  id_sampling: True
  pairs_list: data/vox256.csv
  augmentation_params:
    flip_param:
      horizontal_flip: True
      time_flip: True
    jitter_param:
      brightness: 0.1
      contrast: 0.1
      saturation: 0.1
      hue: 0.1
model_params:
  common_params:
    num_kp: 10
    num_channels: 3
    estimate_jacobian: True
  kp_detector_params:
    temperature: 0.1
    block_expansion: 32
    max_features: 1024
    scale_factor: 0.25
    num_blocks: 5
  generator_params:
    block_expansion: 64
    max_features: 512
    num_down_blocks: 2
    num_bottleneck_blocks: 6
    estimate_occlusion_map: True
    dense_motion_params:
      block_expansion: 64
      max_features: 1024
      num_blocks: 5
      scale_factor: 0.25
  discriminator_params:
    scales: [1]
    block_expansion: 32
    max_features: 512
    num_blocks: 4
    use_kp: True
train_params:
  num_epochs: 150
  num_repeats: 75
  epoch_milestones: []
  lr_generator: 2.0e-4
  lr_discriminator: 2.0e-4
  lr_kp_detector: 2e-4
  batch_size: 36
  scales: [1, 0.5, 0.25, 0.125]
  checkpoint_freq: 50
  transform_params:
    sigma_affine: 0.05
    sigma_tps: 0.005
    points_tps: 5
  loss_weights:
    generator_gan: 1
    discriminator_gan: 1
    feature_matching: [10, 10, 10, 10]
    perceptual: [10, 10, 10, 10, 10]
    equivariance_value: 10
    equivariance_jacobian: 10
reconstruction_params:
  num_videos: 1000
  format: '.mp4'
visualizer_params:
  kp_size: 5
"""


def training_of(**sections: object) -> MotionTraining:
    mapping = yaml.safe_load(VOX_ADV)
    for name, changes in sections.items():
        mapping[name] |= changes
    return MotionTraining.of(MotionConfig.from_yaml(mapping, name="mine"))


def test_a_published_file_says_what_its_name_says() -> None:
    assert training_of() == MotionTraining.of(presets()["vox-adv-256"])


def test_every_published_name_trains() -> None:
    assert set(PUBLISHED) == set(presets())
    table = {name: MotionTraining.of(config) for name, config in presets().items()}
    assert {name for name, t in table.items() if not t.weights.generator_gan} == {
        "vox-256", "taichi-256", "vox-512",
    }  # fmt: skip
    assert [table["taichi-adv-256"].lr_kp_detector, table["vox-adv-256"].lr_kp_detector] == [
        0,
        2e-4,
    ]
    mgif = table["mgif-256"].augmentation
    assert (mgif.crop, mgif.resize, mgif.hue) == ((256, 256), (0.9, 1.1), 0.5)
    assert mgif.horizontal_flip and mgif.time_flip
    assert table["bair-256"].epoch_milestones == (12, 18)
    assert table["nemo-256"].batch_size == 36


def test_steps_of_a_configuration() -> None:
    """150 epochs of 75 passes over 12 people in batches of 36 (the last, short one left out)."""
    found = plan(training_of(), 12)
    assert found == (150 * 25, (), 25, 50 * 25)
    found = plan(training_of(train_params={"epoch_milestones": [60, 90]}), 12, batch_size=40)
    assert (found.steps_per_epoch, found.milestones) == (22, (1320, 1980))
    assert plan(training_of(train_params={"num_repeats": 1}), 1).steps == 150


def test_what_is_wrong_is_listed_at_once() -> None:
    with pytest.raises(InputError) as caught:
        training_of(
            train_params={
                "batch_size": 0,
                "lr_generator": "fast",
                "loss_weights": {"perceptual": [1, "x"], "percptual": [1]},
                "transform_params": 3,
            },
            dataset_params={"id_sampling": "yes", "augmentation_params": {"crop_param": {"s": 1}}},
        )
    for said in (
        "train_params.batch_size: found 0, expected a whole number from 1",
        "train_params.lr_generator: found 'fast'",
        "train_params.loss_weights.perceptual: found [1, 'x']",
        "train_params.loss_weights.percptual: unknown",
        "train_params.transform_params: found 3, expected a mapping",
        "dataset_params.id_sampling: found 'yes', expected true or false",
        "dataset_params.augmentation_params.crop_param.s: unknown",
    ):
        assert said in str(caught.value)


def test_two_learning_rates_for_one_player_are_refused() -> None:
    with pytest.raises(InputError, match=r"lr_kp_detector: found 0\.001, expected lr_generator"):
        training_of(train_params={"lr_kp_detector": 1e-3})


def test_the_small_configuration_ships() -> None:
    config = open_config("small.yaml")
    assert config.name == "small" and config.align_corners
    training = MotionTraining.of(config)
    assert len(training.weights.feature_matching) == config.discriminator.num_blocks
    assert open_config(None) == config
