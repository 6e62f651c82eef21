"""Random smooth maps against their formula."""

import math

import torch

from deepmeme.nn.thin_plate import SmoothMap, random_smooth_map

IDENTITY = torch.eye(2, 3)[None]


def test_affine_part() -> None:
    affine = torch.tensor([[[1.0, 0.5, 0.1], [0.0, 2.0, -0.2]]])
    move = SmoothMap(affine, torch.zeros(0, 2), torch.zeros(1, 0))
    places = torch.tensor([[[0.2, -0.4]]])
    torch.testing.assert_close(move(places), torch.tensor([[[0.2 - 0.2 + 0.1, -0.8 - 0.2]]]))
    torch.testing.assert_close(move.jacobian(places)[0, 0], affine[0, :, :2])


def test_spline_part_by_hand() -> None:
    move = SmoothMap(IDENTITY, torch.tensor([[0.5, 0.0]]), torch.tensor([[0.1]]))
    found = move(torch.tensor([[[0.0, 0.25]]]))[0, 0]
    bend = 0.1 * 0.75**2 * math.log(0.75 + 1e-6)
    torch.testing.assert_close(found, torch.tensor([bend, 0.25 + bend]))


def test_jacobian_is_the_derivative() -> None:
    move = random_smooth_map(3, sigma_tps=0.05, generator=torch.Generator().manual_seed(4))
    places = torch.rand(3, 6, 2, generator=torch.Generator().manual_seed(5)) * 1.8 - 0.9
    places.requires_grad_(True)
    there = move(places)
    rows = [torch.autograd.grad(there[..., i].sum(), places, retain_graph=True)[0] for i in (0, 1)]
    torch.testing.assert_close(move.jacobian(places), torch.stack(rows, -2), rtol=1e-4, atol=1e-5)


def test_jacobian_upon_a_control_point_is_finite() -> None:
    move = random_smooth_map(1, sigma_tps=0.05)
    assert move.jacobian(move.points[None]).isfinite().all()


def test_drawn_maps_have_the_spread_that_is_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    move = random_smooth_map(4000, sigma_affine=0.05, sigma_tps=0.005, generator=generator)
    torch.testing.assert_close(move.affine.mean(0), torch.eye(2, 3), atol=0.005, rtol=0)
    assert abs(float(move.affine[:, 0, 2].std()) - 0.05) < 0.002
    assert move.weights.shape == (4000, 25)
    assert abs(float(move.weights.std()) - 0.005) < 0.0002


def test_same_seed_same_map_and_no_sigma_no_map() -> None:
    a, b = (random_smooth_map(2, generator=torch.Generator().manual_seed(7)) for _ in range(2))
    torch.testing.assert_close(a.grid(8, 8), b.grid(8, 8), rtol=0, atol=0)
    still = random_smooth_map(1, sigma_affine=0.0, sigma_tps=0.0)
    assert still.points.shape == (0, 2)
    line = torch.linspace(-1, 1, 5)
    torch.testing.assert_close(still.grid(3, 5)[0, 0, :, 0], line)
