from dataclasses import replace

import pytest

from deepmeme.models.motion.config import DenseMotionConfig, MotionConfig, presets


@pytest.fixture(scope="session")
def small_config() -> MotionConfig:
    """A First Order Motion Model of 64 pixels that runs in a millisecond."""
    base = presets()["vox-256"]
    return replace(
        base,
        name="small",
        frame_shape=(64, 64, 3),
        keypoints=replace(
            base.keypoints, num_kp=4, block_expansion=8, max_features=32, num_blocks=3,
            scale_factor=0.5,
        ),
        generator=replace(
            base.generator, num_kp=4, block_expansion=8, max_features=32,
            num_bottleneck_blocks=2,
            dense_motion=DenseMotionConfig(
                block_expansion=8, max_features=32, num_blocks=3, scale_factor=0.25
            ),
        ),
    )  # fmt: skip
