"""Shy detectors' blinks are closed; eyes that are open stay as they are."""

import numpy as np
import pytest

from deepmeme.pipelines.face_rings import openness, rings_of
from deepmeme.pipelines.lids import close_lids
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.heads import NAMES, frames, head

RINGS = rings_of(NAMES)
EYES = ("eye_r", "eye_l")


def clip(blinks: list[float], **facts: float) -> KeypointArrays:
    return frames(*(head(blink=blink, **facts) for blink in blinks))  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", [0.5, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("roll", [0.0, 35.0])
def test_the_deepest_blink_is_a_whole_one(depth: float, roll: float) -> None:
    seen = clip([0, 0, 0.02, depth / 2, depth, depth * 0.95, 0.01, 0, 0, 0], roll=roll)
    settled = close_lids(seen, NAMES)
    for eye in EYES:
        before = openness(seen.xy.astype(float), RINGS[eye])
        after = openness(settled.xy.astype(float), RINGS[eye])
        assert np.all(np.abs(after[4:6]) < 0.02)
        assert 0.2 * before[0] < after[3] < before[3] + 0.01
        np.testing.assert_allclose(after[[0, 1, 7, 8]], before[[0, 1, 7, 8]], rtol=0.03)


def test_nothing_else_moves() -> None:
    seen = clip([0, 0, 0.7, 0.7, 0, 0])
    settled = close_lids(seen, NAMES)
    lids = [row for eye in EYES for pair in RINGS[eye].pairs for row in pair]
    others = [row for row in range(len(NAMES)) if row not in lids]
    np.testing.assert_array_equal(settled.xy[:, others], seen.xy[:, others])


def test_trembling_lids_do_not_blink() -> None:
    random = np.random.default_rng(0)
    seen = clip(list(random.uniform(0, 0.12, 60)))
    settled = close_lids(seen, NAMES)
    for eye in EYES:
        before = openness(seen.xy.astype(float), RINGS[eye])
        after = openness(settled.xy.astype(float), RINGS[eye])
        assert after.min() > 0.8 * before.max()
        assert after.std() < 1.5 * before.std()


def test_order_is_kept() -> None:
    depths = list(np.linspace(0, 0.9, 19))
    settled = close_lids(clip([*depths, *[0.0] * 10]), NAMES)
    opened = openness(settled.xy.astype(float), RINGS["eye_r"])[:19]
    assert np.all(np.diff(opened) <= 1e-6)


def test_wide_eyes_stay_wide_and_sleepers_sleep() -> None:
    for depths in ([0, 0, 0, -0.5, 0, 0], [1.0] * 6):
        seen = clip(depths)
        np.testing.assert_allclose(close_lids(seen, NAMES).xy, seen.xy, atol=1e-6)


def test_without_names_or_time() -> None:
    seen = clip([0, 0.7, 0])
    assert close_lids(seen, None) is seen
    assert close_lids(seen, NAMES[:5]) is seen
    assert close_lids(seen.frame(0), NAMES).xy.shape == (1, len(NAMES), 2)
