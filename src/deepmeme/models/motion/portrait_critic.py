"""Who tells real mouths and eyes from painted ones, while the portrait model trains."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PatchCritic(nn.Module):
    """Cut-out (b, inputs, s, s) -> maps of features and, last, scores (b, 1, s', s').

    Each score sees a patch (Isola et al. 2017); instance norms keep it from judging by contrast.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...] = (32, 64, 128)) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            nn.Conv2d(fine, coarse, 4, 2, 1) for fine, coarse in pairwise((inputs, *widths))
        )
        self.score = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, seen: Tensor) -> list[Tensor]:
        maps = [2 * seen]
        for index, step in enumerate(self.steps):
            out = step(maps[-1])
            maps.append(F.leaky_relu(F.instance_norm(out) if index else out, 0.2))
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
