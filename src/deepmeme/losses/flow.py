"""How far a deformation (b, h, w, 2) is from the true correspondence."""

import torch
import torch.nn.functional as F
from torch import Tensor

from deepmeme.losses.keypoints import robust


def flow_distance(deformation: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Mean robust distance under weights (b, h, w)."""
    apart = robust((deformation - label).square().sum(-1).add(1e-12).sqrt())
    return (apart * weight).sum() / weight.sum().clamp(min=1e-6)


def visibility_entropy(occlusion: Tensor, visible: Tensor) -> Tensor:
    """Binary cross entropy of occlusion (b, 1, h, w) with labels (b, h, w)."""
    with torch.autocast(occlusion.device.type, enabled=False):
        return F.binary_cross_entropy(occlusion[:, 0].float().clamp(1e-4, 1 - 1e-4), visible)


def roughness(deformation: Tensor) -> Tensor:
    """Mean absolute second difference: bends cost, shears and stretches don't."""
    d = deformation
    across = d[:, :, 2:] - 2 * d[:, :, 1:-1] + d[:, :, :-2]
    down = d[:, 2:] - 2 * d[:, 1:-1] + d[:, :-2]
    return across.abs().mean() + down.abs().mean()
