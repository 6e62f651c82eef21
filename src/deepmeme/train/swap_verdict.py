"""When to stop: what the losses and the sharpness of the samples say, in a plain sentence."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from deepmeme.train.report import read_log
from deepmeme.train.swap_task import SwapTask

SOFT, SHARP = 0.5, 0.75
"""Share of the true faces' detail that the painted ones have."""
FALLING = 0.03
_FACES = 64
_WINDOW = 0.2
"""Part of the run that is compared with the part of the same length before it."""


class Verdict(NamedTuple):
    """How far a run is."""

    sentence: str
    gain: float
    """Share by which the losses fell over the last fifth of the run."""
    sharpness: float
    """Detail of painted faces over that of the true ones; 1 is as sharp."""


def verdict(run: Path, task: SwapTask) -> Verdict:
    """Judge a run by its log and by the faces that the task's networks paint now."""
    gain, sharpness = recent_gain(run), sharpness_of(task)
    look = "soft" if sharpness < SOFT else "a little soft" if sharpness < SHARP else "sharp"
    painted = f"The painted faces are {look} ({sharpness:.0%} of the true ones' detail)"
    if gain > FALLING:
        return Verdict(
            f"{painted}, and the losses fell by {gain:.0%} over the last fifth: going on is worth "
            "it. Give more --steps.", gain, sharpness,
        )  # fmt: skip
    if sharpness < SHARP:
        return Verdict(
            f"{painted}, and the losses hardly fall any more: more faces, a larger preset or "
            "--critic 0.1 help, more steps don't.", gain, sharpness,
        )  # fmt: skip
    return Verdict(
        f"{painted}, and the losses hardly fall any more: this is a good time to stop.",
        gain, sharpness,
    )  # fmt: skip


def recent_gain(run: Path) -> float:
    """Share by which the losses fell from the fifth of the run before the last one to the last."""
    totals = [sum(line["losses"].values()) for line in read_log(run)]
    count = max(1, round(_WINDOW * len(totals)))
    if len(totals) < 2 * count:
        return 1.0
    before, now = np.mean(totals[-2 * count : -count]), np.mean(totals[-count:])
    return float(max(0.0, 1 - now / before)) if before > 0 else 0.0


@torch.no_grad()
def sharpness_of(task: SwapTask) -> float:
    """Mean difference of neighbouring pixels inside the mask, painted over true."""
    device = next(task.pair.parameters()).device
    batch = task.batch(0, _FACES, device)
    task.pair.eval()
    shares = []
    for side in (0, 1):
        wanted, mask = batch.wanted[:, side], batch.mask[:, side]
        painted = task.pair.decode(task.pair.encode(wanted), side).picture.float()
        shares.append(float(_detail(painted, mask) / _detail(wanted, mask).clamp(min=1e-6)))
    return float(np.mean(shares))


def _detail(faces: Tensor, mask: Tensor) -> Tensor:
    across = (faces[..., :, 1:] - faces[..., :, :-1]).abs() * mask[..., :, 1:]
    down = (faces[..., 1:, :] - faces[..., :-1, :]).abs() * mask[..., 1:, :]
    return across.sum() + down.sum()
