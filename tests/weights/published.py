"""Checkpoints as the reference's training writes them, of tiny networks, made with PyTorch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml

from deepmeme.models.motion.config import DenseMotionConfig, MotionConfig, presets
from deepmeme.models.motion.discriminator import Discriminator
from deepmeme.models.motion.model import MotionModel

PRESETS = tuple(presets())


def tiny(name: str) -> MotionConfig:
    """A published configuration with the same switches and a hundredth of the numbers."""
    config = presets()[name]
    dense = config.generator.dense_motion
    small = {"block_expansion": 4, "max_features": 12, "num_blocks": 2}
    return replace(
        config,
        name=f"tiny-{name}",
        keypoints=replace(config.keypoints, num_kp=3, **small),  # type: ignore[arg-type]
        generator=replace(
            config.generator,
            num_kp=3,
            block_expansion=4,
            max_features=12,
            num_bottleneck_blocks=2,
            dense_motion=DenseMotionConfig(4, 12, 2, dense.scale_factor, dense.kp_variance),
        ),
        discriminator=replace(
            config.discriminator, num_kp=3, block_expansion=4, max_features=12, num_blocks=2
        ),
    )


def reference_yaml(config: MotionConfig, *, learning_rate: float = 2e-4, **changes: Any) -> str:
    """The configuration as the reference's YAML file writes it."""
    keypoints, generator, dense = (
        config.keypoints,
        config.generator,
        config.generator.dense_motion,
    )
    judge = config.discriminator
    document = {
        "dataset_params": {
            "root_dir": "data/vox-png",
            "frame_shape": list(config.frame_shape),
            "id_sampling": True,
            "augmentation_params": {"flip_param": {"horizontal_flip": True, "time_flip": True}},
        },
        "model_params": {
            "common_params": {
                "num_kp": keypoints.num_kp,
                "num_channels": keypoints.num_channels,
                "estimate_jacobian": keypoints.estimate_jacobian,
            },
            "kp_detector_params": {
                "temperature": keypoints.temperature,
                "block_expansion": keypoints.block_expansion,
                "max_features": keypoints.max_features,
                "scale_factor": keypoints.scale_factor,
                "num_blocks": keypoints.num_blocks,
            }
            | ({"single_jacobian_map": True} if keypoints.single_jacobian_map else {}),
            "generator_params": {
                "block_expansion": generator.block_expansion,
                "max_features": generator.max_features,
                "num_down_blocks": generator.num_down_blocks,
                "num_bottleneck_blocks": generator.num_bottleneck_blocks,
                "estimate_occlusion_map": generator.estimate_occlusion_map,
                "dense_motion_params": {
                    "block_expansion": dense.block_expansion,
                    "max_features": dense.max_features,
                    "num_blocks": dense.num_blocks,
                    "scale_factor": dense.scale_factor,
                },
            },
            "discriminator_params": {
                "scales": [1],
                "block_expansion": judge.block_expansion,
                "max_features": judge.max_features,
                "num_blocks": judge.num_blocks,
            }
            | ({"sn": True} if judge.sn else {})
            | ({"use_kp": True} if judge.use_kp else {}),
        },
        "train_params": {
            "num_epochs": 100,
            "epoch_milestones": [60, 90],
            "lr_generator": learning_rate,
            "loss_weights": {"perceptual": [10, 10, 10, 10, 10]},
        },
        "animate_params": {"normalization_params": {"adapt_movement_scale": False}},
        "visualizer_params": {"kp_size": 5, "draw_border": True, "colormap": "gist_rainbow"},
    }
    return yaml.safe_dump(document | changes)


def published_tree(config: MotionConfig, *, seed: int = 0) -> dict[str, Any]:
    """State dicts with their ``_metadata``, and Adam's states after one step, as after training."""
    torch.manual_seed(seed)
    model = MotionModel(config)
    networks = {
        "generator": model.generator,
        "discriminator": Discriminator(config.discriminator),
        "kp_detector": model.kp_detector,
    }
    tree: dict[str, Any] = {}
    for name, network in networks.items():
        optimizer = torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, 0.01)
        optimizer.step()
        tree[name] = network.state_dict()
        tree[f"optimizer_{name}"] = optimizer.state_dict()
    tree["epoch"] = 99
    return tree


def save(path: Path, tree: Any, *, legacy: bool = True) -> Path:
    """As torch.save of the reference's time (one pickle stream), or as today's (zip)."""
    torch.save(tree, path, _use_new_zipfile_serialization=not legacy)
    return path
