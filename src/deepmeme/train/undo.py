"""What a step has changed so far, so that it can be taken back when memory runs out within it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from deepmeme.train.run_state import Player

Kept = list[tuple[Tensor, Tensor]]
"""A tensor and a copy of what it was."""


class Undo:
    """Made before a step; told of each player that is about to learn.

    Costs a copy of a player's weights and of its optimizer's moments until the step is over.
    """

    def __init__(self, players: Mapping[str, Player], scaler: Any = None) -> None:
        """``scaler``: of 16-bit gradients, if there is one."""
        buffers = (buffer for each in players.values() for buffer in each.module.buffers())
        self._statistics: Kept = [(buffer, buffer.clone()) for buffer in buffers]
        self._scaler = scaler
        self._scale = None if scaler is None else deepcopy(scaler.state_dict())
        self._weights: Kept = []
        self._moments: list[tuple[torch.optim.Optimizer, dict[Tensor, dict[str, Any]]]] = []
        self._seen: set[int] = set()

    @torch.no_grad()
    def keep(self, player: Player) -> None:
        """What the player is before its first turn of this step."""
        if id(player) in self._seen:
            return
        self._seen.add(id(player))
        self._weights += [(p, p.detach().clone()) for p in player.module.parameters()]
        state = player.optimizer.state
        self._moments.append((player.optimizer, {p: _copied(slots) for p, slots in state.items()}))

    @torch.no_grad()
    def take_back(self) -> None:
        """All is as it was before the step."""
        self.statistics_back()
        for now, before in self._weights:
            now.copy_(before)
        for optimizer, moments in self._moments:
            optimizer.state.clear()
            optimizer.state.update(moments)
        if self._scaler is not None:
            self._scaler.load_state_dict(self._scale)

    @torch.no_grad()
    def statistics_back(self) -> None:
        """Running statistics alone: a step without finite gradients must leave none."""
        for now, before in self._statistics:
            now.copy_(before)


def _copied(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else deepcopy(value)
        for name, value in slots.items()
    }
