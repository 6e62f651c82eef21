"""The bench compares like with like, and its figures mean what the table says."""

import numpy as np
import pytest

from deepmeme.models.motion.config import MotionConfig
from deepmeme.runtime.bench import compare, drawn_frames, psnr_db


def test_rows_stand_beside_the_reference(small_config: MotionConfig) -> None:
    told: list[str] = []
    rows = compare(
        config=small_config, frames=3, rounds=2, precisions=("fp32", "int8"), on_row=told.append
    )
    reference, exact, small = rows
    assert (reference.speedup, reference.psnr_db) == (1.0, None)
    assert exact.within_one_level == 1.0
    assert exact.speedup == pytest.approx(reference.ms_per_frame / exact.ms_per_frame)
    assert small.psnr_db is not None
    assert exact.psnr_db is not None
    assert 35 <= small.psnr_db < exact.psnr_db
    assert all(row.spread_ms[0] <= row.ms_per_frame <= row.spread_ms[1] for row in rows)
    assert told == ["reference", "openvino fp32", "openvino int8"] * 2


def test_psnr_follows_its_formula() -> None:
    assert psnr_db(np.zeros(4)) == 99.0
    assert psnr_db(np.full(4, 255.0)) == 0.0
    assert psnr_db(np.array([0.0, 0.0, 0.0, 10.0])) == pytest.approx(10 * np.log10(255**2 / 25))


def test_drawn_frames_move_and_repeat_by_seed() -> None:
    frames = drawn_frames(64, 3)
    np.testing.assert_array_equal(frames[2], drawn_frames(64, 3)[2])
    assert np.abs(frames[0].astype(int) - frames[1]).mean() > 1
    assert not np.array_equal(frames[0], drawn_frames(64, 1, seed=2)[0])
