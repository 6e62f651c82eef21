"""What teaches a generator and its critic: scores of wholes and places, slopes, changes."""

import math

import pytest
import torch
from torch import Tensor

from deepmeme.losses.augmented import augmented, shifted
from deepmeme.losses.portrait import PortraitDistance
from deepmeme.losses.relativistic import critic_loss, painter_loss, slope_penalty
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.critic import Critic


def test_equal_scores_are_chance_and_the_whole_counts_as_all_places() -> None:
    assert critic_loss(torch.ones(4), torch.ones(4)).item() == pytest.approx(math.log(2))
    real, made = torch.zeros(3, 17), torch.zeros(3, 17)
    made[:, 0] = 2.0  # the whole is taken for real, the places are not
    wanted = (math.log(1 + math.exp(2)) + math.log(2)) / 2
    assert critic_loss(real, made).item() == pytest.approx(wanted, rel=1e-6)
    assert painter_loss(made, real).item() == pytest.approx(wanted, rel=1e-6)


def test_only_what_is_made_teaches_the_painter() -> None:
    real, made = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    painter_loss(real, made).backward()
    assert real.grad is None and made.grad is not None and (made.grad < 0).all()


def test_the_slope_of_a_plane_is_known() -> None:
    weight = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(1))

    def plane(pictures: Tensor) -> Tensor:
        return (pictures * weight).sum((1, 2, 3))

    found = slope_penalty(plane, torch.rand(5, 3, 4, 4))
    assert found.item() == pytest.approx(weight.square().sum().item(), rel=1e-5)


def test_a_critic_scores_wholes_and_places_at_any_size() -> None:
    for side in (32, 64):
        config = GanConfig(side, latent=8, width=16, most=32, critic=16, critic_most=32)
        pictures = torch.rand(3, 3, side, side, requires_grad=True)
        scores = Critic(config)(pictures)
        assert scores.shape == (3, 257)
        (slope,) = torch.autograd.grad(scores[:, 0].sum(), pictures)
        assert slope.std() > 1e-4  # signals do not die on the way through six layers


def test_changed_pictures_keep_their_size_and_pass_gradients() -> None:
    pictures = torch.rand(4, 3, 32, 32, requires_grad=True)
    changed = augmented(pictures)
    assert changed.shape == pictures.shape and not torch.equal(changed, pictures)
    changed.sum().backward()
    assert pictures.grad is not None and pictures.grad.abs().sum() > 0
    assert torch.equal(shifted(pictures, 0.0).round(decimals=4), pictures.round(decimals=4))


def test_a_mouth_counts_more_than_a_wall() -> None:
    distance = PortraitDistance()
    face = torch.full((1, 3, 64, 64), 0.5)
    mouth, wall = face.clone(), face.clone()
    mouth[:, :, 40:46, 28:36] = 0.9
    wall[:, :, 2:8, 2:10] = 0.9
    assert sum(distance(face, face).values()).item() == 0
    near, far = (sum(distance(seen, face).values()).item() for seen in (mouth, wall))
    assert near > 1.5 * far
