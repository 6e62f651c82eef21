"""What the training of a motion model begins with: a configuration and, perhaps, a model."""

import logging
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import nn

from deepmeme.errors import WeightsError
from deepmeme.models.motion.config import MotionConfig
from deepmeme.train.motion_task import MotionTask
from deepmeme.weights.checkpoint import (
    Arrays,
    MotionCheckpoint,
    expected_shapes,
    load_checkpoint,
    read_sections,
    resolve_config,
)
from deepmeme.weights.resolve import resolve
from deepmeme.weights.shapes import Shapes

log = logging.getLogger("deepmeme.train")

SHIPPED = ("small", "toon-motion", "toon")
"""Configurations that ship, unless there is a file of that name."""
MOVES, BLUR = "dense_motion_network.", "down.weight"


def open_config(config: Path | str | MotionConfig | None) -> MotionConfig:
    """A configuration for new networks: warps sample as the keypoints' grid has it.

    Raises:
        InputError, WeightsError: as ``resolve_config``.
    """
    name = "small" if config is None else str(config).removesuffix(".yaml")
    if name in SHIPPED and (config is None or not Path(str(config)).is_file()):
        shipped = resources.files("deepmeme.train") / "configs" / f"{name}.yaml"
        chosen = MotionConfig.from_yaml(shipped.read_bytes(), name=name)
    else:
        assert config is not None
        chosen = resolve_config(config)
    return replace(chosen, align_corners=True)


def open_start(
    start: Path | str, config: Path | str | MotionConfig | None = None
) -> MotionCheckpoint:
    """A model to train on, as ``config`` says; how its warps sample stays as it is.

    Where only the painter has other shapes than the configuration's, its motion is taken over and
    a new painter learns beside it: so a model learns to move at a small size, and to paint at a
    larger one.

    Raises:
        ModelNotFound, InputError, WeightsError: as ``load_checkpoint``.
    """
    path = resolve(start).path
    if config is None:
        return load_checkpoint(path)
    stored = read_sections(path)[2].get("config")
    align_corners = stored is not None and MotionConfig.from_json(stored).align_corners
    wanted = replace(open_config(config), align_corners=align_corners)
    try:
        return load_checkpoint(path, wanted)
    except WeightsError:
        moves = motion_of(load_checkpoint(path), wanted)
        if moves is None:
            raise
        log.info("%s: its motion is taken over; the painter begins anew", path)
        return moves


def motion_of(checkpoint: MotionCheckpoint, wanted: MotionConfig) -> MotionCheckpoint | None:
    """What finds and explains motion, if it has the shapes that are wanted; no painter.

    Blur kernels belong to a frame's size, so they stay behind too.
    """
    shapes = expected_shapes(wanted)
    moving = kept_of(checkpoint.generator, shapes["generator"], MOVES)
    finding = kept_of(checkpoint.kp_detector, shapes["kp_detector"])
    if moving is None or finding is None:
        return None
    return replace(
        checkpoint, config=wanted, generator=moving, kp_detector=finding, discriminator=None
    )


def kept_of(section: Arrays, shapes: Shapes, prefix: str = "") -> Arrays | None:
    """The arrays whose names begin so, kernels apart; None if their shapes are not these."""
    found = {k: v for k, v in section.items() if k.startswith(prefix) and not k.endswith(BLUR)}
    asked = {k: v for k, v in shapes.items() if k.startswith(prefix) and not k.endswith(BLUR)}
    return found if asked == {k: v.shape for k, v in found.items()} else None


def begin_at(task: MotionTask, checkpoint: MotionCheckpoint) -> None:
    """Fill the task's networks from a checkpoint; what it does not hold begins anew."""
    model = task.model
    model.load_arrays(
        {**arrays_of(model.generator), **checkpoint.generator},
        {**arrays_of(model.kp_detector), **checkpoint.kp_detector},
    )
    if task.discriminator is not None and checkpoint.discriminator is not None:
        fresh = task.discriminator.state_dict()
        found = {key: torch.tensor(value) for key, value in checkpoint.discriminator.items()}
        shapes = {key: value.shape for key, value in found.items()}
        if shapes == {key: value.shape for key, value in fresh.items()}:
            task.discriminator.load_state_dict(found)


def arrays_of(network: nn.Module) -> dict[str, Any]:
    """Its state dict, as NumPy arrays."""
    return {key: value.numpy() for key, value in network.state_dict().items()}
