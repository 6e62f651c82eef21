"""Keypoints for property tests."""

import numpy as np
from hypothesis import strategies as st

from deepmeme.runtime.engine import KeypointArrays


@st.composite
def keypoints(
    draw: st.DrawFn, *, num_frames: int = 1, num_keypoints: int = 6, jacobian: bool = True
) -> KeypointArrays:
    """Spread points, and jacobians that can be inverted well."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    xy = random.uniform(-0.9, 0.9, (num_frames, num_keypoints, 2)).astype(np.float32)
    if not jacobian:
        return KeypointArrays(xy)
    bend = random.uniform(-0.35, 0.35, (num_frames, num_keypoints, 2, 2))
    return KeypointArrays(xy, (np.eye(2) + bend).astype(np.float32))
