"""Practice faces: given bent, wanted straight, with what counts."""

import numpy as np
import pytest
import torch

from deepmeme.data.face_warp import WarpStyle, feature_rows, practice

STILL = WarpStyle(0, 0, 0, 0, 0, 0)


def face(count: int = 3, size: int = 40) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(2)
    squares = np.kron(rng.integers(0, 255, (count, 5, 5, 3)), np.ones((1, size // 5, size // 5, 1)))
    masks = np.zeros((count, size, size), np.uint8)
    masks[:, size // 4 : -size // 4, size // 4 : -size // 4] = 255
    points = rng.uniform(-0.4, 0.4, (count, 6, 2)).astype(np.float32)
    return (torch.from_numpy(squares.astype(np.uint8)), torch.from_numpy(masks),
            torch.from_numpy(points))  # fmt: skip


def drawn(style: WarpStyle, seed: int = 0, size: int = 40) -> tuple[torch.Tensor, ...]:
    return tuple(practice(*face(), size, style, torch.Generator().manual_seed(seed)))


def test_without_changes_a_face_is_itself() -> None:
    given, wanted, mask, weight = drawn(STILL)
    squares = face()[0]
    expected = squares.permute(0, 3, 1, 2).float() / 255
    mirrored = expected.flip(-1)
    for row in range(3):  # half of them are mirrored
        same = min((wanted[row] - e).abs().max() for e in (expected[row], mirrored[row]))
        assert same < 1e-4
    assert torch.equal(given, wanted)
    assert set(mask.unique().tolist()) <= {0.0, 1.0} and weight[mask > 0].min() >= 1
    assert weight[mask == 0].max() < 0.11


def test_bent_faces_differ_from_the_straight_ones_by_a_few_pixels() -> None:
    given, wanted, mask, _ = drawn(WarpStyle())
    again = drawn(WarpStyle())
    assert torch.equal(given, again[0]) and torch.equal(wanted, again[1])
    assert (given - wanted).abs().mean() > 0.01
    other = drawn(WarpStyle(), seed=1)
    assert not torch.equal(wanted, other[1])
    assert mask.shape == (3, 1, 40, 40)


@pytest.mark.parametrize("seed", range(4))
def test_eyes_and_mouth_count_where_they_have_moved_to(seed: int) -> None:
    """A white dot at a landmark lies where the weights are highest, whatever the change."""
    squares = torch.zeros(1, 80, 80, 3, dtype=torch.uint8)
    x, y = 30, 52
    squares[0, y - 1 : y + 2, x - 1 : x + 2] = 255
    masks = torch.full((1, 80, 80), 255, dtype=torch.uint8)
    points = torch.tensor([[[(x + 0.5) / 40 - 1, (y + 0.5) / 40 - 1]]])
    style = WarpStyle(turn_degrees=30, scale=0.2, shift=0.2, bend=0, light=0, tint=0)
    generator = torch.Generator().manual_seed(seed)
    _, wanted, _, weight = practice(squares, masks, points, 80, style, generator)
    brightest = wanted[0].mean(0).flatten().argmax()
    heaviest = weight[0, 0].flatten().argmax()
    gap = np.subtract(divmod(int(brightest), 80), divmod(int(heaviest), 80))
    assert np.abs(gap).max() <= 1


def test_eyes_and_mouth_are_found_by_name() -> None:
    assert feature_rows(("jaw_0", "eye_r_0", "nose_3", "lip_outer_2", "iris_l")) == [1, 3, 4]
