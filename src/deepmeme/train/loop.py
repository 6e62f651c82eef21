"""One loop for all families: it takes turns, steps players, and knows nothing else of them.

The five phases of a step stand in order in :meth:`_Run.step`. Nothing is wrapped: on many devices
a player's gradients are averaged in one message after its turn, so a family may call its networks
as it likes, and the same code runs on a laptop and on many nodes (Lightning Fabric; ``torchrun``).
"""

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor

from deepmeme.errors import DeepmemeError, OutputError
from deepmeme.media.lock import only_writer
from deepmeme.media.prefetch import prefetch
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.clock import Clock
from deepmeme.train.listener import Listener
from deepmeme.train.options import FitOptions
from deepmeme.train.report import Report
from deepmeme.train.run_state import Player, RunState
from deepmeme.train.schedule import share_of_rate, share_of_time
from deepmeme.train.task import Batch, Task, Turn
from deepmeme.train.undo import Undo

log = logging.getLogger("deepmeme.train")

MAX_BAD_STEPS = 8
"""After more steps in a row without a finite gradient the run falls back to its checkpoint."""
MAX_ROLLBACKS = 4


class TrainingError(DeepmemeError, RuntimeError):
    """Training cannot go on by itself."""


class Fitted(NamedTuple):
    """How a run ended."""

    step: int
    finished: bool
    """False after Ctrl-C; the same call goes on from there."""
    leads: bool = True
    """Whether this process is the first of all, which reports and exports."""


def fit(task: Task, options: FitOptions, out: Path, *, listener: Listener | None = None) -> Fitted:
    """Train, or go on with what ``out`` holds. The task's networks end as their averages.

    ``listener`` is told of every step by the first process, and says when to stop; Ctrl-C and
    SIGTERM are left to whoever gave it.

    Raises:
        WeightsError: ``out`` holds a run of something else.
        OutputError: another process is training there.
        TrainingError: the losses stay infinite, or not even one example fits into memory.
    """
    fabric = Fabric(
        accelerator=options.accelerator,
        devices=options.devices,
        num_nodes=options.nodes,
        strategy=options.strategy,
        precision=options.precision,
    )
    fitted: Fitted = fabric.launch(_launched, task, options, out, listener)
    return fitted


def _launched(
    fabric: Fabric, task: Task, options: FitOptions, out: Path, listener: Listener | None
) -> Fitted:
    with _only_run(fabric, out), _Run(fabric, task, options, out, listener) as run:
        return run.to_the_end()


@contextmanager
def _only_run(fabric: Fabric, out: Path) -> Iterator[None]:
    """The first process locks the folder for all; if it can't, all of them say so and end."""
    with ExitStack() as held:
        problem = ""
        if fabric.is_global_zero:
            try:
                held.enter_context(only_writer(out))
            except OutputError as error:
                problem = str(error)
        if fabric.world_size > 1:
            problem = fabric.broadcast(problem)
        if problem:
            raise OutputError(problem)
        yield


class _Told(NamedTuple):
    """What a step says: means over its batch."""

    losses: dict[str, float]
    notes: dict[str, float]


class _Run:
    """One process's part of a run."""

    def __init__(
        self, fabric: Fabric, task: Task, options: FitOptions, out: Path, listener: Listener | None
    ) -> None:
        self.fabric, self.task, self.options, self.out = fabric, task, options, out
        self.listener = listener if fabric.is_global_zero else None
        torch.manual_seed(options.seed)
        for module in task.players.values():
            module.to(fabric.device).train()
        self.state = RunState(task, options)
        if self.state.restore(out / CHECKPOINTS, fabric.device):
            log.info("going on at step %d", self.state.step)
        self.optimizers = {
            name: fabric.setup_optimizers(player.optimizer)
            for name, player in self.state.players.items()
        }
        self._load_scaler()
        if options.compiled:
            for part in task.worth_compiling():
                part.compile()
        self.report = Report(out, options, self.state.step) if fabric.is_global_zero else None
        self.bad = 0
        self.means: dict[str, float] = {}

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *_: object) -> None:
        if self.report is not None:
            self.report.close()

    def to_the_end(self) -> Fitted:
        """Steps until the last one, Ctrl-C or despair."""
        if self.state.step == 0:
            self.save()
        with _stop_signals(heard=self.listener is None) as stop:
            clock = Clock(options=self.options)
            while not self.enough and not stop.is_set():
                self._go(clock, stop)
        finished = self.enough
        self.save()
        if finished:
            self.preview()
            for player in self.state.players.values():
                player.module.load_state_dict(player.average.state)
        return Fitted(self.state.step, finished, self.fabric.is_global_zero)

    def _go(self, clock: Clock, stop: threading.Event) -> None:
        """Steps until it is enough, somebody wants to stop or the run has to fall back."""
        for batch in self.batches():
            if not self.step(batch):
                return  # other batches from here
            self.state.step += 1
            self.state.seconds = self._first_ones(self.state.seconds + clock.lap())
            if clock.preview_is_due(self.state.step):
                self.preview()
            if not self.bad and clock.checkpoint_is_due(self.state.step):
                self.save()
            if self._agreed(stop.is_set() or not self._told()):
                stop.set()
            if stop.is_set() or self.enough:
                return

    @property
    def enough(self) -> bool:
        """All steps are made, the minutes are over, or the losses stand still."""
        step, options = self.state.step, self.options
        if step >= options.steps or share_of_time(options, self.state.seconds) >= 1:
            return True
        return bool(options.patience) and self._agreed(self.state.plateau.reached(step))

    def batches(self) -> Iterator[Batch]:
        """From the present step on, made ahead in a thread; a function of seed, rank and step."""
        rank, world = self.fabric.global_rank, self.fabric.world_size
        fallen = self.state.rollbacks * 1_000_000_007
        numbers = range(self.state.step, self.options.steps)
        size, device = self.options.batch_size, self.fabric.device
        made = (self.task.batch(fallen + n * world + rank, size, device) for n in numbers)
        ahead = prefetch(made, 3)
        try:
            yield from ahead
        finally:
            ahead.close()  # type: ignore[attr-defined]

    def step(self, batch: Batch) -> bool:
        """All turns of a step. False: the run had to fall back to its last checkpoint."""
        state = self.state
        share = share_of_rate(self.options, state.step, state.seconds) * 0.5**state.rollbacks
        for name, player in state.players.items():
            rate = self.options.learning_rate * share * self.task.rates.get(name, 1.0)
            for group in player.optimizer.param_groups:
                group["lr"] = rate
        (means, notes), undo = self._turns_in_memory(batch)
        if not all(self._finite.values()):
            undo.statistics_back()
            self.bad += 1
            if self.bad > MAX_BAD_STEPS:
                self._fall_back()
                return False
            return True
        self.bad = 0
        for player in state.players.values():
            player.average.update(player.module, state.step)
        state.plateau.note(state.step + 1, sum(means.values()))
        if self.report is not None:
            self.report.note(state.step + 1, means, share, notes)
        self.means = means
        return True

    def _turns_in_memory(self, batch: Batch) -> tuple[_Told, Undo]:
        """:meth:`_turns`; in smaller pieces, as if it were the first time, when they do not fit."""
        while True:
            undo = Undo(self.state.players, getattr(self.fabric.strategy.precision, "scaler", None))
            try:
                return self._turns(batch, undo), undo
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                problem = str(error)
            # Here the error is gone, and with it what the failed turns held
            undo.take_back()
            self._smaller(problem)

    def _turns(self, batch: Batch, undo: Undo) -> _Told:
        """Forward, backward and steps; gradients of all pieces are added before anybody steps."""
        options, state = self.options, self.state
        # Every step draws from generators of its own: a run that goes on draws the same
        torch.manual_seed((options.seed * 1_000_003 + state.step) * 4099 + self.fabric.global_rank)
        pieces = _cut(batch, state.pieces)
        self._finite: dict[str, bool] = {}
        losses: dict[str, Tensor] = {}
        notes: dict[str, Tensor] = {}
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        for index, piece in enumerate(pieces):
            weight = len(piece[0]) / len(batch[0])
            with self.fabric.autocast():
                for turn in self.task.turns(piece, state.step):
                    self._learn(turn, weight, undo if index == len(pieces) - 1 else None)
                    for told, means in ((turn.losses, losses), (turn.notes, notes)):
                        for name, value in told.items():
                            mean = weight * value.detach().float()
                            means[name] = means[name] + mean if name in means else mean
        return _Told(*({k: float(v) for k, v in means.items()} for means in (losses, notes)))

    def _learn(self, turn: Turn, weight: float, undo: Undo | None) -> None:
        """Gather gradients; with ``undo``, which marks the last piece, step."""
        total = torch.stack([value.float() for value in turn.losses.values()]).sum() * weight
        self.fabric.backward(total)
        if undo is None:
            return
        player = self.state.players[turn.player]
        self._share_gradients(player)
        optimizer = self.optimizers[turn.player]
        norm = self.fabric.clip_gradients(
            player.module, optimizer, max_norm=self.options.clip_norm, error_if_nonfinite=False
        )
        finite = bool(torch.isfinite(norm)) if norm is not None else True
        self._finite[turn.player] = finite
        if finite or self.options.precision == "16-mixed":  # its scaler skips and learns
            undo.keep(player)
            optimizer.step()
        optimizer.zero_grad()

    def _share_gradients(self, player: Player) -> None:
        """The mean over all processes, in one message."""
        if self.fabric.world_size == 1:
            return
        learnt = [p for p in player.module.parameters() if p.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in learnt]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        flat = self.fabric.all_reduce(flat, reduce_op="mean")
        parts = flat.split([gradient.numel() for gradient in gradients])
        for parameter, part in zip(learnt, parts, strict=True):
            parameter.grad = part.view_as(parameter)

    def _smaller(self, problem: str) -> None:
        """Half the examples at once from here on; the batch as a whole stays the same."""
        pieces = min(2 * self.state.pieces, self.options.batch_size)
        if pieces == self.state.pieces or self.fabric.world_size > 1:
            raise TrainingError(
                f"Memory ran out with {self.options.batch_size // self.state.pieces} examples at "
                f"once ({problem}). Give a smaller batch size, network or picture."
            )
        self.state.pieces = pieces
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.warning("memory ran out: batches are cut into %d pieces from here on", pieces)

    def _fall_back(self) -> None:
        state, at = self.state, self.state.step
        fallen = state.rollbacks + 1
        if fallen > MAX_ROLLBACKS:
            raise TrainingError(
                f"The losses are not finite since step {at - self.bad + 1}, after {MAX_ROLLBACKS} "
                f"falls back to the last checkpoint. {self.out / CHECKPOINTS} keeps the last good "
                "one. Give a smaller learning rate, or 32-true in place of a mixed precision."
            )
        state.restore(self.out / CHECKPOINTS, self.fabric.device)
        state.rollbacks, self.bad = fallen, 0
        log.warning(
            "no finite gradient for %d steps: back from step %d to %d, half the learning rate",
            MAX_BAD_STEPS + 1, at, state.step,
        )  # fmt: skip

    def save(self) -> None:
        """A whole checkpoint, or none."""
        self.state.scaler = _scaler_state(self.fabric)
        if self.fabric.is_global_zero:
            self.state.save(self.out / CHECKPOINTS)
        self.fabric.barrier()

    def _load_scaler(self) -> None:
        scaler = getattr(self.fabric.strategy.precision, "scaler", None)
        if scaler is not None and self.state.scaler:
            scaler.load_state_dict(self.state.scaler)

    def preview(self) -> None:
        """The task's contact sheet, made by the averages."""
        if self.report is None:
            return
        with self.state.averaged(), torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(self.options.seed)
            picture = self.task.preview(self.fabric.device)
        self.report.picture(picture, self.state.step)
        if self.listener is not None:
            self.listener.shown(self.state.step, picture)

    def _told(self) -> bool:
        """Whether the listener, once it heard of the step, wants to go on."""
        if self.listener is None or self.bad:
            return True
        return self.listener.stepped(self.state.step, self.state.seconds, self.means)

    def _first_ones(self, seconds: float) -> float:
        """The first process's clock, by which all learn: their rates must not differ."""
        if self.fabric.world_size == 1 or not self.options.minutes:
            return seconds
        return float(self.fabric.broadcast(seconds))

    def _agreed(self, stop: bool) -> bool:
        """Whether any process wants to stop."""
        if self.fabric.world_size == 1:
            return stop
        wish = torch.tensor(float(stop), device=self.fabric.device)
        return bool(self.fabric.all_reduce(wish, reduce_op="sum") > 0)


def _cut(batch: Batch, pieces: int) -> list[Sequence[Tensor]]:
    """A tuple of tensors as several of the same type."""
    parts = [part.tensor_split(pieces) for part in batch]
    rows = [row for row in zip(*parts, strict=True) if len(row[0])]
    return [type(batch)(*row) if hasattr(batch, "_fields") else row for row in rows]


def _is_out_of_memory(error: RuntimeError) -> bool:
    text = str(error).lower()
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(
        words in text for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def _scaler_state(fabric: Fabric) -> dict[str, Any]:
    scaler = getattr(fabric.strategy.precision, "scaler", None)
    return dict(scaler.state_dict()) if scaler is not None else {}


@contextmanager
def _stop_signals(*, heard: bool) -> Iterator[threading.Event]:
    """Within, the first Ctrl-C or SIGTERM sets the event; a second one does what it always did."""
    wanted = threading.Event()
    if not heard or threading.current_thread() is not threading.main_thread():
        yield wanted
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _: object) -> None:
        wanted.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, stop)
    try:
        yield wanted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
