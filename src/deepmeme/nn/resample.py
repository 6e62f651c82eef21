"""Anti-aliased shrinking."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.nn.kernels import gaussian_kernel, shrink_sigma


class AntiAliasDown(nn.Module):
    """Blur, then keep every (1/scale)-th pixel; (b, c, h, w) -> (b, c, h scale, w scale).

    The blur is a stored buffer ``weight`` (c, 1, n, n), since published checkpoints carry it.
    """

    weight: Tensor

    def __init__(self, channels: int, scale: float, *, sigma: float | None = None) -> None:
        super().__init__()
        self.channels = channels
        self.stride = int(1 / scale)
        kernel = torch.from_numpy(gaussian_kernel(shrink_sigma(scale) if sigma is None else sigma))
        self.register_buffer("weight", kernel.expand(channels, 1, -1, -1).clone())

    def forward(self, image: Tensor) -> Tensor:
        if self.stride == 1:
            return image
        return F.conv2d(
            image,
            self.weight,
            stride=self.stride,
            padding=self.weight.shape[-1] // 2,
            groups=self.channels,
        )
