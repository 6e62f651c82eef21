"""A task small enough to train in a test: a line to fit, and a rival who doubts it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepmeme.train.task import Turn, frozen


class ToyBatch(NamedTuple):
    x: Tensor
    y: Tensor


class ToyTask:
    """Two turns a step, random numbers in both, running statistics in one."""

    family = "toy"
    rates: Mapping[str, float] = {"doubter": 0.5}

    def __init__(self, *, statistics: bool = True) -> None:
        torch.manual_seed(3)
        norm = nn.BatchNorm1d(8) if statistics else nn.Identity()
        self.maker = nn.Sequential(nn.Linear(4, 8), norm, nn.Tanh(), nn.Linear(8, 1))
        self.doubter = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
        self.noise = 0.05
        self.broken_from: int | None = None
        self.numbers: list[int] = []

    @property
    def players(self) -> Mapping[str, nn.Module]:
        return {"maker": self.maker, "doubter": self.doubter}

    def facts(self) -> Mapping[str, Any]:
        return {"inputs": 4}

    def batch(self, number: int, size: int, device: torch.device) -> ToyBatch:
        self.numbers.append(number)
        random = np.random.default_rng(number)
        x = torch.from_numpy(random.normal(size=(size, 4)).astype(np.float32))
        return ToyBatch(x, x @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]]))

    def turns(self, batch: ToyBatch, step: int) -> Iterator[Turn]:
        made = self.maker(batch.x + self.noise * torch.randn_like(batch.x))
        with frozen(self.doubter):
            fooled = (self.doubter(made) - 1).square().mean()
        loss = (made - batch.y).square().mean()
        if self.broken_from is not None and step >= self.broken_from:
            loss = loss * float("nan")
        yield Turn("maker", {"distance": loss, "fooling": 0.01 * fooled})
        real, fake = self.doubter(batch.y), self.doubter(made.detach())
        yield Turn("doubter", {"doubt": (real - 1).square().mean() + fake.square().mean()})

    def worth_compiling(self) -> Sequence[nn.Module]:
        return ()

    def preview(self, device: torch.device) -> NDArray[np.uint8]:
        assert not self.maker.training
        return np.full((8, 8, 3), 7, np.uint8)
