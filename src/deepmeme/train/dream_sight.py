"""What dreamt faces are judged by while they are learnt: features that need no download.

Means of the maps of :class:`SeededFeatures` at 64 pixels, a network of seeded, untrained
convolutions: a distance between clouds of them is like a FID (Heusel et al. 2017), but its figures
can only be compared with each other, never with published ones.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.losses.perceptual import SeededFeatures

SIGHT_PX = 64


@torch.no_grad()
def features_of(pictures: Tensor, network: SeededFeatures) -> NDArray[np.float64]:
    """(n, 3, r, r) in [0, 1] -> (n, d)."""
    small = F.interpolate(pictures.float(), size=(SIGHT_PX, SIGHT_PX), mode="area")
    maps = network(small)[1:]
    means = [found.mean((2, 3)) for found in maps]
    return torch.cat(means, 1).double().cpu().numpy()


def in_parts(
    count: int, part: int, make: Callable[[int, int], Tensor], network: SeededFeatures
) -> NDArray[np.float64]:
    """Features of many pictures, ``part`` at a time; ``make`` gives those from one index on."""
    return np.concatenate([
        features_of(make(start, min(part, count - start)), network)
        for start in range(0, count, part)
    ])  # fmt: skip
