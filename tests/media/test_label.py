"""The visible label: in its corner, legible on anything, inside of the frame, clear of captions."""

import numpy as np
import pytest

from deepmeme.media.caption import meme_overlay
from deepmeme.media.label import Area, label_height, label_overlay
from deepmeme.media.montage import resize

SIZES = [(32, 32), (64, 48), (256, 256), (360, 640), (1920, 1080)]
TEXT = "Made with AI"


def flat(width: int, height: int, grey: int) -> np.ndarray:
    return np.full((height, width, 3), grey, np.uint8)


def touched(width: int, height: int, text: str = TEXT, corner: str = "bottom-right") -> np.ndarray:
    """Rows and columns (n, 2) that the label changes."""
    drawn = label_overlay(width, height, text, corner=corner).draw(flat(width, height, 120))
    return np.argwhere((drawn != 120).any(axis=-1))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("corner", ["bottom-right", "bottom-left", "top-right", "top-left"])
def test_it_is_in_its_corner(size: tuple[int, int], corner: str) -> None:
    width, height = size
    (top, left), (bottom, right) = (
        f(touched(*size, corner=corner), axis=0) for f in (np.min, np.max)
    )
    above, below, before, after = top, height - 1 - bottom, left, width - 1 - right
    assert min(above, below, before, after) >= 1
    assert (below < above) == corner.startswith("bottom")
    assert (after < before) == corner.endswith("right")


def test_it_grows_slower_than_the_frame() -> None:
    high = [np.ptp(touched(side, side)[:, 0]) for side in (256, 512, 1080)]
    assert high[0] >= 16 and high[2] <= 45
    assert high[0] < high[1] < high[2] < 3 * high[0]


@pytest.mark.parametrize("grey", [0, 60, 128, 200, 255])
def test_letters_stand_out_on_any_ground(grey: int) -> None:
    frame = label_overlay(256, 256, TEXT).draw(flat(256, 256, grey))
    (top, left), (bottom, right) = (f(touched(256, 256), axis=0) for f in (np.min, np.max))
    inside = frame[top + 3 : bottom - 2, left + 8 : right - 7].mean(axis=-1)
    plate = float(np.median(inside))
    assert plate <= 115 and inside.max() >= 230


@pytest.mark.parametrize("text", [TEXT, "M" * 40, "", "\u00dc" * 12])
@pytest.mark.parametrize("side", [32, 100, 256])
def test_any_text_stays_inside(text: str, side: int) -> None:
    places = touched(side, side, text)
    assert len(places) and places.min() >= 1 and places.max() <= side - 2


@pytest.mark.parametrize("corner", ["bottom-right", "top-left"])
@pytest.mark.parametrize("size", [(256, 256), (1920, 1080), (90, 160)])
def test_captions_keep_clear_of_it(size: tuple[int, int], corner: str) -> None:
    free = label_height(*size, TEXT)
    letters = meme_overlay(
        *size, top="up here", bottom="down here", keep_above=free, keep_below=free
    )
    caption = letters.draw(flat(*size, 120)) != 120
    label = label_overlay(*size, TEXT, corner=corner).draw(flat(*size, 120)) != 120
    assert label.any() and caption.any() and not (label & caption).any()


def test_an_area_has_corners_too() -> None:
    area = Area(100, 20, 128, 128)
    drawn = label_overlay(400, 300, TEXT, area=area).draw(flat(400, 300, 120)) != 120
    rows, columns = np.nonzero(drawn.any(axis=-1))
    assert rows.min() > 84 and rows.max() < 148 and columns.min() > 100 and columns.max() < 228


def test_nothing_else_of_the_frame_changes() -> None:
    frame = np.random.default_rng(3).integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    kept = frame.copy()
    label_overlay(1920, 1080, TEXT).draw_on(frame)
    changed = (frame != kept).any(axis=-1)
    assert 0 < changed.mean() < 0.005
    assert not changed[:1000].any() and not changed[:, :1600].any()


def test_it_survives_being_halved() -> None:
    """As on a phone: still letters, not a smudge."""
    frame = resize(label_overlay(512, 512, TEXT).draw(flat(512, 512, 128)), 256, 256)
    rows = frame[235:254, 190:250].mean(axis=-1)
    assert rows.max() > 190 and rows.min() < 80
