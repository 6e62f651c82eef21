"""How far keypoints (b, k, 2) in [-1, 1] are from their labels."""

import torch
from torch import Tensor


def robust(distance: Tensor, knee: float = 0.01) -> Tensor:
    """Charbonnier: square below ``knee``, straight above."""
    return torch.sqrt(distance.square() + knee**2) - knee


def keypoint_distance(xy: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Mean robust distance; ``weight`` (b, k) or (k,)."""
    apart = robust((xy - label).square().sum(-1).add(1e-12).sqrt())
    weight = weight.expand_as(apart)
    return (apart * weight).sum() / weight.sum().clamp(min=1e-6)


def opening_distance(xy: Tensor, label: Tensor, first: list[int], second: list[int]) -> Tensor:
    """Mean robust error of the vectors between pairs of points: lids, lips, irises."""
    found, wanted = xy[:, first] - xy[:, second], label[:, first] - label[:, second]
    return robust((found - wanted).square().sum(-1).add(1e-12).sqrt(), 0.005).mean()


def heatmap_spread(logits: Tensor, label: Tensor, sigma: float) -> Tensor:
    """Cross entropy of maps (b, k, h, w) with a Gaussian about the label: one peak, in place."""
    height, width = logits.shape[2:]
    x = torch.linspace(-1, 1, width, device=logits.device)
    y = torch.linspace(-1, 1, height, device=logits.device)
    across = torch.softmax(-0.5 * ((x - label[..., :1]) / sigma).square(), -1)
    down = torch.softmax(-0.5 * ((y - label[..., 1:]) / sigma).square(), -1)
    inside = (label.abs() <= 1).all(-1).to(logits.dtype)
    wanted = ((logits @ across.unsqueeze(-1)).squeeze(-1) * down).sum(-1)
    entropy = logits.flatten(2).logsumexp(-1) - wanted
    return (entropy * inside).sum() / inside.sum().clamp(min=1)
