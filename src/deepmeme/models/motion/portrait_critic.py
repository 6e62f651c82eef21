"""Who tells real mouths and eyes from painted ones, while the portrait model trains."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class PatchCritic(nn.Module):
    """Cut-out (b, inputs, s, s) -> maps of features and, last, scores (b, 1, s', s').

    Spectral normalisation (Miyato et al. 2018) keeps it from running away from its small rival.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...] = (32, 64, 96)) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            spectral_norm(nn.Conv2d(fine, coarse, 4, 2, 1))
            for fine, coarse in pairwise((inputs, *widths))
        )
        self.score = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, seen: Tensor) -> list[Tensor]:
        maps = [seen]
        for step in self.steps:
            maps.append(F.leaky_relu(step(maps[-1]), 0.2))
        return [*maps[1:], self.score(maps[-1])]


class Critics(nn.Module):
    """One for mouths, one for eyes; each also sees where the opening is."""

    def __init__(self) -> None:
        super().__init__()
        self.mouth = PatchCritic(4)
        self.eye = PatchCritic(4, (32, 64))

    def forward(
        self, mouth: Tensor, opened: Tensor, eyes: Tensor, ajar: Tensor
    ) -> list[list[Tensor]]:
        """Pictures (b, 3, s, s) in [0, 1] and openings (b, 1, s, s) of mouths and of eyes."""
        return [
            self.mouth(torch.cat([mouth - 0.5, opened], 1)),
            self.eye(torch.cat([eyes - 0.5, ajar], 1)),
        ]
