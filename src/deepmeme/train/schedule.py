"""Learning rates and averages as pure functions of the step."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from deepmeme.train.options import FitOptions


def share_of_rate(options: FitOptions, step: int, seconds: float = 0.0) -> float:
    """Share of the full learning rate at a step, ``seconds`` after the start."""
    match options.schedule:
        case "cosine":
            spent = share_of_time(options, seconds)
            return warm_cosine(step, options.steps, warmup=options.warmup, spent=spent)
        case "steps":
            return 0.1 ** sum(step >= milestone for milestone in options.milestone_steps)
        case _:
            return min(1.0, (step + 1) / max(1, options.warmup))


def share_of_time(options: FitOptions, seconds: float) -> float:
    """How much of the minutes is over; 0 where there is no limit."""
    return seconds / (60 * options.minutes) if options.minutes else 0.0


def warm_cosine(
    step: int, total: int, *, warmup: int = 100, floor: float = 0.02, spent: float = 0.0
) -> float:
    """Up in a straight line, down along half a cosine to ``floor``.

    ``spent`` is the share of the time that is over, where that comes to its end before the steps.
    """
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, max(spent, (step - warmup) / max(1, total - warmup)))
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

    @contextmanager
    def worn_by(self, module: nn.Module) -> Iterator[None]:
        """Within, the module has the averaged weights."""
        own = {name: value.detach().clone() for name, value in module.state_dict().items()}
        module.load_state_dict(self.state)
        try:
            yield
        finally:
            module.load_state_dict(own)
