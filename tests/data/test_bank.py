"""A bank on disk: written, read while growing, continued."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.data.bank import BankWriter, open_bank
from deepmeme.data.head_frame import HeadFrame, flow_between
from deepmeme.errors import InputError
from tests.data.test_head_frame import SIZE, card_frame

NAMES = ("a", "b", "c", "d")


def _writer(folder: Path, groups: int = 2, origin: str = "cards") -> BankWriter:
    return BankWriter(
        folder, groups, keypoint_names=NAMES, frames_per_group=3, size=SIZE, origin=origin
    )


def _group(seed: int) -> list[HeadFrame]:
    rng = np.random.default_rng(seed)
    frames = []
    for shift in rng.integers(-8, 9, (3, 2)):
        frame = card_frame((float(shift[0]), float(shift[1])))
        image = rng.integers(0, 256, frame.image.shape, np.uint8)
        frames.append(frame._replace(image=image, visible=rng.uniform(size=4) < 0.5))
    return frames


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    frames = _group(0)
    _writer(tmp_path).add_group(frames)
    bank = open_bank(tmp_path)

    assert bank.shape.num_frames == 3
    for row, frame in enumerate(frames):
        assert np.array_equal(bank.frames[row], frame.image)
        assert np.array_equal(bank.visible[row], frame.visible)
        assert np.allclose(
            (bank.keypoints[row] + 1) * (SIZE - 1) / 2, frame.keypoints_px, atol=1e-3
        )
    driving, source = bank.pair(0, 2, 1)
    grid, visible = bank.flow_of(np.array([driving]), np.array([source]))
    flow = flow_between(frames[2], frames[1])
    assert np.allclose(grid[0], flow.grid, atol=2e-3)
    assert np.array_equal(visible[0], flow.visible)


def test_growing_bank_is_read_to_its_last_whole_group(tmp_path: Path) -> None:
    writer = _writer(tmp_path)
    assert open_bank(tmp_path).frames.shape[0] == 0
    writer.add_group(_group(0))
    early = open_bank(tmp_path)
    writer.add_group(_group(1))

    assert early.frames.shape[0] == 3
    assert open_bank(tmp_path).group.tolist() == [0, 0, 0, 1, 1, 1]


def test_second_run_goes_on(tmp_path: Path) -> None:
    _writer(tmp_path).add_group(_group(0))
    again = _writer(tmp_path)
    assert again.groups == 1
    again.add_group(_group(1))

    assert np.array_equal(open_bank(tmp_path).frames[3], _group(1)[0].image)
    with pytest.raises(InputError, match="full"):
        again.add_group(_group(2))


def test_other_bank_in_the_way_is_left_alone(tmp_path: Path) -> None:
    _writer(tmp_path).add_group(_group(0))

    with pytest.raises(InputError, match="another bank"):
        _writer(tmp_path, origin="other cards")
    assert open_bank(tmp_path).shape.origin == "cards"


def test_wrong_number_of_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="groups of 3"):
        _writer(tmp_path).add_group(_group(0)[:2])


def test_folder_without_a_bank_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a bank"):
        open_bank(tmp_path)
