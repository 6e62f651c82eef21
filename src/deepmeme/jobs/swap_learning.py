"""The long part of a swap: a pair of autoencoders learns two people, and is watched."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

import torch

from deepmeme.errors import Interrupted
from deepmeme.jobs.swap_pair import Pair, Told
from deepmeme.provenance.glance import Glance
from deepmeme.provenance.record import Record
from deepmeme.train.checkpointing import CHECKPOINTS, checkpoints, latest_facts
from deepmeme.train.loop import fit
from deepmeme.train.options import FitOptions
from deepmeme.train.swap_courses import SWAP_COURSES
from deepmeme.train.swap_training import Opened, export_pair, open_swap_task
from deepmeme.train.swap_verdict import FALLING, verdict
from deepmeme.train.task import Picture

SHOWS_EVERY_S = 10.0
_TELLS_EVERY_S = 3.0
_SAVES_EVERY_MIN = 1.0
_WARMUP = 20
"""Steps; what ships to begin with knows faces already, and a few minutes are few steps."""
_NO_END = 10_000_000
_POINTS = 60
_CALM = 0.1
"""Share of a step in the loss that is told."""
_SHEET = "A, A painted, A doing what B does; B, B painted, B doing what A does"


def learn(pair: Pair, told: Told) -> None:
    """Train for the pair's seconds, or what is left of them, and write its model.

    Raises:
        Interrupted: the worker is to stop; a checkpoint is written.
        LeaseLost: the job was cancelled.
    """
    told.tell.begin("train", max(1, round(pair.seconds)))
    _choose(pair, told)
    opened = open_swap_task(
        pair.faces("a"), pair.faces("b"), pair.preset, resolution=pair.resolution
    )
    told.warn(*opened.concerns)
    fitted = fit(opened.task, _course(pair), pair.run, listener=_Ears(pair, told))
    if not fitted.finished:
        told.tell.check()
        raise Interrupted("The training was stopped; it goes on from where it is.")
    _judge(pair, opened, told)
    told.tell.check()
    export_pair(pair.run, pair.model, name="swap")
    kept = pair.run / CHECKPOINTS
    pair.learnt, pair.spent_s = True, float(latest_facts(kept)["seconds"])
    pair.save()
    for old in checkpoints(kept)[:-1]:
        shutil.rmtree(old, ignore_errors=True)


def _choose(pair: Pair, told: Told) -> None:
    """Which networks: those that begin with faces, unless there is a GPU for larger ones."""
    if not pair.preset:
        small = pair.size <= 64 or not torch.cuda.is_available()
        pair.preset, pair.resolution = ("quick", 64) if small else ("df", pair.size)
        pair.save()
    if pair.resolution < pair.size:
        told.warn(
            f"The faces are learnt at {pair.resolution} pixels, not at {pair.size}: a larger pair "
            "begins from nothing, which takes days without a GPU."
        )
    told.add(preset=pair.preset, resolution=pair.resolution, sheet=_SHEET)


def _course(pair: Pair) -> FitOptions:
    """The preset's, by the clock. The rate falls towards the end of this job's time."""
    return replace(
        SWAP_COURSES[pair.preset],
        steps=_NO_END,
        minutes=(pair.before_s + pair.seconds) / 60,
        schedule="cosine",
        warmup=_WARMUP,
        patience=0,
        preview_every=0,
        preview_minutes=SHOWS_EVERY_S / 60,
        save_minutes=_SAVES_EVERY_MIN if pair.preset == "quick" else 5 * _SAVES_EVERY_MIN,
        log_every=5,
    )


def _judge(pair: Pair, opened: Opened, told: Told) -> None:
    """How much of the true faces' detail is painted, and whether more minutes are worth it."""
    said = verdict(pair.run, opened.task)
    told.add(sharpness=round(said.sharpness, 3), still_learning=said.gain > FALLING)


class _Ears:
    """Hears the training, and passes it on."""

    def __init__(self, pair: Pair, told: Told) -> None:
        self._pair, self._told = pair, told
        self._glance = Glance(Record("swap", "swap", private=True))
        self._loss: float | None = None
        self._curve: list[tuple[float, float]] = []
        self._last = 0.0

    def stepped(self, step: int, seconds: float, losses: Mapping[str, float]) -> bool:
        """Told on; False once the worker is to stop."""
        now = sum(losses.values())
        self._loss = now if self._loss is None else self._loss + _CALM * (now - self._loss)
        here = min(seconds - self._pair.before_s, self._pair.seconds)
        try:
            self._told.tell.advance(max(0, round(here)))
            if monotonic() - self._last >= _TELLS_EVERY_S:
                self._last = monotonic()
                self._draw(seconds, self._loss)
                self._told.add(step=step, loss=round(self._loss, 4), curve=self._curve)
        except Interrupted:
            return False
        return True

    def _draw(self, seconds: float, loss: float) -> None:
        if len(self._curve) >= _POINTS:
            self._curve = self._curve[::2]
        self._curve.append((round(seconds, 1), round(loss, 4)))

    def shown(self, step: int, picture: Picture) -> None:
        self._told.tell.show(self._glance(picture))
