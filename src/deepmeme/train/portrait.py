"""The portrait model's three lessons, in order: keypoints, motion, close-ups; then the export.

Each lesson stands upon those before it, in one folder: ``RUN/keypoints``, ``RUN/motion``,
``RUN/closeups``. Whatever is killed goes on where it was (see :mod:`deepmeme.train.loop`).
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepmeme.data.augment import Style
from deepmeme.data.pairs import Pairs, open_pairs
from deepmeme.errors import InputError
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.closeup_task import CloseUpTask
from deepmeme.train.courses import COURSES, LESSONS, Lesson
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.portrait_tasks import KeypointTask, PortraitMotionTask
from deepmeme.train.run_state import averages_of
from deepmeme.train.sheet import picture_of
from deepmeme.train.task import Task

log = logging.getLogger("deepmeme.train")

STYLES: dict[Lesson, Style] = {
    "keypoints": Style(
        scale=0.3, shift=0.16, turn_degrees=25, paint=0.4, degrade=0.35, cutout=0.15
    ),
    "motion": Style(paint=0.45),
    "closeups": Style(paint=0.35),
}


def train_lesson(
    lesson: Lesson,
    banks: Sequence[Path],
    run: Path,
    options: FitOptions | None = None,
    *,
    shares: Sequence[float] | None = None,
    config: PortraitConfig | None = None,
) -> Fitted:
    """Train one lesson, or go on with it.

    Raises:
        InputError: the banks are unusable, or a lesson that this one needs is missing.
    """
    options = options or COURSES[lesson]
    style = STYLES[lesson]
    pairs = open_pairs(
        banks, batch_size=options.batch_size, seed=options.seed, style=style, shares=shares,
        lively=lesson == "closeups",
    )  # fmt: skip
    shown = open_pairs(
        banks, batch_size=8, seed=options.seed, style=replace(style, degrade=0, cutout=0),
        shares=shares, held_out=True, lively=True,
    )  # fmt: skip
    torch.manual_seed(options.seed)
    model = PortraitModel(config or PortraitConfig(pairs.keypoint_names, closeups=True))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    missing = set(LESSONS[: LESSONS.index(lesson)]) - set(restore_lessons(model, run, skip=lesson))
    if missing and lesson == "closeups":
        raise InputError(
            f"{run} has not learnt {' and '.join(sorted(missing))} yet; close-ups come after. "
            f"Train first: deepmeme train portrait {min(missing, key=LESSONS.index)} -o {run}"
        )
    return fit(task_of(lesson, model, pairs, shown), options, run / lesson)


def task_of(lesson: Lesson, model: PortraitModel, pairs: Pairs, shown: Pairs) -> Task:
    """A lesson's task."""
    if lesson == "keypoints":
        return KeypointTask(model, pairs, shown)
    if lesson == "motion":
        return PortraitMotionTask(model, pairs, shown)
    return CloseUpTask(model, pairs, shown)


def restore_lessons(model: PortraitModel, run: Path, *, skip: str = "") -> list[Lesson]:
    """Put in the averages of the lessons that a run has; returns which."""
    parts: dict[Lesson, dict[str, Any]] = {
        "keypoints": {"detector": model.detector},
        "motion": {"mover": model},
        "closeups": {"retoucher": model.retoucher},
    }
    found: list[Lesson] = []
    for lesson, players in parts.items():
        averages = None if lesson == skip else averages_of(run / lesson / CHECKPOINTS)
        if averages is None:
            continue
        for name, module in players.items():
            if module is not None:
                weights = averages[0][name]
                unknown = module.load_state_dict(weights, strict=name != "mover").unexpected_keys
                assert not unknown, unknown
        found.append(lesson)
    return found


def load_run(run: Path) -> PortraitModel:
    """The averaged model of a run; lessons that are missing untrained, close-ups left out.

    Raises:
        InputError: there is no checkpoint.
    """
    facts = [found[1] for x in LESSONS if (found := averages_of(run / x / CHECKPOINTS))]
    if not facts:
        raise InputError(f"{run} holds no checkpoint of a lesson ({', '.join(LESSONS)}).")
    closeups = averages_of(run / "closeups" / CHECKPOINTS) is not None
    torch.manual_seed(0)
    model = PortraitModel(PortraitConfig.from_dict(facts[-1], closeups=closeups))
    restore_lessons(model, run)
    return model.eval()


def export_run(run: Path, folder: Path, banks: Sequence[Path]) -> dict[str, float]:
    """Write the model folder of a run; with banks also its 8-bit ranges (their figures return)."""
    from deepmeme.train.export_portrait import calibrate, export

    export(load_run(run), folder)
    if not banks:
        return {}
    pairs = open_pairs(banks, batch_size=12, seed=0, style=Style(), held_out=True)
    frames = np.stack([picture_of(frame) for frame in pairs(0).frames[:, 1]])
    return calibrate(folder, frames)
