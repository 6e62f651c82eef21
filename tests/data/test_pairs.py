"""Batches: pure functions of (seed, step), with labels that follow every change."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from deepmeme.data.augment import Style
from deepmeme.data.pairs import open_pairs
from deepmeme.errors import InputError
from tests.train.tiny_bank import write_bank

PLAIN = Style(scale=0, shift=0, turn_degrees=0, colour=0, paint=0)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("banks") / "discs")


def test_a_step_is_the_same_batch_again(bank: Path) -> None:
    style = Style(paint=1.0, degrade=0.5, cutout=0.5)
    one, two = (open_pairs([bank], batch_size=3, seed=7, style=style) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one(5), two(5), strict=True))
    assert not torch.equal(one(5).frames, one(6).frames)


@pytest.mark.parametrize("seed", range(4))
def test_flow_and_keypoints_follow_the_geometry(bank: Path, seed: int) -> None:
    style = Style(scale=0.1, shift=0.05, turn_degrees=15, colour=0, paint=0)
    batch = open_pairs([bank], batch_size=4, seed=seed, style=style)(0)
    grid = batch.flow.permute(0, 3, 1, 2)
    at = F.grid_sample(grid, batch.xy[:, 1][:, :, None], align_corners=True)[..., 0]
    person = F.grid_sample(batch.person[:, None], batch.xy[:, 1][:, :, None], align_corners=True)[
        :, 0, :, 0
    ]
    apart = (at.permute(0, 2, 1) - batch.xy[:, 0]).norm(dim=-1)
    assert apart[person > 0.999].max() < 0.02


def test_mirrored_faces_have_mirrored_names(bank: Path) -> None:
    pairs = open_pairs([bank], batch_size=16, seed=0, style=PLAIN)
    names = pairs.keypoint_names
    right, left = names.index("eye_r_0"), names.index("eye_l_3")
    raw = {tuple(round(v, 4) for v in xy) for xy in _stored(pairs)[:, right].tolist()}
    batch = pairs(0)
    kept = {tuple(round(v, 4) for v in xy) for xy in batch.xy[:, 1, right].tolist()}
    mirrored = [(-x, y) for x, y in _stored(pairs)[:, left].tolist()]
    allowed = raw | {tuple(round(v, 4) for v in xy) for xy in mirrored}
    assert all(min(abs(a[0] - b[0]) + abs(a[1] - b[1]) for b in allowed) < 1e-3 for a in kept)


def _stored(pairs: object) -> torch.Tensor:
    return torch.from_numpy(pairs.banks[0].keypoints.copy())  # type: ignore[attr-defined]


def test_held_out_groups_are_never_trained_on(tmp_path: Path) -> None:
    folder = write_bank(tmp_path / "many", groups=42)
    seen = {}
    for held_out in (True, False):
        pairs = open_pairs([folder], batch_size=64, seed=0, style=PLAIN, held_out=held_out)
        found = pairs(0).xy[:, :, pairs.keypoint_names.index("nose_0")].abs()
        seen[held_out] = {tuple(xy) for xy in found.flatten(0, 1).round(decimals=3).tolist()}
    assert not seen[True] & seen[False]


def test_no_bank_is_refused() -> None:
    with pytest.raises(InputError, match="bank"):
        open_pairs([], batch_size=1, seed=0, style=PLAIN)
