"""From a folder of videos and a configuration to a motion task; from a run to a model folder."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.data.videos import Subject, VideoFolder, open_videos, read_pairs
from deepmeme.data.videos_pairs import Shown, VideoPairs, far_pairs
from deepmeme.data.videos_store import FrameStore
from deepmeme.errors import InputError, OutputError, WeightsError
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures, Vgg19Features
from deepmeme.models.motion.config import MotionConfig
from deepmeme.train.checkpointing import CHECKPOINTS, latest_facts
from deepmeme.train.motion_start import begin_at, open_config, open_start
from deepmeme.train.motion_task import MotionTask
from deepmeme.train.motion_training import MotionTraining, plan
from deepmeme.train.options import FitOptions
from deepmeme.weights.checkpoint import (
    MotionCheckpoint,
    save_checkpoint,
)
from deepmeme.weights.convert import Converted, convert
from deepmeme.weights.download import cache_dir
from deepmeme.weights.family import sections_of
from deepmeme.weights.stored import arrays
from deepmeme.weights.torch_file import open_torch

log = logging.getLogger("deepmeme.train")

SHOWN, CROSSED = 6, 3
PERCEPTUAL = ("auto", "seeded", "vgg19")


def open_motion_task(
    data: Path | str | None = None,
    config: Path | str | MotionConfig | None = None,
    *,
    start: Path | str | None = None,
    perceptual: str = "auto",
    frames: Path | str | None = None,
    seed: int = 1,
    run: Path | None = None,
) -> MotionTask:
    """Everything that :func:`deepmeme.train.loop.fit` needs to learn from videos.

    Args:
        data: the folder of videos; by default the configuration's ``root_dir``.
        config: a published YAML or a preset's name; by default that of ``start``, or 'small'.
        start: a model to train on: a published ``.pth.tar``, ``.safetensors``, folder or name.
        perceptual: 'seeded', 'vgg19', the path of torchvision's VGG-19 weights, or 'auto': VGG-19
            if torchvision has downloaded it on this machine. A run that goes on with 'auto' keeps
            what it was begun with; with another one it says so.
        frames: where prepared frames are kept; by default in deepmeme's cache folder.
        seed: of pairs, augmentation and new networks.
        run: folder of the run that may go on.

    Raises:
        InputError, WeightsError, ModelNotFound: naming what is wrong.
    """
    checkpoint = None if start is None else open_start(start, config)
    chosen = checkpoint.config if checkpoint is not None else open_config(config)
    training = MotionTraining.of(chosen)
    check_discriminator(chosen, training)
    folder = open_videos(data or training.root_dir, id_sampling=training.id_sampling, seed=seed)
    if perceptual == "auto" and run is not None:
        perceptual = begun_with(run)
    file = perceptual_file(perceptual)
    store = FrameStore(frames or cache_dir() / "frames", chosen.frame_shape[:2])
    shown, crossed = to_look_at(folder, store, training)
    torch.manual_seed(seed)
    task = MotionTask(
        chosen,
        training,
        VideoPairs(folder.train, store, seed=seed),
        shown.frames,
        crossed=crossed,
        perceptual=perceptual_loss(training, file),
        perceptual_file=file,
        seed=seed,
    )
    if checkpoint is not None:
        begin_at(task, checkpoint)
    return task


def options_for(
    task: MotionTask, batch_size: int | None = None, steps: int | None = None
) -> FitOptions:
    """What the task's configuration means for its data: steps, rates, milestones.

    Other ``steps`` than it asks for move its milestones along.
    """
    training = task.training
    meant = plan(training, len(task.pairs.subjects), batch_size)
    steps = meant.steps if steps is None else steps
    milestones = [at * steps // meant.steps for at in meant.milestones]
    return FitOptions(
        steps=steps,
        batch_size=batch_size or training.batch_size,
        learning_rate=training.lr_generator,
        schedule="steps" if meant.milestones else "constant",
        milestones=",".join(map(str, milestones)),
        warmup=0,
        save_every=meant.save_every,
        clip_norm=training.clip_norm,
    )


def to_look_at(
    folder: VideoFolder, store: FrameStore, training: MotionTraining
) -> tuple[Shown, list[tuple[int, int]]]:
    """Held-out videos, and which of them move which: by the list of pairs, else the next the one.

    Raises:
        InputError: no video can be read, or the list of pairs is something else.
    """
    subjects = [Subject(video.name, (video,)) for s in folder.test for video in s.videos]
    listed: tuple[tuple[str, str], ...] = ()
    if training.pairs_list and Path(training.pairs_list).is_file():
        listed = read_pairs(training.pairs_list, [s.name for s in subjects])[:CROSSED]
        named = {name for pair in listed for name in pair}
        subjects.sort(key=lambda subject: subject.name not in named)
    elif training.pairs_list:
        log.info("there is no %s: the samples pair videos by themselves", training.pairs_list)
    shown = far_pairs(subjects, store, SHOWN)
    names = shown.names
    if listed:
        there = [(a, b) for a, b in listed if a in names and b in names]
        return shown, [(names.index(a), names.index(b)) for a, b in there]
    count = len(names)
    return shown, [(row, (row + 1) % count) for row in range(min(CROSSED, count - 1))]


def check_discriminator(config: MotionConfig, training: MotionTraining) -> None:
    """Raises InputError unless each block of the discriminator has its matching weight."""
    given, blocks = len(training.weights.feature_matching), config.discriminator.num_blocks
    if training.weights.generator_gan and given != blocks:
        raise InputError(
            f"The configuration {config.name!r} gives {given} weights of feature_matching for a "
            f"discriminator of {blocks} blocks; give one for each."
        )


def begun_with(run: Path) -> str:
    """The choice of the perceptual network that a run was begun with, or 'auto'."""
    facts = latest_facts(run / CHECKPOINTS).get("task", {})
    if facts.get("perceptual") == SeededFeatures.__name__:
        return "seeded"
    if facts.get("perceptual") == Vgg19Features.__name__:
        file = facts.get("perceptual_file")
        return str(file) if file is not None and Path(str(file)).is_file() else "vgg19"
    return "auto"


def perceptual_file(network: str = "auto") -> Path | None:
    """Weights of VGG-19 for a choice; None for the network that needs no file.

    Raises:
        InputError: VGG-19 was asked for and is not there.
    """
    if network == "seeded":
        return None
    if network not in PERCEPTUAL:
        return Path(network)
    file = find_vgg19()
    if network == "vgg19" and file is None:
        raise InputError(
            "The weights of VGG-19 are not on this machine. torchvision brings them (548 MB): "
            "python -c 'import torchvision; torchvision.models.vgg19(weights=\"DEFAULT\")'; or "
            "pass the path of vgg19-dcbb9e9d.pth, or choose 'seeded', which needs no file."
        )
    return file


def perceptual_loss(training: MotionTraining, file: Path | None = None) -> nn.Module:
    """The pyramid loss through VGG-19 with the weights in ``file``, or through seeded filters.

    Raises:
        InputError: the file holds something else.
    """
    log.info("perceptual loss: %s", "VGG-19" if file else "seeded features, no file needed")
    features: nn.Module
    if file is None:
        features = SeededFeatures()
    else:
        features = Vgg19Features()
        try:
            features.load_arrays(arrays(sections_of(open_torch(file).tree).get("", {})))
        except (RuntimeError, WeightsError) as error:
            raise InputError(f"{file} does not hold torchvision's VGG-19: {error}") from error
    return PyramidDistance(features, scales=training.scales, weights=training.weights.perceptual)


def find_vgg19() -> Path | None:
    """The file that torchvision has left on this machine."""
    found = sorted((Path(torch.hub.get_dir()) / "checkpoints").glob("vgg19-*.pth"))
    return found[0] if found else None


def export_motion(
    players: Mapping[str, Mapping[str, Tensor]],
    facts: Mapping[str, Any],
    target: Path | str,
    *,
    name: str | None = None,
    discriminator: bool = False,
    overwrite: bool = False,
) -> Converted:
    """Write what a run has learnt as a model folder, or as a ``.safetensors`` file by its suffix.

    ``players`` and ``facts`` are a checkpoint's (averages rather than weights, and the task's
    facts). ``deepmeme.load_model`` opens the result, and training goes on from it.

    Raises:
        OutputError, WeightsError: as ``convert``.
    """
    target = Path(target)
    sections: dict[str, dict[str, Any]] = {"generator": {}, "kp_detector": {}}
    for key, value in players["generator"].items():
        section, _, rest = key.partition(".")
        sections[section][rest] = value.detach().cpu().numpy()
    judge = players.get("discriminator")
    checkpoint = MotionCheckpoint(
        path=target,
        config=MotionConfig.from_dict(facts["config"]),
        generator=sections["generator"],
        kp_detector=sections["kp_detector"],
        discriminator={k: v.detach().cpu().numpy() for k, v in judge.items()} if judge else None,
    )
    with tempfile.TemporaryDirectory(prefix="deepmeme.") as folder:
        weights = Path(folder) / "weights.safetensors"
        keep = discriminator and judge is not None
        save_checkpoint(weights, checkpoint, discriminator=keep)
        return convert(
            weights,
            target,
            discriminator=keep,
            name=name or target.stem,
            licence="that of the videos it was trained on, and of the model it began as",
            overwrite=overwrite,
        )


def save_published(players: Mapping[str, Mapping[str, Tensor]], target: Path | str) -> Path:
    """Write a ``.pth.tar`` that the published code loads: both networks and the discriminator.

    Raises:
        OutputError: the file cannot be written; nothing is left behind.
    """
    target = Path(target)
    sections: dict[str, Any] = {"epoch": 0, "generator": {}, "kp_detector": {}}
    for key, value in players["generator"].items():
        section, _, rest = key.partition(".")
        sections[section][rest] = value.detach().cpu()
    if "discriminator" in players:
        sections["discriminator"] = {k: v.cpu() for k, v in players["discriminator"].items()}
    whole = target.with_name(f".{target.name}.part")
    try:
        torch.save(sections, whole)
        whole.replace(target)
    except (OSError, RuntimeError) as error:  # PyTorch's writer says RuntimeError
        raise OutputError(f"{target}: cannot be written: {error}") from error
    finally:
        whole.unlink(missing_ok=True)
    return target
