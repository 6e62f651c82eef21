"""Mouths that open and eyes that turn, before anything is learnt."""

import pytest
import torch

from deepmeme.models.motion.portrait_fine import FineMotion
from deepmeme.models.motion.portrait_openings import OpeningMasks, openness, ring_mask
from deepmeme.nn.grid import coordinate_grid

NAMES = (
    *(f"lip_inner_{i}" for i in range(8)),
    *(f"eye_{side}_{i}" for side in "rl" for i in range(6)),
    "iris_r",
    "iris_l",
)
EYE = torch.tensor([[-3.0, 0], [-1, -1], [1, -1], [3, 0], [1, 1], [-1, 1]])


def face(*, mouth: float = 0.05, lids: float = 0.08, gaze: float = 0.0) -> torch.Tensor:
    """(1, 22, 2): a mouth below, two eyes above, each with its iris."""
    corners = torch.tensor([-2.0, -1, 0, 1, 2, 1, 0, -1])
    rise = torch.tensor([0.0, -1, -1, -1, 0, 1, 1, 1])
    lips = torch.stack([0.1 * corners, 0.4 + mouth * rise], -1)
    eyes = [EYE * torch.tensor([0.06, lids]) + torch.tensor([x, -0.3]) for x in (-0.4, 0.4)]
    irises = torch.tensor([[-0.4 + gaze, -0.3], [0.4 + gaze, -0.3]])
    return torch.cat([lips, *eyes, irises])[None]


def test_a_ring_holds_its_inside_and_nothing_else() -> None:
    square = torch.tensor([[[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]])
    mask = ring_mask(square, 65)[0]
    inside = coordinate_grid(65, 65).abs().amax(-1)
    assert mask[inside < 0.45].min() > 0.99
    assert mask[inside > 0.55].max() < 0.01


def test_the_order_round_the_ring_does_not_matter() -> None:
    ring = face()[:, :8]
    assert torch.allclose(ring_mask(ring, 32), ring_mask(ring.flip(1), 32), atol=1e-5)


def test_openness_is_free_of_size() -> None:
    ring = face()[:, :8]
    assert openness(3 * ring).item() == pytest.approx(openness(ring).item(), rel=0.01)
    assert openness(face(mouth=0.1)[:, :8]) > openness(ring)


def test_only_what_opens_wider_is_fresh() -> None:
    masks = OpeningMasks(NAMES, 128)
    closed, opened = face(mouth=0.01), face(mouth=0.15)
    assert masks(opened, closed).fresh[0, 0].amax() > 0.5
    assert masks(closed, opened).fresh.amax() == 0
    assert masks(opened, opened).fresh.amax() == 0


def test_faces_without_these_keypoints_have_no_openings() -> None:
    masks = OpeningMasks(("nose_0", "nose_1"), 16)
    points = torch.rand(2, 2, 2)
    assert masks(points, points).stacked().abs().max() == 0


def test_irises_turn_behind_lids_that_rest() -> None:
    looking, still = face(gaze=0.08), face()
    openings = OpeningMasks(NAMES, 128)(looking, still)
    grid = coordinate_grid(32, 32)[None]
    moved = FineMotion(NAMES, 128)(grid, looking, still, openings)[0]
    shift = moved - coordinate_grid(128, 128)

    def at(x: float, y: float) -> torch.Tensor:
        return shift[round((y + 1) * 63.5), round((x + 1) * 63.5)]

    assert at(-0.32, -0.3)[0] == pytest.approx(-0.08, abs=0.02)
    assert at(-0.4, -0.45).norm() < 0.02  # above the lid
    assert at(0.0, 0.4).norm() < 0.01  # the mouth


def test_what_the_coarse_motion_misses_at_lids_is_added() -> None:
    blinking, still = face(lids=0.01), face()
    openings = OpeningMasks(NAMES, 128)(blinking, still)
    moved = FineMotion(NAMES, 128)(coordinate_grid(32, 32)[None], blinking, still, openings)[0]
    row, column = round((-0.32 + 1) * 63.5), round((-0.46 + 1) * 63.5)
    assert moved[row, column, 1] < -0.36  # shows the upper lid, which was higher
