"""Heads that nobody has: rendered people, statues, cartoons and paintings with all labels."""

from deepmeme.data.synthetic_heads.head import SyntheticHead
from deepmeme.data.synthetic_heads.motion import Motion, Pose, sample_motion

__all__ = ["Motion", "Pose", "SyntheticHead", "sample_motion"]
