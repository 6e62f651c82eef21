"""Each loss against its formula on a small case."""

import numpy as np
import pytest
import torch

from deepmeme.losses.flow import flow_distance, roughness, visibility_entropy
from deepmeme.losses.keypoints import heatmap_spread, keypoint_distance, opening_distance
from deepmeme.losses.reconstruction import gradient_l1, pyramid_l1, region_weights, ssim_loss


def test_robust_distance_is_straight_far_off() -> None:
    label = torch.zeros(1, 2, 2)
    found = torch.tensor([[[0.3, 0.4], [0.0, 0.0]]])
    assert keypoint_distance(found, label, torch.tensor([1.0, 0.0])).item() == pytest.approx(
        np.hypot(0.5, 0.01) - 0.01, abs=1e-5
    )


def test_openings_do_not_mind_a_common_shift() -> None:
    label = torch.rand(2, 4, 2)
    assert opening_distance(label + 0.3, label, [0, 1], [2, 3]).item() < 1e-3


def test_maps_are_best_where_the_label_is() -> None:
    label = torch.tensor([[[0.0, 0.5]]])
    line = torch.linspace(-1, 1, 17)
    right = -((line[:, None] - 0.5).square() + line[None].square())[None, None] * 200
    wrong = right.flip(2)
    assert heatmap_spread(right, label, 0.05) < heatmap_spread(wrong, label, 0.05)


def test_maps_follow_the_formula_of_cross_entropy() -> None:
    logits = torch.randn(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    label = torch.tensor([[[0.2, -0.3]]])
    line = torch.linspace(-1, 1, 5)
    across = torch.softmax(-0.5 * ((line - 0.2) / 0.4) ** 2, 0)
    down = torch.softmax(-0.5 * ((line + 0.3) / 0.4) ** 2, 0)
    wanted = -(down[:, None] * across * logits[0, 0].flatten().log_softmax(0).view(5, 5)).sum()
    assert heatmap_spread(logits, label, 0.4).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_equal_pictures_lose_nothing() -> None:
    picture = torch.rand(1, 3, 32, 32)
    assert pyramid_l1(picture, picture).item() == 0
    assert gradient_l1(picture, picture).item() == 0
    assert ssim_loss(picture, picture).item() == pytest.approx(0, abs=1e-5)


def test_a_constant_shift_has_no_gradient_but_a_pyramid() -> None:
    picture = torch.rand(1, 3, 32, 32) * 0.5
    assert pyramid_l1(picture + 0.1, picture).item() == pytest.approx(0.1, rel=1e-4)
    assert gradient_l1(picture + 0.1, picture).item() == pytest.approx(0, abs=1e-6)


def test_weights_count_where_they_are_high() -> None:
    a, b = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    b[..., :8] = 1
    left = torch.zeros(1, 1, 16, 16)
    left[..., :8] = 1
    assert pyramid_l1(a, b, left, levels=1).item() == 1
    assert pyramid_l1(a, b, 1 - left, levels=1).item() == 0


def test_region_weights_peak_on_the_points() -> None:
    weights = region_weights(torch.tensor([[[0.0, 0.0]]]), 33, gain=4)
    assert weights[0, 0, 16, 16] == pytest.approx(5)
    assert weights[0, 0, 0, 0] == pytest.approx(1)


def test_flow_counts_only_what_is_visible() -> None:
    label = torch.zeros(1, 4, 4, 2)
    found = label.clone()
    found[:, 0] = 5
    seen = torch.ones(1, 4, 4)
    seen[:, 0] = 0
    assert flow_distance(found, label, seen).item() < 1e-4
    assert flow_distance(found, label, 1 - seen).item() == pytest.approx(5 * 2**0.5, abs=0.02)


def test_shears_are_not_rough() -> None:
    line = torch.linspace(-1, 1, 8)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)[None]
    sheared = grid @ torch.tensor([[1.0, 0.3], [0.2, 0.9]])
    assert roughness(sheared).item() < 1e-6
    assert roughness(grid.square()).item() > 1e-3


def test_visibility_entropy_is_binary_cross_entropy() -> None:
    found = torch.full((1, 1, 2, 2), 0.8)
    assert visibility_entropy(found, torch.ones(1, 2, 2)).item() == pytest.approx(-np.log(0.8))
