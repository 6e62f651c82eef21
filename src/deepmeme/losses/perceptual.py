"""How unlike two pictures look: distances between features of a frozen network, over a pyramid.

Pictures are (b, 3, h, w) in [0, 1]. The published loss (Johnson et al. 2016; Siarohin et al. 2019,
section 3.4) compares VGG-19 features at four sizes.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.nn.resample import AntiAliasDown

Features = Callable[[Tensor], Sequence[Tensor]]
"""Pictures -> maps (b, c, h', w'), fine ones first."""

MIN_SIDE_PX = 16
"""Pictures smaller than this on the way down the pyramid are not compared."""
NOISE_DEVIATION = 0.2
"""Of what a natural picture's pixels are about."""


class ImagePyramid(nn.Module):
    """A picture at several sizes, each blurred and thinned from the full one."""

    def __init__(self, scales: Sequence[float], channels: int = 3) -> None:
        super().__init__()
        self.scales = tuple(scales)
        self.downs = nn.ModuleDict(
            {
                f"{scale:g}".replace(".", "-"): AntiAliasDown(channels, scale)
                for scale in self.scales
                if scale != 1
            }
        )

    def forward(self, picture: Tensor) -> dict[float, Tensor]:
        return {
            scale: picture if scale == 1 else self.downs[f"{scale:g}".replace(".", "-")](picture)
            for scale in self.scales
        }


class PyramidDistance(nn.Module):
    """Sum over sizes and layers of weight x mean |features of one - features of the other|."""

    def __init__(
        self, features: Features, *, scales: Sequence[float], weights: Sequence[float]
    ) -> None:
        """``weights``: a layer each."""
        super().__init__()
        self.features = features
        self.pyramid = ImagePyramid(scales)
        self.weights = tuple(weights)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """A scalar; the target gets no gradient."""
        total = torch.zeros((), device=prediction.device)
        made, wanted = self.pyramid(prediction), self.pyramid(target)
        for scale, picture in made.items():
            if scale != 1 and min(picture.shape[2:]) < MIN_SIDE_PX:
                continue
            with torch.no_grad():
                truth = self.features(wanted[scale])
            for weight, a, b in zip(self.weights, self.features(picture), truth, strict=False):
                total = total + weight * (a.float() - b.float()).abs().mean()
        return total


VGG_WIDTHS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,))
VGG_MEAN, VGG_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Vgg19Features(nn.Module):
    """relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of VGG-19, named as torchvision names them.

    Frozen; only the first 13 convolutions are kept.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps = []
        inputs = 3
        for block in VGG_WIDTHS:
            self.taps.append(len(layers) + 1)
            for outputs in block:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU()]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers[: self.taps[-1] + 1])
        self.register_buffer("mean", torch.tensor(VGG_MEAN).view(3, 1, 1), persistent=False)
        deviation = torch.tensor(VGG_DEVIATION).view(3, 1, 1)
        self.register_buffer("deviation", deviation, persistent=False)
        self.requires_grad_(False)

    def load_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Fill from torchvision's names ('features.0.weight' ...); layers beyond are ignored.

        Raises:
            RuntimeError: a layer is missing or of another shape.
        """
        wanted = self.state_dict().keys()
        self.load_state_dict({k: torch.tensor(v) for k, v in arrays.items() if k in wanted})

    def forward(self, pictures: Tensor) -> list[Tensor]:
        out = (pictures - self.mean) / self.deviation
        found = []
        for number, layer in enumerate(self.features):
            out = layer(out)
            if number in self.taps:
                found.append(out)
        return found


class SeededFeatures(nn.Module):
    """The picture, and four stages of a small network that is never trained: no file is needed.

    Convolutions drawn from a seed see edges, corners and colour steps of all directions, deeper
    ones the textures these make; each stage works at half the size of the one before. Every map has
    about unit deviation on noise of natural spectrum, so no layer outweighs the others.

    Why these, among losses that need no download (``benchmarks/perceptual.py``, portraits at 64
    pixels): a slight blur costs 1.26 times what a shift by 0.7 pixels costs; L1 over a pyramid and
    the portrait model's encoder forgive it (1.09, 1.08). From ten pixels off the gradient leads
    97 % of pictures home; L1, gradients and SSIM, which mind blur as much, 62 %. 8 ms a picture.
    """

    def __init__(self, widths: Sequence[int] = (32, 48, 64, 96), *, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.stages = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1, padding_mode="replicate")
            for a, b in pairwise((3, *widths))
        )
        pictures = natural_noise(4, 64, generator)
        with torch.no_grad():
            for stage in self.stages:
                assert isinstance(stage, nn.Conv2d) and stage.bias is not None
                flat = torch.randn(stage.weight.flatten(1).shape, generator=generator)
                flat -= 0.9 * flat.mean(1, keepdim=True)  # differences rather than brightness
                stage.weight.copy_(flat.view_as(stage.weight))
                out = F.conv2d(pictures, stage.weight, padding=1)
                deviation, mean = torch.std_mean(out, (0, 2, 3))
                stage.weight.div_(deviation.view(-1, 1, 1, 1))
                shift = 0.5 * torch.randn(len(mean), generator=generator)
                stage.bias.copy_(shift - mean / deviation)
                pictures = F.avg_pool2d(F.leaky_relu(stage(pictures), 0.1), 2)
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        found = [pictures / NOISE_DEVIATION]
        for number, stage in enumerate(self.stages):
            if number:
                if min(pictures.shape[2:]) < 4:
                    break
                pictures = F.avg_pool2d(pictures, 2)
            pictures = F.leaky_relu(stage(pictures), 0.1)
            found.append(pictures)
        return found


def natural_noise(count: int, size: int, generator: torch.Generator) -> Tensor:
    """(count, 3, size, size) in [0, 1]: its amplitude falls with frequency, as that of photos."""
    white = torch.fft.rfft2(torch.randn(count, 3, size, size, generator=generator))
    y, x = torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size)
    pink = torch.fft.irfft2(white / torch.hypot(x, y).clamp(min=1 / size), (size, size))
    pink = pink / pink.std((2, 3), keepdim=True)
    picture: Tensor = 0.5 + NOISE_DEVIATION * pink
    return picture.clamp(0, 1)
