"""The identity network learns who is who: people it knows, told apart with a margin."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.data.identity_examples import IdentityExamples
from deepmeme.losses.identity import cosine_margin, supervised_contrast
from deepmeme.models.faces.identity import FaceIdentity, IdentityConfig
from deepmeme.models.motion.portrait_blocks import exact
from deepmeme.train.task import Picture, Turn

_SHOWN = 48
_CONTRAST = 0.5
_SHORT = 0.1
"""Only their directions count: short ones turn quickly."""


class IdentityTask:
    """Squares -> vectors; see :class:`deepmeme.train.task.Task`."""

    family = "identity"

    def __init__(self, examples: IdentityExamples, shown: IdentityExamples | None = None) -> None:
        self.examples, self.shown = examples, shown or examples
        config = IdentityConfig(examples.size)
        self.network = FaceIdentity(config)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.known = nn.Linear(config.length, examples.first[-1], bias=False)
        """One direction for each person of the training; thrown away afterwards."""
        nn.init.normal_(self.known.weight, std=_SHORT)

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network and the directions that it learns against."""
        return {"identity": nn.ModuleDict({"network": self.network, "known": self.known})}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from, and how many people it saw."""
        return {
            "config": self.network.config.as_dict(),
            "seed": self.examples.seed,
            "people": self.examples.first[-1],
        }

    def worth_compiling(self) -> Sequence[nn.Module]:
        """The network."""
        return (self.network,)

    def batch(self, number: int, size: int, device: torch.device) -> tuple[Tensor, ...]:
        """Pictures (b, r, r, 3) uint8 and who is in them (b,)."""
        pictures, people = self.examples.batch(number, size)
        return torch.from_numpy(pictures).to(device), torch.from_numpy(people).to(device)

    def turns(self, batch: tuple[Tensor, Tensor], step: int) -> Iterator[Turn]:
        """One: against all people known, and against the others of the batch."""
        pictures, people = batch
        vectors = self.network.vectors(pictures.permute(0, 3, 1, 2).float() / 255)
        with exact(pictures):
            found = F.normalize(vectors.float(), dim=1)
            known = F.normalize(self.known.weight.float(), dim=1)
            yield Turn(
                "identity",
                {
                    "known": cosine_margin(found @ known.T, people),
                    "contrast": _CONTRAST * supervised_contrast(found, people),
                },
            )

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out squares, people side by side; below each the two most alike of the others."""
        pictures, _ = self.shown.batch(0, _SHOWN)
        given = torch.from_numpy(pictures).to(device)
        found = self.network(given.permute(0, 3, 1, 2).float() / 255)
        alike = (found @ found.T).fill_diagonal_(-2)
        nearest = alike.topk(2).indices.cpu().numpy()
        rows = []
        for start in range(0, _SHOWN, 24):
            chosen = np.arange(start, min(start + 24, _SHOWN))
            rows.append(np.concatenate(list(pictures[chosen]), 1))
            rows.extend(np.concatenate(list(pictures[nearest[chosen, k]]), 1) for k in range(2))
        return np.concatenate(rows)
