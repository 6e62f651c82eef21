"""Pairs of frames of one head, drawn from banks: a source, a driving frame, and all labels.

A batch is a pure function of (seed, step). So a run that was killed goes on bit for bit, and a
thread may prepare batches ahead without anybody having to save its position.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.augment import Style, augmented
from deepmeme.data.bank import Bank, normal_shares, open_bank
from deepmeme.errors import InputError
from deepmeme.models.motion.portrait_points import mirror_of

HELD_OUT = 40
NEARER = 0.6
LIVELY = 0.6


class PairBatch(NamedTuple):
    """b pairs; index 0 on the second axis is the source, 1 the driving frame."""

    frames: Tensor
    """(b, 2, 3, h, w) in [0, 1]."""
    xy: Tensor
    """(b, 2, k, 2) in [-1, 1]."""
    visible: Tensor
    """(b, 2, k) bool."""
    flow: Tensor
    """(b, 64, 64, 2): for each place of the driving frame, where it is in the source."""
    flow_visible: Tensor
    """(b, 64, 64) in {0, 1}: the source shows that place."""
    person: Tensor
    """(b, 64, 64) in [0, 1]: the driving frame shows the person there."""

    def to(self, device: torch.device) -> "PairBatch":
        """The same on another device."""
        return PairBatch(*(part.to(device, non_blocking=True) for part in self))


@dataclass(frozen=True)
class Pairs:
    """Draws from several banks; ``shares`` says how often from each (by default by size).

    One group in ``HELD_OUT`` is kept for looking at (``held_out=True``) and never trained on.
    """

    banks: tuple[Bank, ...]
    shares: tuple[float, ...]
    batch_size: int
    seed: int
    style: Style
    held_out: bool = False
    lively: bool = False
    """Whether driving frames often are the widest open mouth of three, and sources the farther."""

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """Names of the rows of ``xy``."""
        return self.banks[0].shape.keypoint_names

    def sized(self, batch_size: int) -> "Pairs":
        """The same with another batch size."""
        return replace(self, batch_size=batch_size)

    def __call__(self, step: int, device: torch.device | None = None) -> PairBatch:
        """The batch of that step, changed on ``device``."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.banks), self.batch_size, p=self.shares)
        rows = [_draw(self.banks[bank], rng, self) for bank in chosen]
        batch = PairBatch(*(torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)))
        batch = batch.to(device or torch.device("cpu"))
        batch = batch._replace(frames=batch.frames.permute(0, 1, 4, 2, 3).float() / 255)
        mirror = torch.tensor(mirror_of(self.keypoint_names))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return PairBatch(*augmented(batch, mirror, self.style, generator))


def open_pairs(
    folders: Sequence[Path],
    *,
    batch_size: int,
    seed: int,
    style: Style,
    shares: Sequence[float] | None = None,
    held_out: bool = False,
    lively: bool = False,
) -> Pairs:
    """Open banks that were made with the same keypoints.

    Raises:
        InputError: no bank, or banks whose keypoints differ.
    """
    banks = tuple(open_bank(folder) for folder in folders)
    if not banks:
        raise InputError("Training needs at least one bank of frames: --banks DIR")
    for folder, bank in zip(folders, banks, strict=True):
        if bank.shape.keypoint_names != banks[0].shape.keypoint_names:
            raise InputError(f"{folder} has other keypoints than {folders[0]}; remake one of them.")
        if not bank.shape.groups:
            raise InputError(f"{folder} holds no frames yet.")
    normal = normal_shares(shares, [bank.shape.num_frames for bank in banks])
    return Pairs(banks, normal, batch_size, seed, style, held_out, lively)


def _open_mouth(bank: Bank, row: int) -> float:
    """Height of the mouth's opening in a frame."""
    names = bank.shape.keypoint_names
    if "lip_inner_6" not in names:
        return 0.0
    upper, lower = (bank.keypoints[row, names.index(f"lip_inner_{i}")] for i in (2, 6))
    return float(np.linalg.norm(upper - lower))


def _draw(bank: Bank, rng: np.random.Generator, how: Pairs) -> tuple[NDArray[np.generic], ...]:
    per_group = bank.shape.frames_per_group
    group = int(rng.integers(bank.shape.groups))
    if how.held_out != (group % HELD_OUT == 0) and bank.shape.groups > 1:
        group -= group % HELD_OUT
        group = min(group + (0 if how.held_out else 1), bank.shape.groups - 1)
    chosen = group * per_group + rng.choice(per_group, min(3, per_group), replace=False)
    if how.lively and rng.random() < LIVELY:
        chosen = chosen[np.argsort([-_open_mouth(bank, int(row)) for row in chosen])]
    driving, *others = chosen
    # Films move less than two random frames do: mostly the nearer of two sources
    apart = [
        float(np.square(bank.keypoints[row] - bank.keypoints[driving]).sum()) for row in others
    ]
    source = others[int(np.argmin(apart)) if rng.random() < (0.2 if how.lively else NEARER) else 0]
    flow, visible = bank.flow_of(np.array([driving]), np.array([source]))
    both = [source, driving]
    return (
        np.stack([bank.frames[row] for row in both]),
        np.stack([bank.keypoints[row] for row in both]),
        np.stack([bank.visible[row] for row in both]),
        flow[0],
        visible[0].astype(np.float32),
        bank.mask[driving].astype(np.float32) / 255,
    )
