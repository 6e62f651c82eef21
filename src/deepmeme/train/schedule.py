"""Learning rates and averages as pure functions of the step."""

import math

import torch
from torch import nn


def warm_cosine(step: int, total: int, *, warmup: int = 100, floor: float = 0.02) -> float:
    """Share of the full learning rate: up in a straight line, down along half a cosine."""
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))


class Average:
    """Exponential moving average of a module's weights; running statistics are copied."""

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in module.state_dict().items()}
        self._learnt = {name for name, _ in module.named_parameters()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move towards the module; quickly in the first steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            if name in self._learnt:
                self.state[name].lerp_(value.detach(), 1 - decay)
            else:
                self.state[name].copy_(value)
