"""The adversarial losses against their formulas, by hand."""

import pytest
import torch

from deepmeme.losses.adversarial import discriminator_loss, feature_matching, generator_loss


def test_generator_wants_ones() -> None:
    scores = torch.tensor([[0.0, 1.0], [0.5, 3.0]])
    assert generator_loss(scores).item() == pytest.approx((1 + 0 + 0.25 + 4) / 4)
    assert generator_loss(torch.ones(2, 1, 3, 3)).item() == 0


def test_scales_are_added() -> None:
    coarse, fine = torch.zeros(1, 1, 2, 2), torch.full((1, 1, 4, 4), 0.5)
    assert generator_loss([coarse, fine]).item() == pytest.approx(1 + 0.25)


def test_discriminator_wants_ones_for_real_and_zeros_for_made() -> None:
    real, made = torch.tensor([0.5, 1.0]), torch.tensor([0.0, 2.0])
    assert discriminator_loss(real, made).item() == pytest.approx(0.25 / 2 + 4 / 2)
    assert discriminator_loss([real, real], [made, made]).item() == pytest.approx(2 * 2.125)


def test_feature_matching_weighs_layers_and_teaches_the_made_alone() -> None:
    real = [torch.zeros(1, 2, 2, 2, requires_grad=True), torch.zeros(1, 1, 1, 1)]
    made = [torch.full((1, 2, 2, 2), 0.5, requires_grad=True), torch.full((1, 1, 1, 1), -2.0)]
    assert feature_matching(real, made).item() == pytest.approx(0.5 + 2)
    loss = feature_matching(real, made, [10, 1])
    assert loss.item() == pytest.approx(5 + 2)
    loss.backward()
    assert real[0].grad is None
    torch.testing.assert_close(made[0].grad, torch.full((1, 2, 2, 2), 10 / 8))


def test_feature_matching_without_weight_is_zero() -> None:
    assert feature_matching([torch.zeros(2)], [torch.ones(2)], [0]).item() == 0


def test_half_precision_is_widened() -> None:
    scores = torch.full((4,), 300.0, dtype=torch.float16)
    assert generator_loss(scores).item() == pytest.approx(299**2)
