"""Reads traits off pictures of faces: who smiles, who wears glasses, who is old."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.nn.shrinker import Shrinker

SIDE = 64
WIDTHS = (32, 64, 96, 128)


class TraitReader(nn.Module):
    """(b, 3, r, r) in [0, 1] -> (b, k) traits in standard deviations of them among faces."""

    mean: Tensor
    spread: Tensor

    def __init__(self, traits: int) -> None:
        super().__init__()
        self.network = Shrinker(SIDE, WIDTHS, 192)
        self.last = nn.Linear(192, traits)
        self.register_buffer("mean", torch.zeros(traits))
        self.register_buffer("spread", torch.ones(traits))

    def measure(self, labels: Tensor) -> None:
        """Labels (n, k) of all faces: what a standard deviation is."""
        self.mean, self.spread = labels.mean(0), labels.std(0).clamp(min=1e-6)

    def steps(self, labels: Tensor) -> Tensor:
        """Labels (b, k), in their own units, in standard deviations."""
        return (labels - self.mean) / self.spread

    def features(self, pictures: Tensor) -> Tensor:
        """(b, 192) what the traits are read from."""
        small = F.interpolate(pictures, size=(SIDE, SIDE), mode="area")
        return F.leaky_relu(self.network(small), 0.1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures of any size."""
        return self.last(self.features(pictures))  # type: ignore[no-any-return]


def mirrored(labels: Tensor, names: Sequence[str]) -> Tensor:
    """Labels (b, k) of the pictures' mirror images."""
    signs = [-1.0 if name in ("yaw", "gaze") else 1.0 for name in names]
    return labels * torch.tensor(signs, dtype=labels.dtype, device=labels.device)
