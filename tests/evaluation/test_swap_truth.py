"""Swaps are rated against the truth: a perfect one is perfect, the untouched face is not."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.demo_assets import asset
from deepmeme.evaluation.swap_people import Seen, look, open_seen, save_seen
from deepmeme.evaluation.swap_truth import (
    Truth,
    both_found,
    compare,
    landmark_errors,
    paste_painter,
    score,
    sheet,
)
from deepmeme.media.image import read_image
from deepmeme.runtime.swap import Side

SIZE = 64


def seen(name: str) -> Seen:
    found = look(read_image(asset(name)))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def truth() -> Truth:
    one, other = seen("painting.png"), seen("statue.png")
    return Truth((one,), (other,), (one,), (other,))


def embed(square: np.ndarray) -> np.ndarray:
    mean = square.reshape(-1, 3).mean(0).astype(np.float32)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def test_the_truth_itself_is_perfect(truth: Truth) -> None:
    def perfect(number: int, side: Side) -> np.ndarray:
        return truth.of(side)[number].square(SIZE)

    rated = score(truth, perfect, embed, SIZE)
    assert rated.ssim == pytest.approx(1, abs=1e-5) and rated.l1 == 0
    assert rated.landmarks == 0 and rated.mouth == 0 and rated.lost == 0
    assert rated.nearer == 1


def test_the_untouched_face_is_the_other_person(truth: Truth) -> None:
    def untouched(number: int, side: Side) -> np.ndarray:
        return truth.of("a" if side == "b" else "b")[number].square(SIZE)

    rated = score(truth, untouched, embed, SIZE)
    assert rated.ssim < 0.7 and rated.l1 > 0.05 and rated.nearer == 0
    assert 0 < rated.landmarks < 0.2


def test_cut_and_paste_lays_the_known_face_over_the_other(truth: Truth) -> None:
    plain = score(truth, paste_painter(truth, SIZE, corrected=False), embed, SIZE)
    toned = score(truth, paste_painter(truth, SIZE, corrected=True), embed, SIZE)
    assert plain.nearer == 1 and plain.l1 < 0.1
    assert toned.l1 > plain.l1, "in the other's colours it is farther from the truth"
    painters = [paste_painter(truth, SIZE, corrected=flag) for flag in (False, True)]
    assert sheet(truth, painters, SIZE, rows=2).shape == (2 * SIZE, 4 * SIZE, 3)


def test_only_the_inside_of_the_mask_counts(truth: Truth) -> None:
    square = truth.a[0].square(SIZE)
    mask = truth.a[0].mask(SIZE)
    changed = square.copy()
    changed[mask == 0] = 255 - changed[mask == 0]
    # SSIM looks through a window of 7, so some of the rim is seen
    assert compare(changed, square, mask)[1] < 0.02
    assert landmark_errors(np.zeros_like(square), square) is None


def test_found_faces_are_kept_and_come_back(truth: Truth, tmp_path: Path) -> None:
    save_seen([None, truth.a[0], None], tmp_path / "seen.npz")
    again = open_seen(tmp_path / "seen.npz")
    assert again[0] is None and again[2] is None and again[1] is not None
    np.testing.assert_array_equal(again[1].square(32), truth.a[0].square(32))
    assert again[1].names == truth.a[0].names
    assert both_found(again, [truth.b[0], truth.b[0], None]) == [(again[1], truth.b[0])]
