"""The perceptual pyramid against its formula, and the networks that it looks through."""

import pytest
import torch
import torch.nn.functional as F

from deepmeme.losses.perceptual import (
    VGG_DEVIATION,
    VGG_MEAN,
    ImagePyramid,
    PyramidDistance,
    SeededFeatures,
    Vgg19Features,
)
from deepmeme.nn.resample import AntiAliasDown


def test_pyramid_blurs_and_thins_from_the_full_picture() -> None:
    picture = torch.rand(1, 3, 32, 32)
    found = ImagePyramid([1, 0.5, 0.25])(picture)
    assert list(found) == [1, 0.5, 0.25]
    assert found[1] is picture
    torch.testing.assert_close(found[0.25], AntiAliasDown(3, 0.25)(picture))


def test_distance_by_hand() -> None:
    """Features 'the picture' and 'its square': 2 |a - b| + 3 |a^2 - b^2|, once a size."""
    loss = PyramidDistance(lambda x: [x, x.square()], scales=[1, 0.5], weights=[2, 3])
    made, wanted = torch.full((2, 3, 64, 64), 0.5), torch.full((2, 3, 64, 64), 0.2)
    small = [ImagePyramid([0.5])(part)[0.5] for part in (made, wanted)]  # its rim fades
    expected = sum(
        2 * (a - b).abs().mean() + 3 * (a**2 - b**2).abs().mean()
        for a, b in ((made, wanted), small)
    )
    torch.testing.assert_close(loss(made, wanted), expected)


def test_sizes_that_show_nothing_are_left_out() -> None:
    loss = PyramidDistance(lambda x: [x], scales=[1, 0.5, 0.25], weights=[1])
    seen: list[int] = []
    loss.features = lambda x: seen.append(x.shape[-1]) or [x]
    loss(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))
    assert seen == [32, 32, 16, 16]


def test_the_target_and_the_network_learn_nothing() -> None:
    features = SeededFeatures()
    loss = PyramidDistance(features, scales=[1], weights=[10] * 5)
    made = torch.rand(1, 3, 32, 32, requires_grad=True)
    wanted = torch.rand(1, 3, 32, 32, requires_grad=True)
    loss(made, wanted).backward()
    assert made.grad is not None and made.grad.abs().sum() > 0
    assert wanted.grad is None
    assert all(parameter.grad is None for parameter in features.parameters())


def test_vgg19_has_the_layers_of_the_paper() -> None:
    vgg = Vgg19Features()
    assert vgg.taps == [1, 6, 11, 20, 29]
    convolutions = {int(key.split(".")[1]) for key in vgg.state_dict()}
    assert sorted(convolutions) == [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28]
    found = vgg(torch.rand(1, 3, 32, 32))
    sizes = [(64, 32), (128, 16), (256, 8), (512, 4), (512, 2)]
    assert [tuple(layer.shape[1:3]) for layer in found] == sizes
    assert all(float(layer.detach().min()) >= 0 for layer in found)


def test_vgg19_normalises_and_takes_torchvisions_names() -> None:
    vgg = Vgg19Features()
    arrays = {key: value.numpy() for key, value in vgg.state_dict().items()}
    arrays["features.0.weight"] = torch.zeros(64, 3, 3, 3).numpy()
    arrays["features.0.weight"][:, 1, 1, 1] = 1  # the green channel as it is
    arrays["features.0.bias"] = torch.zeros(64).numpy()
    arrays["features.34.weight"] = arrays["features.2.weight"]  # a later layer: ignored
    vgg.load_arrays(arrays)
    picture = torch.rand(1, 3, 32, 32)
    expected = F.relu((picture[0, 1] - VGG_MEAN[1]) / VGG_DEVIATION[1])
    torch.testing.assert_close(vgg(picture)[0][0, 5], expected)
    del arrays["features.28.weight"]
    with pytest.raises(RuntimeError, match=r"features\.28\.weight"):
        vgg.load_arrays(arrays)


def test_seeded_features_are_the_same_everywhere_and_of_one_size() -> None:
    a, b = SeededFeatures(), SeededFeatures()
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    for one, other in zip(a(picture), b(picture), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    spread = [float(layer.std()) for layer in a(picture)]
    assert len(spread) == 5 and max(spread) < 12 * min(spread)


def test_a_shift_costs_less_than_another_picture() -> None:
    generator = torch.Generator().manual_seed(2)
    noise = F.interpolate(torch.rand(3, 3, 16, 16, generator=generator), scale_factor=4.0)
    loss = PyramidDistance(SeededFeatures(), scales=[1, 0.5], weights=[10] * 5)
    a, b = noise[:1], noise[1:2]
    assert float(loss(a, a)) == 0
    assert float(loss(a.roll(1, -1), a)) < 0.6 * float(loss(b, a))
