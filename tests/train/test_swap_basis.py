"""What quick swaps begin with learns from people who do the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deepmeme.data.basis_squares import BasisSquares, basis_squares
from deepmeme.data.face_masks import write_faces
from deepmeme.errors import WeightsError
from deepmeme.models.swap.config import SwapConfig
from deepmeme.train.export import export_any
from deepmeme.train.options import FitOptions
from deepmeme.train.swap_basis_task import SwapBasisTask, train_basis
from deepmeme.train.swap_training import basis_of
from tests.data.round_head import round_head

TINY = SwapConfig("quick", 32, code=16, encoder=16, decoder=16, mask=4, style=8)
OPTIONS = FitOptions(steps=2, batch_size=4, log_every=1, preview_every=2, warmup=1)


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together") / "squares"
    write_faces(folder, round_head(), people=6, seed=3, frames=2, together=2)
    return folder


def test_a_run_begins_with_one_before_and_ends_as_a_folder(together: Path, tmp_path: Path) -> None:
    first = train_basis([together], tmp_path / "first", OPTIONS, config=TINY)
    assert first.finished
    export_any(tmp_path / "first", tmp_path / "basis")
    before = basis_of(tmp_path / "basis")[1]
    still = replace(OPTIONS, steps=1, learning_rate=1e-9)
    train_basis([together], tmp_path / "second", still, start=tmp_path / "basis", config=TINY)
    export_any(tmp_path / "second", tmp_path / "again")
    after = basis_of(tmp_path / "again")[1]
    torch.testing.assert_close(after["look.dense.weight"], before["look.dense.weight"])
    with pytest.raises(WeightsError, match="other sizes"):
        train_basis(
            [together], tmp_path / "other", OPTIONS, start=tmp_path / "basis",
            config=replace(TINY, code=24),
        )  # fmt: skip


def test_examples_often_show_another_one_doing_the_same(together: Path) -> None:
    faces = basis_squares([together], 40)
    plain = BasisSquares(
        np.broadcast_to((faces.group * 20)[:, None, None, None], faces.squares.shape).astype("u1"),
        faces.masks, faces.points, faces.group, faces.moment,
    )  # fmt: skip
    task = SwapBasisTask(plain, TINY)
    crossed = []
    for number in range(40):
        batch = task.batch(number, 8, torch.device("cpu"))
        giver, wanted, other = (
            part.amax((1, 2, 3)) for part in (batch.given, batch.wanted, batch.other)
        )
        torch.testing.assert_close(wanted, other)
        crossed.append((giver - wanted).abs() > 0.01)
    assert 0.55 < torch.cat(crossed).float().mean() < 0.85
