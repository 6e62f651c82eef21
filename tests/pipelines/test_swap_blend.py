"""A face laid into a picture: where it may change, and what its edge looks like."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.faces.crop import Crop
from deepmeme.pipelines.swap.blend import MASK_PX, level_rim, paste_face, shape_mask

CROP = Crop(100.0, 80.0, 110.0)


def grain(width: int = 200, height: int = 160, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def plain(value: float, size: int = 64) -> np.ndarray:
    return np.full((size, size, 3), value, np.float32)


def ellipse_mask(erode: float = 0, feather: float = 12) -> np.ndarray:
    mask = np.zeros((64, 64), np.float32)
    cv2.ellipse(mask, ((31.5, 31.5), (45.0, 54.0), 0.0), 1.0, -1)
    return shape_mask(mask, None, erode=erode, feather=feather)


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(-60, 260), y=st.floats(-60, 220), side=st.floats(3, 300), turn=st.floats(-180, 180),
    feather=st.sampled_from([0, 3, 12, 40]), sharpen=st.sampled_from([0.0, 1.0]),
    scale=st.sampled_from([0.8, 1.0, 1.2]),
)  # fmt: skip
def test_not_one_pixel_outside_changes(
    x: float, y: float, side: float, turn: float, feather: float, sharpen: float, scale: float
) -> None:
    picture = grain()
    result = picture.copy()
    crop = Crop(x, y, side, turn)
    mask = ellipse_mask(feather=feather)
    count = paste_face(result, plain(0.5), mask, crop, sharpen=sharpen, scale=scale)
    changed = (result != picture).any(axis=2)
    assert changed.sum() <= count
    rows, columns = np.nonzero(changed)
    # all of them lie in the ellipse, at the picture's own resolution
    wide = Crop(x, y, side * scale, turn).matrix(64)
    inside = np.stack([columns, rows], 1) @ wide[:, :2].T + wide[:, 2]
    reach = np.hypot((inside[:, 0] - 31.5) / 23.5, (inside[:, 1] - 31.5) / 28)
    assert (reach <= 1 + (1.5 + 96 / (side * scale)) / 23).all()


def test_a_mask_of_nothing_leaves_the_picture() -> None:
    picture = grain()
    result = picture.copy()
    assert paste_face(result, plain(0.5), np.zeros((MASK_PX, MASK_PX), np.float32), CROP) == 0
    np.testing.assert_array_equal(result, picture)


def test_in_the_middle_the_face_is_what_was_given() -> None:
    result = grain()
    paste_face(result, plain(0.25), ellipse_mask(), CROP)
    np.testing.assert_array_equal(result[70:90, 90:110], 64)


def test_on_a_flat_picture_no_step_shows() -> None:
    flat = np.full((160, 200, 3), 120, np.uint8)
    steps = {}
    for feather in (0, 12):
        result = flat.copy()
        paste_face(result, plain(140 / 255), ellipse_mask(feather=feather), CROP)
        steps[feather] = np.abs(np.diff(result.astype(int), axis=1)).max()
    assert steps[0] > 12 and steps[12] <= 4
    # the seamless way nothing shows at all
    face, like = plain(140 / 255), plain(120 / 255)
    result = flat.copy()
    paste_face(result, level_rim(face, like, ellipse_mask()), ellipse_mask(), CROP)
    assert np.abs(result.astype(int) - 120).max() <= 1


def test_light_from_one_side_is_taken_over_and_features_stay() -> None:
    ramp = np.linspace(-0.08, 0.08, 64, dtype=np.float32)[None, :, None]
    like = plain(0.5) + ramp
    face = plain(0.5)
    face[28:36, 28:36] -= 0.3  # an eye
    made = level_rim(face, like, ellipse_mask())
    np.testing.assert_allclose(made[32, [12, 52], 0], like[32, [12, 52], 0], atol=0.02)
    assert made[31, 24, 0] - made[31, 31, 0] == pytest.approx(0.3, abs=0.03)


def test_a_beard_at_the_rim_is_not_taken_for_light() -> None:
    face, like = plain(0.7), plain(0.7)
    face[44:] = 0.1
    assert level_rim(face, like, ellipse_mask())[56, 32, 0] < 0.3


def test_erosion_and_feather_in_percent_of_the_face() -> None:
    def width(erode: float, feather: float, level: float = 0.5) -> int:
        return int((ellipse_mask(erode, feather)[MASK_PX // 2] > level).sum())

    whole, percent = width(0, 0), MASK_PX * 0.78 / 100
    assert whole == pytest.approx(45 / 64 * MASK_PX, abs=3)
    assert whole - width(10, 0) == pytest.approx(20 * percent, abs=3)
    assert width(-8, 0) - whole == pytest.approx(16 * percent, abs=3)
    # the fade lies inside of the edge
    assert whole - width(0, 20, 0.98) == pytest.approx(40 * percent, abs=8)
    assert width(0, 20, 0.0) <= whole + 2


def test_masks_end_before_the_square_does_and_forget_faint_veils() -> None:
    full = shape_mask(np.ones((64, 64), np.float32), None, erode=0, feather=0)
    assert not full[0].any() and not full[:, -1].any() and full[MASK_PX // 2, MASK_PX // 2] == 1
    assert not shape_mask(np.full((64, 64), 0.1, np.float32), None, erode=0, feather=5).any()
    half = np.zeros((128, 128), np.float32)
    half[:64] = 1
    both = shape_mask(np.ones((64, 64), np.float32), half, erode=0, feather=0)
    assert both[32, 64] == 1 and not both[70:].any()


def test_holes_are_filled_and_bays_stay_open() -> None:
    mask = np.ones((128, 128), np.float32)
    mask[50:60, 50:60] = 0.3  # a network's mistake about a grin
    mask[80:, 60:70] = 0  # a microphone held before the chin
    made = shape_mask(None, mask, erode=0, feather=0)
    assert made[45:65, 45:65].all() and not made[85:, 62:68].any()


def test_what_hides_the_face_is_left_out_with_a_narrow_edge() -> None:
    seen = np.ones((128, 128), np.float32)
    seen[70:] = 0.02  # a hand over the chin
    seen[30:40, 60:70] = 0.4  # a mistake
    free, hidden = (
        shape_mask(np.ones((64, 64), np.float32), None, cover, erode=0, feather=20)
        for cover in (None, seen)
    )
    assert not hidden[70:].any() and hidden[64, 64] == 1
    np.testing.assert_allclose(hidden[:60], free[:60], atol=1e-6)


def test_sharpening_and_scaling() -> None:
    face = plain(0.5)
    face[:, 32:] = 0.7
    soft, sharp, large = (np.full((160, 200, 3), 128, np.uint8) for _ in range(3))
    mask = ellipse_mask()
    covered = paste_face(soft, face, mask, CROP)
    paste_face(sharp, face, mask, CROP, sharpen=1)
    steps = [np.abs(np.diff(r[80, 90:110, 0].astype(int))).max() for r in (soft, sharp)]
    assert steps[1] > 1.2 * steps[0]
    assert paste_face(large, face, mask, CROP, scale=1.2) == pytest.approx(1.44 * covered, rel=0.03)
    assert math.isclose(CROP.side, 110.0)
