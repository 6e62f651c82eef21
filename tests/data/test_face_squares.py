"""Aligned squares of rendered and of banked people, and what training makes of them."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.data.basis_squares import basis_squares
from deepmeme.data.face_masks import render_person, write_faces
from deepmeme.data.face_squares import (
    MARGIN,
    SIDE,
    Strayed,
    held_out,
    moved,
    open_rendered,
    squares_of_bank,
    stray,
)
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.identity_examples import open_identities
from deepmeme.data.mask_examples import MaskExamples, open_masks
from deepmeme.data.occluders import occluded
from deepmeme.errors import InputError
from deepmeme.faces.align import five_points
from deepmeme.faces.hull import hull_mask
from tests.data.face_bank import write_face_bank
from tests.data.face_squares import write_squares
from tests.data.round_head import round_head


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rendered") / "squares"
    write_faces(out, round_head(), people=2, seed=3, frames=2)
    return out


def test_rendered_squares_are_aligned_and_masked(rendered: Path) -> None:
    squares = open_rendered(rendered)

    assert squares.pictures.shape == (4, SIDE, SIDE, 3)
    assert squares.person.tolist() == [0, 0, 1, 1]
    assert squares.seen is not None
    for row in range(4):
        eyes = five_points(squares.xy[row].astype(np.float64), squares.names)[:2]
        assert abs(eyes[1, 0] - eyes[0, 0]) * MARGIN * 2.9 / 2 == pytest.approx(1, abs=0.35)
        hull = hull_mask(squares.xy[row].astype(np.float64), squares.names, SIDE)
        assert not squares.seen[row][hull == 0].any()
        assert 0.3 < squares.seen[row].sum() / hull.sum() <= 1


def test_a_person_has_other_lights_and_the_same_face(rendered: Path) -> None:
    pictures, seen, xy = render_person(0, 3, 2, round_head())
    squares = open_rendered(rendered)

    assert np.array_equal(pictures, squares.pictures[:2])
    assert squares.seen is not None and np.array_equal(seen, squares.seen[:2])
    np.testing.assert_allclose(xy, squares.xy[:2])
    corner = pictures[:, :6, :6].astype(int).mean((1, 2))
    assert np.abs(corner[0] - corner[1]).max() > 5  # another background


def test_people_together_do_the_same_each_in_one_light(tmp_path: Path) -> None:
    write_faces(tmp_path / "four", round_head(), people=4, seed=3, frames=2, together=2)
    squares = open_rendered(tmp_path / "four")

    assert squares.moment.tolist() == [0, 1, 0, 1, 2, 3, 2, 3]
    turn = [yaw_of(xy) for xy in squares.xy]
    for row in range(8):
        same = [turn[i] for i in range(8) if squares.moment[i] == squares.moment[row]]
        assert max(same) - min(same) < 0.02
    assert max(turn) - min(turn) > 0.05
    assert squares.seen is not None
    skin = [p[s > 200].mean(0) for p, s in zip(squares.pictures, squares.seen, strict=True)]
    frames = [np.abs(skin[i] - skin[i + 1]).max() for i in (0, 2, 4, 6)]
    people = [np.abs(skin[i] - skin[j]).max() for i, j in ((0, 2), (4, 6))]
    assert max(frames) < min(people)  # one light each, but not the same
    with pytest.raises(InputError, match="2 together"):
        write_faces(tmp_path / "four", round_head(), people=4, seed=3, frames=2)


def yaw_of(xy: np.ndarray) -> float:
    """How far the nose's tip lies beside the eyes' middle."""
    left, right, nose = five_points(xy.astype(np.float64), KEYPOINT_NAMES)[:3]
    return float(nose[0] - (left[0] + right[0]) / 2)


def test_basis_squares_know_who_does_the_same(tmp_path: Path) -> None:
    write_faces(tmp_path / "four", round_head(), people=4, seed=3, frames=2, together=2)
    bank = write_face_bank(tmp_path / "bank", groups=3)
    found = basis_squares([tmp_path / "four", bank], 40)

    assert found.squares.shape == (8 + 3 * (len(found.group) - 8) // 3, 40, 40, 3)
    assert found.group[:10].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert found.doing_the_same(0).tolist() == [2]
    assert found.doing_the_same(7).tolist() == [5]
    assert all(not len(found.doing_the_same(row)) for row in range(8, len(found.group)))
    held = np.concatenate(found.groups(held_out=True))
    assert set(found.group[held]) == {0, 1}  # who does the same is held out, too
    with pytest.raises(InputError, match="--banks"):
        basis_squares([], 40)


def test_rendering_goes_on_and_refuses_other_squares(rendered: Path) -> None:
    before = open_rendered(rendered).pictures.copy()
    write_faces(rendered, round_head(), people=2, seed=3, frames=2)

    assert np.array_equal(open_rendered(rendered).pictures, before)
    with pytest.raises(InputError, match=r"holds other squares .*2 people of 2 frames"):
        write_faces(rendered, round_head(), people=2, seed=4, frames=2)
    with pytest.raises(InputError, match=r"no rendered faces: it has no squares\.json"):
        open_rendered(rendered.parent)


def test_banks_give_squares_too(tmp_path: Path) -> None:
    squares = squares_of_bank(write_face_bank(tmp_path / "bank", groups=4), people=2)

    assert squares.person.tolist() == [0] * 4 + [1] * 4
    eyes = np.stack([five_points(xy.astype(np.float64), squares.names)[:2] for xy in squares.xy])
    np.testing.assert_allclose(eyes[:, 0, 1], eyes[:, 1, 1], atol=0.02)  # upright


def test_what_is_put_before_a_face_leaves_its_mask() -> None:
    rng = np.random.default_rng(1)
    picture = np.full((96, 96, 3), 128, np.uint8)
    seen = np.full((96, 96), 255, np.uint8)
    for _ in range(24):
        changed, left = occluded(picture, seen, rng)
        covered = left < 20
        assert (left <= seen).all() and covered.any() and (left > 235).any()
        assert np.abs(changed.astype(int) - 128)[covered].mean() > 2


def test_strayed_squares_keep_their_middle() -> None:
    still = Strayed(0, 0, 0)
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[SIDE // 2 - 6 : SIDE // 2 + 6, SIDE // 2 - 6 : SIDE // 2 + 6] = 255
    for seed in range(4):  # mirrored or not
        matrix = stray(np.random.default_rng(seed), 64, SIDE, still)
        cut = moved(picture, matrix, 64)
        assert cut[28:36, 28:36].min() == 255 and cut[:20].max() == 0


def test_mask_examples_depend_on_seed_and_number_alone(tmp_path: Path) -> None:
    folder = write_squares(tmp_path / "squares")
    examples = open_masks(folder, size=32, seed=5)
    again = open_masks(folder, size=32, seed=5)

    assert np.array_equal(examples(7).picture, again(7).picture)
    assert np.array_equal(examples(7).seen, again(7).seen)
    assert not np.array_equal(examples(7).picture, examples(8).picture)
    plain = MaskExamples(examples.squares, 32, hidden=0.0, harsh=False)(1)
    assert (plain.picture[plain.seen == 255].max(-1) > 55).all()
    assert (plain.picture[plain.seen == 0] == 20).all()


def test_people_are_held_out(tmp_path: Path) -> None:
    folder = write_squares(tmp_path / "squares")
    people, kept = (
        {int(p) for p in open_masks(folder, held=held).squares.person} for held in (False, True)
    )

    assert kept == {0, 10} and not people & kept
    assert held_out(np.arange(20)).sum() == 2


def test_identity_batches_show_people_several_times(tmp_path: Path) -> None:
    bank = write_face_bank(tmp_path / "bank", groups=5)
    folder = write_squares(tmp_path / "squares")
    examples = open_identities([folder, bank], size=32, seed=2)
    pictures, people = examples.batch(3, 12)

    assert examples.first == (0, 9, 13)
    assert pictures.shape == (12, 32, 32, 3)
    assert all(len(set(people[i : i + 3])) == 1 for i in range(0, 12, 3))
    assert people.max() < 13
    again, _ = open_identities([folder, bank], size=32, seed=2).batch(3, 12)
    assert np.array_equal(pictures, again)


def test_one_person_is_too_few(tmp_path: Path) -> None:
    folder = write_squares(tmp_path / "squares", people=2)
    with pytest.raises(InputError, match="at least two; found 1"):
        open_identities([folder])
    with pytest.raises(InputError, match="at least two; found 0 in no folder"):
        open_identities([])
    with pytest.raises(InputError, match="too few people"):
        open_masks(write_squares(tmp_path / "one", people=1))
