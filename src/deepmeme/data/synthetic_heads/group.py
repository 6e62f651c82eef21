"""Several moments of one drawn person, and banks of many persons."""

import logging
from pathlib import Path

import numpy as np

from deepmeme.data.bank import BankWriter
from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import KEYPOINT_NAMES, FaceKit
from deepmeme.data.synthetic_heads.head import SyntheticHead
from deepmeme.data.synthetic_heads.motion import sample_motion
from deepmeme.data.synthetic_heads.person import LookName

LOOK_SHARES: dict[LookName, float] = {
    "photo": 0.74,
    "cartoon": 0.11,
    "painting": 0.07,
    "marble": 0.05,
    "bronze": 0.03,
}

_LOG = logging.getLogger(__name__)


def render_group(
    rng: np.random.Generator, face_kit: FaceKit | Path, frames: int, size: int
) -> list[HeadFrame]:
    """Frames of one person, look, light and background that differ in pose, face and gaze."""
    looks = list(LOOK_SHARES)
    look = looks[rng.choice(len(looks), p=list(LOOK_SHARES.values()))]
    head = SyntheticHead(int(rng.integers(2**31)), look, face_kit=face_kit)
    return [head.render(*sample_motion(rng), size) for _ in range(frames)]


def write_bank(
    out: Path,
    face_kit: FaceKit | Path,
    *,
    groups: int,
    seed: int,
    frames: int = 6,
    size: int = 256,
) -> None:
    """Fill the bank in ``out``; one that was begun goes on, and ends as if never interrupted.

    Raises:
        InputError: another bank is there already, or the face kit isn't.
    """
    bank = BankWriter(
        out,
        groups,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=frames,
        size=size,
        origin=f"synthetic heads, seed {seed}",
    )
    for number in range(bank.groups, groups):
        bank.add_group(render_group(np.random.default_rng((seed, number)), face_kit, frames, size))
        _LOG.info("%d of %d groups", number + 1, groups)
