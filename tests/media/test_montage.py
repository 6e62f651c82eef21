"""Resizing, letterboxing and contact sheets."""

import numpy as np
import pytest

from deepmeme.media.montage import BACKDROP, RESULT, Tile, fit, resize, sheet


def ramp(width: int, height: int) -> np.ndarray:
    across = np.linspace(0, 255, width).astype(np.uint8)
    return np.repeat(np.repeat(across[None, :, None], height, 0), 3, 2)


def test_resize_averages_and_keeps_what_fits() -> None:
    checker = np.indices((64, 64)).sum(0) % 2 * 255
    small = resize(np.repeat(checker[..., None], 3, 2).astype(np.uint8), 32, 32)
    assert np.abs(small.astype(int) - 127).max() <= 1
    frame = ramp(20, 10)
    assert resize(frame, 20, 10) is frame


@pytest.mark.parametrize(("width", "height"), [(200, 100), (100, 200), (100, 100)])
def test_fit_keeps_the_shape(width: int, height: int) -> None:
    inside = fit(np.full((height, width, 3), 200, np.uint8), 100, 100)
    assert inside.shape == (100, 100, 3)
    shown = (inside == 200).all(axis=-1)
    rows, columns = shown.any(axis=1).sum(), shown.any(axis=0).sum()
    assert (rows, columns) == (
        round(100 * min(1, height / width)),
        round(100 * min(1, width / height)),
    )
    assert (inside[~shown] == BACKDROP).all()


def test_sheet_places_tiles() -> None:
    tile = Tile(np.full((40, 40, 3), 200, np.uint8), "here", RESULT)
    drawn = sheet([[tile, Tile(None)], [tile, tile]], cell=64, title="Title", note="a note")
    assert drawn.shape[0] % 2 == drawn.shape[1] % 2 == 0
    cover = (drawn == 200).all(axis=-1).sum()
    assert cover == pytest.approx(3 * 64 * 62, rel=0.02)
    assert (drawn == RESULT).all(axis=-1).any()
