"""Least-squares GAN (Mao et al. 2017) and feature matching (Wang et al. 2018).

Scores and maps come one a scale of the discriminator: a tensor, or a sequence of tensors, whose
losses are added. All of it is reckoned in float32.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Scores = Tensor | Sequence[Tensor]
"""What a discriminator says of a batch, of any shape: near 1 for real, near 0 for made."""


def generator_loss(scores: Scores) -> Tensor:
    """mean (1 - D(made))^2, added over scales."""
    return torch.stack([(1 - score.float()).square().mean() for score in _scales(scores)]).sum()


def discriminator_loss(real: Scores, fake: Scores) -> Tensor:
    """mean [(1 - D(real))^2 + D(made)^2], added over scales; pass what was made detached."""
    pairs = zip(_scales(real), _scales(fake), strict=True)
    each = [(1 - a.float()).square().mean() + b.float().square().mean() for a, b in pairs]
    return torch.stack(each).sum()


def feature_matching(
    real_maps: Sequence[Tensor],
    fake_maps: Sequence[Tensor],
    weights: Sequence[float] | None = None,
) -> Tensor:
    """Weighted sum over layers of the mean absolute difference; ``real_maps`` get no gradient.

    A weight of 0 leaves a layer out. Several scales: pass the maps of all, one after the other.
    """
    if weights is None:
        weights = [1.0] * len(real_maps)
    layers = zip(weights, real_maps, fake_maps, strict=True)
    each = [
        weight * (real.detach().float() - fake.float()).abs().mean()
        for weight, real, fake in layers
        if weight
    ]
    return torch.stack(each).sum() if each else fake_maps[0].new_zeros((), dtype=torch.float32)


def _scales(scores: Scores) -> Sequence[Tensor]:
    return [scores] if isinstance(scores, Tensor) else scores
