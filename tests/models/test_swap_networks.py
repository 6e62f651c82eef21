"""The pairs of autoencoders have the published sizes, and each decoder its own face."""

import pytest
import torch

from deepmeme.errors import InputError, WeightsError
from deepmeme.models.swap.build import build_pair
from deepmeme.models.swap.config import PRESETS, SwapConfig, preset

SMALL = {"code": 16, "encoder": 8, "decoder": 8, "mask": 4, "style": 8}


@pytest.mark.parametrize(
    ("name", "millions"),
    [("classic", 82.06), ("df", 57.54), ("df-ud", 54.47), ("liae", 94.96), ("liae-ud", 82.38)],
)
def test_parameters_are_as_many_as_published(name: str, millions: float) -> None:
    """Of facts/face-swap.md; classic's heads for the mask are ours, 3,202 numbers."""
    with torch.device("meta"):
        pair = build_pair(PRESETS[name])
    count = sum(parameter.numel() for parameter in pair.parameters())
    assert round(count / 1e6, 2) == pytest.approx(millions, abs=0.011)


def test_liae_at_256_has_what_is_published() -> None:
    with torch.device("meta"):
        pair = build_pair(preset("liae-ud", 256))
    assert sum(p.numel() for p in pair.parameters()) / 1e6 == pytest.approx(145.3, abs=0.06)


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("architecture", ["quick", "classic", "df", "liae"])
def test_a_face_goes_in_and_two_come_out(architecture: str, doubled: bool) -> None:
    torch.manual_seed(0)
    pair = build_pair(SwapConfig(architecture, 64, doubled=doubled, **SMALL)).eval()
    faces = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        code = pair.encode(faces)
        a, b = pair.decode(code, 0), pair.decode(code, 1)
        alone = pair.decode(pair.encode(faces[1:]), 1)
    for painted in (a, b):
        assert painted.picture.shape == (2, 3, 64, 64) and painted.mask.shape == (2, 1, 64, 64)
        assert painted.picture.min() >= 0 and painted.picture.max() <= 1
    if architecture != "quick":  # whose looks are alike as long as nobody was seen
        assert (a.picture - b.picture).abs().max() > 1e-4
    torch.testing.assert_close(alone.picture[0], b.picture[1], atol=1e-4, rtol=0)


def test_configurations_come_back_and_wrong_ones_are_named() -> None:
    for config in PRESETS.values():
        assert SwapConfig.from_dict(config.as_dict()) == config
    with pytest.raises(WeightsError, match="no colour"):
        SwapConfig.from_dict({"colour": 1})
    with pytest.raises(InputError, match=r"choose from quick, classic, df"):
        preset("saehd")
    with pytest.raises(InputError, match="multiple of 32"):
        preset("df-ud", 144)
    with pytest.raises(InputError, match=r"classic works at 64 pixels; for 128"):
        preset("classic", 128)
    with pytest.raises(InputError, match="architecture 'x'"):
        SwapConfig("x")
