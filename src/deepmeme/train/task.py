"""The whole contract between a family and the loop that trains it.

A family says who plays, what a batch is and which losses teach whom; the loop steps players and
knows no family.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Losses = Mapping[str, Tensor]
"""Named scalars, already weighted; their sum is what is minimised."""

Batch = Any
"""A tuple of tensors with one first axis; the loop may cut it into smaller ones along that."""

Picture = NDArray[np.uint8]
"""(h, w, 3)"""


class Turn(NamedTuple):
    """Whose turn it is, and what it learns from."""

    player: str
    losses: Losses
    notes: Mapping[str, Tensor] = MappingProxyType({})
    """Named scalars that nobody learns from, to be shown beside the losses."""


class Task(Protocol):
    """What a family brings."""

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """What is trained, by name; each player has an optimizer and an average of its own."""

    @property
    def rates(self) -> Mapping[str, float]:
        """Players whose learning rate is another: how many times that of the options."""

    @property
    def family(self) -> str:
        """Name of the family; a checkpoint of another one is refused."""

    def facts(self) -> Mapping[str, Any]:
        """What a reader of the checkpoint must know to build the networks again; plain JSON."""

    def batch(self, number: int, size: int, device: torch.device) -> Batch:
        """Batch ``number`` of the run: a pure function of it, so that a killed run goes on."""

    def turns(self, batch: Batch, step: int) -> Iterator[Turn]:
        """The turns of one step.

        Code after a ``yield`` runs when that player has been stepped. PyTorch's generators are
        seeded anew before every step: draw from them freely.
        """

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Modules whose ``forward`` torch.compile should fuse when that is asked for."""

    def preview(self, device: torch.device) -> Picture:
        """A contact sheet of the same few held-out examples, made by the players as they are."""


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """Within, the modules pass gradients on but gather none: a critic in its rival's turn."""
    was = [(p, p.requires_grad) for module in modules for p in module.parameters()]
    for parameter, _ in was:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter, wanted in was:
            parameter.requires_grad_(wanted)
