"""Several moments of one drawn person."""

from pathlib import Path

import numpy as np

from deepmeme.data.head_frame import HeadFrame
from deepmeme.data.ict import FaceKit
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


def render_group(
    rng: np.random.Generator, face_kit: FaceKit | Path, frames: int, size: int
) -> list[HeadFrame]:
    """Frames of one person, look, light and background that differ in pose, face and gaze."""
    looks = list(LOOK_SHARES)
    look = looks[rng.choice(len(looks), p=list(LOOK_SHARES.values()))]
    head = SyntheticHead(int(rng.integers(2**31)), look, face_kit=face_kit)
    return [head.render(*sample_motion(rng), size) for _ in range(frames)]
