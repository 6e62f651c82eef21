"""How far a picture is from the one it should be. Pictures are (b, c, h, w) in [0, 1]."""

import torch
import torch.nn.functional as F
from torch import Tensor


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Mean of (b, c, h, w) under weights (b, 1, h, w)."""
    if weight is None:
        return values.mean()
    return (values * weight).sum() / (weight.sum() * values.shape[1]).clamp(min=1e-6)


def pyramid_l1(
    prediction: Tensor, target: Tensor, weight: Tensor | None = None, *, levels: int = 4
) -> Tensor:
    """Mean absolute difference over ``levels`` sizes, each half of the one before."""
    total = prediction.new_zeros(())
    for level in range(levels):
        if level:
            prediction, target = F.avg_pool2d(prediction, 2), F.avg_pool2d(target, 2)
            weight = None if weight is None else F.avg_pool2d(weight, 2)
        total = total + weighted_mean((prediction - target).abs(), weight)
    return total / levels


def gradient_l1(prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 between the differences of neighbouring pixels: edges in place, as sharp as they were."""
    difference = prediction - target
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs()
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs()
    if weight is None:
        return across.mean() + down.mean()
    return weighted_mean(across, weight[..., :, 1:]) + weighted_mean(down, weight[..., 1:, :])


def ssim_loss(
    prediction: Tensor, target: Tensor, weight: Tensor | None = None, *, window: int = 7
) -> Tensor:
    """1 - structural similarity (Wang et al. 2004) with a square window."""

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(F.avg_pool2d(x, (window, 1), 1), (1, window), 1)

    a, b = mean(prediction), mean(target)
    var_a = mean(prediction * prediction) - a * a
    var_b = mean(target * target) - b * b
    covariance = mean(prediction * target) - a * b
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * a * b + c1) * (2 * covariance + c2)
    similarity = similarity / ((a * a + b * b + c1) * (var_a + var_b + c2))
    return weighted_mean(1 - similarity, None if weight is None else mean(weight))


def region_weights(xy: Tensor, size: int, *, sigma: float = 0.09, gain: float = 4.0) -> Tensor:
    """(b, 1, size, size): 1 far from the points (b, k, 2), up to 1 + gain upon them."""
    line = torch.linspace(-1, 1, size, device=xy.device, dtype=xy.dtype)
    dots = torch.exp(-0.5 * ((line - xy.unsqueeze(-1)) / sigma).square())
    near = dots[:, :, 1].transpose(1, 2) @ dots[:, :, 0]
    return 1 + gain * near.clamp(max=1)[:, None]
