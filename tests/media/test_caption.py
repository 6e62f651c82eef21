"""Letters on frames: where they stand, that they fit, and that nothing else changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.media.caption import banner, meme_overlay, unwritable


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 120, np.uint8)


@pytest.mark.parametrize("size", [(256, 256), (640, 360), (360, 640), (64, 64)])
def test_top_and_bottom(size: tuple[int, int]) -> None:
    width, height = size
    frame = grey(width, height)
    drawn = meme_overlay(width, height, top="one does not simply", bottom="just do it").draw(frame)
    touched = np.flatnonzero((drawn != 120).any(axis=(1, 2)))
    assert (frame == 120).all()
    assert touched.min() > 0 and touched.max() < height - 1
    assert not ((touched > height * 0.4) & (touched < height * 0.6)).any()
    assert drawn.max() == 255 and drawn.min() == 0


@settings(deadline=None, max_examples=30)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=200))
def test_any_text_stays_inside(text: str) -> None:
    drawn = meme_overlay(160, 120, top=text).draw(grey(160, 120))
    assert drawn.shape == (120, 160, 3)
    assert (drawn[:, :1] == 120).all() and (drawn[:, -1:] == 120).all()


def test_a_banner_is_as_large_as_asked() -> None:
    strip = banner(300, 40, "hello there", (10, 20, 30))
    assert strip.shape == (40, 300, 3)
    assert strip.max() == 255 and (strip[0] == (10, 20, 30)).all()


def test_an_overlay_fits_one_size_only() -> None:
    with pytest.raises(ValueError, match="64x64"):
        meme_overlay(64, 64, top="x").draw(grey(65, 64))


def test_letters_that_no_font_has() -> None:
    assert unwritable("plain", "ÄÖÜ é") == ""
    assert "\ue123" in unwritable("a\ue123b")
