"""Heads that nobody has: rendered people, statues, cartoons and paintings with all labels."""

from deepmeme.data.synthetic_heads.head import Pose, SyntheticHead
from deepmeme.data.synthetic_heads.motion import sample_motion

__all__ = ["Pose", "SyntheticHead", "sample_motion"]
