"""Colours of a swapped face: what the statistics inside the mask become."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.pipelines.swap.colour import match_colour
from deepmeme.pipelines.swap.convert_options import COLOURS


def picture(seed: int, mean: tuple[float, float, float], spread: float = 0.06) -> np.ndarray:
    """Soft blotches about a colour."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, spread, (48, 48, 1)) + random.normal(0, spread / 4, (48, 48, 3))
    return np.clip(np.float32(mean) + noise, 0, 1).astype(np.float32)


def disc() -> np.ndarray:
    rows, columns = np.mgrid[:48, :48]
    return (np.hypot(rows - 24, columns - 24) < 18).astype(np.float32)


@pytest.mark.parametrize("how", [how for how in COLOURS if how != "none"])
def test_inside_the_mask_colours_are_the_others(how: str) -> None:
    face, like = picture(1, (0.8, 0.6, 0.5)), picture(2, (0.4, 0.3, 0.25), 0.04)
    inside = disc() > 0
    like[~inside] = (0, 0, 1)  # what is outside must not count
    made = match_colour(face, like, disc(), how)
    np.testing.assert_allclose(made[inside].mean(0), like[inside].mean(0), atol=0.02)
    np.testing.assert_allclose(made[inside].std(0), like[inside].std(0), rtol=0.35)
    # light stays light and dark stays dark
    assert np.corrcoef(made[inside].mean(1), face[inside].mean(1))[0, 1] > 0.95


def test_none_changes_nothing() -> None:
    face = picture(1, (0.8, 0.6, 0.5))
    np.testing.assert_array_equal(match_colour(face, picture(2, (0, 0, 0)), disc(), "none"), face)


@pytest.mark.parametrize("how", COLOURS)
@pytest.mark.parametrize("pixels", [0, 1, 20])
def test_hardly_any_mask_changes_nothing(how: str, pixels: int) -> None:
    face, mask = picture(1, (0.8, 0.6, 0.5)), np.zeros((48, 48), np.float32)
    mask.flat[:pixels] = 1
    np.testing.assert_array_equal(match_colour(face, 1 - face, mask, how), face)


@settings(max_examples=40, deadline=None)
@given(
    how=st.sampled_from(COLOURS),
    first=st.tuples(*[st.floats(0, 1)] * 3),
    other=st.tuples(*[st.floats(0, 1)] * 3),
    spread=st.sampled_from([0.0, 0.01, 0.3]),
)
def test_any_two_pictures_give_a_picture(
    how: str, first: tuple[float, ...], other: tuple[float, ...], spread: float
) -> None:
    made = match_colour(picture(1, first, spread), picture(2, other, 0.3 - spread), disc(), how)
    assert made.shape == (48, 48, 3) and made.dtype == np.float32
    assert np.isfinite(made).all() and made.min() >= 0 and made.max() <= 1
