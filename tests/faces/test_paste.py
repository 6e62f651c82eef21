"""The background stays bit for bit, the face comes back, and no seam shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces import Crop, PasteBack, paste_back

Frame = NDArray[np.uint8]


def smooth_picture(height: int, width: int) -> Frame:
    y, x = np.mgrid[:height, :width].astype(np.float64)
    waves = [
        100 + 60 * np.sin(x / width * 3 + k) + 50 * np.cos(y / height * 2 - k) for k in range(3)
    ]
    return np.clip(np.stack(waves, axis=2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("angle", [0.0, 20.0])
def test_1080p_outside_the_blend_bit_for_bit(angle: float) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), np.uint8)
    before = picture.copy()
    crop = Crop(1203.3, 411.7, 500.5, angle)
    patch = np.full((256, 256, 3), 255, np.uint8)
    pasted = paste_back(picture, patch, crop)
    np.testing.assert_array_equal(picture, before)  # and the input itself isn't touched
    changed = (pasted != picture).any(axis=2)
    # Inside the square, with room to spare at its rim; nothing beyond.
    rows, columns = np.nonzero(changed)
    to_square = crop.matrix(2)
    x, y = to_square @ np.stack([columns, rows, np.ones_like(rows)])
    assert np.abs(x - 0.5).max() < 0.99 and np.abs(y - 0.5).max() < 0.99
    assert changed[411, 1203] and changed.mean() < 250_000 / changed.size
    np.testing.assert_array_equal(pasted[:100], picture[:100])
    np.testing.assert_array_equal(pasted[:, :900], picture[:, :900])


@given(
    st.floats(-100, 400), st.floats(-100, 300), st.floats(4, 500), st.floats(-90, 90),
    st.integers(1, 80),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_square_anywhere(x: float, y: float, side: float, angle: float, size: int) -> None:
    picture = smooth_picture(150, 250)
    crop = Crop(x, y, side, angle)
    paste = PasteBack(picture.shape, crop)
    pasted = paste(picture, np.full((size, size, 3), 9, np.uint8))
    assert pasted.shape == picture.shape
    outside = np.ones(picture.shape[:2], bool)
    outside[paste.region] = False
    np.testing.assert_array_equal(pasted[outside], picture[outside])


@given(st.floats(60, 140), st.floats(60, 100), st.floats(40, 100), st.floats(-45, 45))
@settings(max_examples=25, deadline=None)
def test_what_was_cut_comes_back(x: float, y: float, side: float, angle: float) -> None:
    picture = smooth_picture(160, 200)
    crop = Crop(x, y, side, angle)
    again = paste_back(picture, crop.cut(picture, 128), crop)
    assert np.abs(again.astype(int) - picture).max() <= 3


@pytest.mark.parametrize("shift", [(14, -10, 6), (-20, -20, -20), (0, 18, 0)])
def test_no_seam_shows_round_a_patch_of_another_tone(shift: tuple[int, int, int]) -> None:
    picture = smooth_picture(300, 400)
    crop = Crop(200, 150, 180)
    patch = np.clip(crop.cut(picture, 180).astype(int) + shift, 0, 255).astype(np.uint8)
    pasted = paste_back(picture, patch, crop)
    # Steps from pixel to pixel: a seam would be a step that wasn't in the picture.
    for axis in (0, 1):
        was = np.abs(np.diff(picture.astype(int), axis=axis)).max()
        step = np.abs(np.diff(pasted.astype(int), axis=axis)).max()
        assert step <= was + 2
    # The tone is met at the rim, so the picture around doesn't glow.
    gap = np.abs(pasted.astype(int) - picture).max(axis=2)
    assert gap[150, 120] <= 4 and gap[70, 200] <= 4
    hard = picture.copy()
    hard[60:240, 110:290] = patch
    seam = np.abs(np.diff(hard.astype(int), axis=1)).max()
    assert seam > 8  # as it would have been


def test_detail_in_the_middle_is_the_patch_s() -> None:
    random = np.random.default_rng(0)
    picture = np.full((200, 200, 3), 120, np.uint8)
    patch = np.full((100, 100, 3), 120, np.uint8)
    patch[30:70, 30:70] = random.integers(60, 180, (40, 40, 3))
    pasted = paste_back(picture, patch, Crop(100, 100, 100))
    inside = pasted[80:120, 80:120].astype(int)
    assert np.abs(inside - patch[30:70, 30:70]).mean() < 3


def test_without_tone() -> None:
    picture = np.full((100, 100, 3), 100, np.uint8)
    patch = np.full((50, 50, 3), 140, np.uint8)
    crop = Crop(50, 50, 50)
    plain = PasteBack(picture.shape, crop, match_tone=False)(picture, patch)
    toned = PasteBack(picture.shape, crop)(picture, patch)
    assert plain[50, 50, 0] == 140 and toned[50, 50, 0] < 125


def test_beyond_the_picture_nothing_happens() -> None:
    picture = smooth_picture(60, 80)
    patch = np.zeros((16, 16, 3), np.uint8)
    paste = PasteBack(picture.shape, Crop(500, 500, 40))
    np.testing.assert_array_equal(paste(picture, patch), picture)


def test_prepared_once_used_for_every_frame() -> None:
    paste = PasteBack((60, 80, 3), Crop(40, 30, 30))
    patch = np.full((16, 16, 3), 200, np.uint8)
    first, second = smooth_picture(60, 80), smooth_picture(60, 80)[::-1].copy()
    np.testing.assert_array_equal(paste(first, patch), paste_back(first, patch, Crop(40, 30, 30)))
    np.testing.assert_array_equal(paste(second, patch), paste_back(second, patch, Crop(40, 30, 30)))


@pytest.mark.parametrize(
    ("picture", "patch", "message"),
    [
        ((61, 80, 3), (16, 16, 3), "prepared for pictures of 80x60"),
        ((60, 80, 4), (16, 16, 3), "prepared for pictures of 80x60"),
        ((60, 80, 3), (16, 15, 3), "square"),
        ((60, 80, 3), (16, 16), "square"),
    ],
)
def test_shapes_that_do_not_fit(
    picture: tuple[int, ...], patch: tuple[int, ...], message: str
) -> None:
    paste = PasteBack((60, 80, 3), Crop(40, 30, 30))
    with pytest.raises(InputError, match=message):
        paste(np.zeros(picture, np.uint8), np.zeros(patch, np.uint8))


@pytest.mark.parametrize("feather", [0, -0.1, 0.5, float("nan")])
def test_feathers_that_do_not_fit(feather: float) -> None:
    with pytest.raises(InputError, match="feather"):
        PasteBack((60, 80, 3), Crop(40, 30, 30), feather=feather)
