"""All that a run is between two steps, and how it is written down and read back.

Batches and random numbers are functions of the seed and the step, so weights, optimizers, averages
and four numbers are everything: a run that was killed goes on bit for bit.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from reprlib import repr as _short
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.errors import WeightsError
from deepmeme.provenance.record import software_version
from deepmeme.train import checkpointing as store
from deepmeme.train.options import FitOptions
from deepmeme.train.plateau import Plateau
from deepmeme.train.schedule import Average
from deepmeme.train.task import Task

log = logging.getLogger("deepmeme.train")


@dataclass
class Player:
    """One that learns."""

    module: nn.Module
    optimizer: torch.optim.Optimizer
    average: Average


class RunState:
    """Players and counters of a run."""

    def __init__(self, task: Task, options: FitOptions) -> None:
        self.task, self.options = task, options
        self.step = 0
        self.seconds = 0.0
        """That were spent on learning, in all sessions."""
        self.rollbacks = 0
        """How often the run fell back; each time the batches differ and the rates halve."""
        self.pieces = options.accumulate
        self.scaler: dict[str, Any] = {}
        self.plateau = Plateau(options.patience)
        self.players = {
            name: Player(module, _optimizer(module, options), _average(module, options))
            for name, module in task.players.items()
        }

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within, every player wears its average and is in evaluation mode."""
        with ExitStack() as stack:
            for player in self.players.values():
                stack.enter_context(player.average.worn_by(player.module))
                player.module.eval()
            yield
        for player in self.players.values():
            player.module.train()

    def save(self, root: Path) -> Path:
        """Write a whole checkpoint below ``root``."""
        tensors: dict[str, Tensor] = {}
        for name, player in self.players.items():
            tensors |= store.prefixed(f"weights.{name}", player.module.state_dict())
            tensors |= store.prefixed(f"average.{name}", player.average.state)
            tensors |= store.prefixed(
                f"optimizer.{name}", store.optimizer_tensors(player.optimizer)
            )
        facts = {
            "family": self.task.family,
            "task": dict(self.task.facts()),
            "options": asdict(self.options),
            "seconds": round(self.seconds, 3),
            "rollbacks": self.rollbacks,
            "pieces": self.pieces,
            "scaler": self.scaler,
            "plateau": self.plateau.facts(),
            "software": {"deepmeme": software_version(), "torch": torch.__version__},
        }
        return store.save(root, self.step, tensors, facts)

    def restore(self, root: Path, device: torch.device) -> bool:
        """Take on the newest whole checkpoint below ``root``; False when there is none.

        Raises:
            WeightsError: it is of another family, or its networks have other sizes.
        """
        found = store.load_latest(root, device)
        if found is None:
            return False
        if found.facts.get("family") != self.task.family:
            raise WeightsError(
                f"{root} holds a run of the family {found.facts.get('family')!r}, not of "
                f"{self.task.family!r}. Give another output folder."
            )
        self._warn_of_changes(found.facts["task"])
        for name, player in self.players.items():
            try:
                player.module.load_state_dict(store.under(f"weights.{name}", found.tensors))
            except RuntimeError as error:
                raise WeightsError(
                    f"{root} holds networks of another shape than the configuration's ({name}). "
                    "Give another output folder, or the configuration that it was begun with."
                ) from error
            player.average.state = store.under(f"average.{name}", found.tensors)
            store.restore_optimizer(
                player.optimizer, store.under(f"optimizer.{name}", found.tensors)
            )
        self.step, self.rollbacks = found.step, int(found.facts["rollbacks"])
        self.pieces, self.scaler = int(found.facts["pieces"]), dict(found.facts["scaler"])
        self.seconds = float(found.facts.get("seconds", 0.0))
        self.plateau.restore(dict(found.facts.get("plateau", {})))
        return True

    def _warn_of_changes(self, before: Mapping[str, Any]) -> None:
        now = json.loads(json.dumps(dict(self.task.facts())))
        for name in sorted({*before, *now}):
            if before.get(name) != now.get(name):
                log.warning(
                    "the run was begun with another %s: %s; it goes on with %s",
                    name, _short(before.get(name)), _short(now.get(name)),
                )  # fmt: skip


def averages_of(root: Path) -> tuple[dict[str, dict[str, Tensor]], Mapping[str, Any]] | None:
    """Player -> averaged weights of the newest checkpoint below ``root``, and its task's facts."""
    found = store.load_latest(root)
    if found is None:
        return None
    weights = store.under("average", found.tensors)
    players = sorted({name.split(".", 1)[0] for name in weights})
    return {player: store.under(player, weights) for player in players}, found.facts["task"]


def _optimizer(module: nn.Module, options: FitOptions) -> torch.optim.Optimizer:
    learnt = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return torch.optim.AdamW(
        learnt,
        lr=options.learning_rate,
        betas=(options.beta1, options.beta2),
        weight_decay=options.weight_decay,
    )


def _average(module: nn.Module, options: FitOptions) -> Average:
    return Average(module, options.average_decay)
