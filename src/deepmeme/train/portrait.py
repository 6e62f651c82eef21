"""Train the portrait model: first its keypoints, then its motion and its painter.

On two CPU cores (bf16, channels last: about 50 frames and 9 pairs a second and core). Two
processes of one thread each, side by side, outrun two threads when others use the machine::

    python -m deepmeme.train.portrait keypoints --banks BANK... -o RUN --steps 5000 --threads 1
    python -m deepmeme.train.portrait motion    --banks BANK... -o RUN --steps 5000 --threads 1
    python -m deepmeme.train.portrait export    -o RUN --folder FOLDER

On a GPU the same commands serve; one that uses it (both phases, then the export)::

    python -m deepmeme.train.portrait all --banks BANK... -o RUN --steps 60000 --batch-size 64

Everything that is killed goes on where it was: batches depend on the seed and the step alone, and
checkpoints (parts below 16 MiB) hold the rest. Banks that grow are opened again as training goes.
"""

import argparse
import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from deepmeme.data.augment import Style
from deepmeme.data.pairs import PairBatch, Pairs, open_pairs
from deepmeme.media.prefetch import prefetch
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel
from deepmeme.train import checkpointing as store
from deepmeme.train.portrait_turns import KeypointTurn, Losses, MotionTurn
from deepmeme.train.schedule import Average, warm_cosine
from deepmeme.train.sheet import keypoint_rows, motion_rows, picture_of, write_sheet

log = logging.getLogger("deepmeme.train")

STYLES = {
    "keypoints": Style(
        scale=0.3, shift=0.16, turn_degrees=25, paint=0.4, degrade=0.35, cutout=0.15
    ),
    "motion": Style(paint=0.45),
}
MAX_BAD_STEPS = 20


@dataclass(frozen=True)
class Settings:
    """One phase of a run."""

    banks: tuple[Path, ...]
    out: Path
    phase: str
    steps: int
    batch_size: int = 8
    learning_rate: float = 1e-3
    seed: int = 1
    shares: tuple[float, ...] | None = None
    found_share: float = 0.0
    """Share of the motion phase's pairs whose keypoints the detector finds."""
    save_every: int = 500
    sheet_every: int = 500
    log_every: int = 50
    reopen_every: int = 300
    bf16: bool = True
    accelerator: str = "auto"
    config: PortraitConfig | None = field(default=None)


@dataclass
class Player:
    """What is trained: a turn, the modules that learn, their optimizer and average."""

    turn: nn.Module
    learners: nn.ModuleDict
    optimizer: torch.optim.Optimizer
    average: Average


def train(settings: Settings) -> PortraitModel:
    """Run one phase to its end or to Ctrl-C; returns the averaged model.

    Raises:
        InputError: the banks are unusable.
        RuntimeError: the loss stays infinite.
    """
    # Coordinates need 24 bits and Fabric's mixed precision rounds inputs: autocast is ours
    fabric = Fabric(accelerator=settings.accelerator, devices=1, precision="32-true")
    fabric.seed_everything(settings.seed, verbose=False)
    pairs = _open(settings)
    config = settings.config or PortraitConfig(pairs.keypoint_names)
    model = PortraitModel(config)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    restore_phases(model, settings.out, skip=settings.phase)
    player = _player(model, settings, fabric)
    first = _restore(player, settings, fabric.device)
    turn = fabric.setup_module(player.turn)
    optimizer = fabric.setup_optimizers(player.optimizer)
    batches = prefetch(_batches(settings, first, fabric.device), 3)
    watch, step, bad = _Watch(settings), first, 0
    try:
        for step in range(first, settings.steps):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * warm_cosine(step, settings.steps)
            losses = _losses(turn, next(batches), settings, step)
            total = torch.stack(list(losses.values())).sum()
            if not torch.isfinite(total):
                bad += 1
                if bad > MAX_BAD_STEPS:
                    raise RuntimeError(f"The loss is not finite since step {step - bad}.")
                continue
            bad = 0
            fabric.backward(total)
            fabric.clip_gradients(turn, optimizer, max_norm=2.0, error_if_nonfinite=False)
            optimizer.step()
            optimizer.zero_grad()
            player.average.update(player.learners, step)
            watch.note(step, losses)
            if (step + 1) % settings.save_every == 0:
                _save(player, settings, step + 1)
            if (step + 1) % settings.sheet_every == 0 or step + 1 == 50:
                _sheet(model, player, settings, step + 1, fabric)
    except KeyboardInterrupt:
        log.info("stopped at step %d", step)
        settings = Settings(**{**vars(settings), "steps": step})
    batches.close()  # type: ignore[attr-defined]
    _save(player, settings, settings.steps)
    player.learners.load_state_dict(player.average.state)
    model.eval()
    return model


def learners_of(model: PortraitModel, phase: str) -> nn.ModuleDict:
    """The parts that a phase trains."""
    names = ("detector",) if phase == "keypoints" else ("encoder", "dense_motion", "painter")
    return nn.ModuleDict({name: getattr(model, name) for name in names})


def restore_phases(model: PortraitModel, run: Path, *, skip: str = "") -> list[str]:
    """Load the averages of the phases that a run has; returns which."""
    found = []
    for phase in ("keypoints", "motion"):
        checkpoint = None if phase == skip else store.load_latest(run / phase)
        if checkpoint is not None:
            learners_of(model, phase).load_state_dict(store.under("average", checkpoint.tensors))
            found.append(f"{phase} {checkpoint.step}")
    return found


def load_run(run: Path, keypoint_names: Sequence[str] | None = None) -> PortraitModel:
    """The averaged model of a run, phases that are missing untrained."""
    latest = store.load_latest(run / "keypoints") or store.load_latest(run / "motion")
    if latest is not None:
        keypoint_names = latest.facts["keypoint_names"]
    if keypoint_names is None:
        raise FileNotFoundError(f"{run} holds no checkpoint.")
    torch.manual_seed(0)
    model = PortraitModel(PortraitConfig(tuple(keypoint_names)))
    restore_phases(model, run)
    return model.eval()


def _open(settings: Settings, *, held_out: bool = False) -> Pairs:
    return open_pairs(
        settings.banks,
        batch_size=settings.batch_size if not held_out else 8,
        seed=settings.seed,
        style=Style(paint=0.3) if held_out else STYLES[settings.phase],
        shares=settings.shares,
        held_out=held_out,
    )


def _player(model: PortraitModel, settings: Settings, fabric: Fabric) -> Player:
    model.to(fabric.device)
    learners = learners_of(model, settings.phase)
    turn: nn.Module
    if settings.phase == "keypoints":
        turn = KeypointTurn(model.detector, model.config.keypoint_names)
    else:
        model.detector.requires_grad_(False)
        turn = MotionTurn(model, found_share=settings.found_share)
    turn.to(fabric.device).train()
    optimizer = torch.optim.AdamW(
        learners.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    return Player(turn, learners, optimizer, Average(learners))


def _restore(player: Player, settings: Settings, device: torch.device) -> int:
    checkpoint = store.load_latest(settings.out / settings.phase, device)
    if checkpoint is None:
        return 0
    player.learners.load_state_dict(store.under("weights", checkpoint.tensors))
    player.average.state = store.under("average", checkpoint.tensors)
    store.restore_optimizer(player.optimizer, store.under("optimizer", checkpoint.tensors))
    log.info("going on at step %d", checkpoint.step)
    return checkpoint.step


def _save(player: Player, settings: Settings, step: int) -> None:
    tensors = {
        **store.prefixed("weights", player.learners.state_dict()),
        **store.prefixed("average", player.average.state),
        **store.prefixed("optimizer", store.optimizer_tensors(player.optimizer)),
    }
    names = _open(settings).keypoint_names
    facts = {"phase": settings.phase, "seed": settings.seed, "keypoint_names": list(names)}
    store.save(settings.out / settings.phase, step, tensors, facts)


def _batches(settings: Settings, first: int, device: torch.device) -> Iterator[PairBatch]:
    pairs = _open(settings)
    for step in range(first, settings.steps):
        if step % settings.reopen_every == 0:
            pairs = _open(settings)
        yield pairs(step, device)


def _losses(turn: nn.Module, batch: PairBatch, settings: Settings, step: int) -> Losses:
    half = torch.autocast(batch.xy.device.type, torch.bfloat16, enabled=settings.bf16)
    if settings.phase == "keypoints":
        with half:
            losses: Losses = turn(batch)
        return losses
    generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
    shape = (len(batch.xy), 3, batch.xy.shape[2], 2)
    noise = torch.randn(shape, generator=generator)
    with half:
        moved: Losses = turn(batch, noise.to(batch.xy.device))
    return moved


@torch.no_grad()
def _sheet(
    model: PortraitModel, player: Player, settings: Settings, step: int, fabric: Fabric
) -> None:
    """Held-out pairs through the averaged model."""
    batch = _open(settings, held_out=True)(0, fabric.device)
    weights = {name: value.clone() for name, value in player.learners.state_dict().items()}
    player.learners.load_state_dict(player.average.state)
    model.eval()
    draw = keypoint_rows if settings.phase == "keypoints" else motion_rows
    write_sheet(draw(model, batch), settings.out / f"{settings.phase}_{step:06d}.png")
    player.learners.load_state_dict(weights)
    player.turn.train()


class _Watch:
    """Means of the losses since the last line, and how fast it goes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sums: dict[str, Tensor] = {}
        self.count = 0
        self.since = time.perf_counter()

    def note(self, step: int, losses: Losses) -> None:
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, torch.zeros(())) + value.detach().cpu()
        self.count += 1
        if self.count < self.settings.log_every:
            return
        now = time.perf_counter()
        rate = self.count * self.settings.batch_size / (now - self.since)
        means = {name: round(float(total) / self.count, 4) for name, total in self.sums.items()}
        log.info("%s", json.dumps({"step": step + 1, "pairs/s": round(rate, 1), **means}))
        self.sums, self.count, self.since = {}, 0, now


def main(arguments: Sequence[str] | None = None) -> None:
    """``python -m deepmeme.train.portrait``"""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("phase", choices=["keypoints", "motion", "export", "all"])
    parser.add_argument("--banks", type=Path, nargs="*", default=[])
    parser.add_argument("--shares", type=float, nargs="*", default=None)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=7000)
    parser.add_argument("--batch-size", type=int, default=None)
    parser.add_argument("--learning-rate", type=float, default=None)
    parser.add_argument("--found-share", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=500, help="steps between checkpoints")
    parser.add_argument("--fp32", action="store_true", help="no bf16")
    parser.add_argument("--threads", type=int, default=0, help="1 a process on a busy machine")
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--folder", type=Path, help="where the exported model goes")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    if given.threads:
        torch.set_num_threads(given.threads)
    for phase in ("keypoints", "motion") if given.phase == "all" else (given.phase,):
        if phase != "export":
            train(_settings(given, phase))
    if given.phase == "export" or given.folder:
        _export(given.out, given.folder or given.out / "portrait", given.banks)


def _export(run: Path, folder: Path, banks: Sequence[Path]) -> None:
    from deepmeme.train.export_portrait import calibrate, export

    export(load_run(run), folder)
    if banks:
        pairs = open_pairs(banks, batch_size=12, seed=0, style=Style(), held_out=True)
        driving = pairs(0).frames[:, 1]
        frames = np.stack([picture_of(frame) for frame in driving])
        log.info("%s", json.dumps(calibrate(folder, frames)))


def _settings(given: argparse.Namespace, phase: str) -> Settings:
    return Settings(
        banks=tuple(given.banks),
        out=given.out,
        phase=phase,
        steps=given.steps,
        batch_size=given.batch_size or (16 if phase == "keypoints" else 8),
        learning_rate=given.learning_rate or (1e-3 if phase == "keypoints" else 7e-4),
        seed=given.seed,
        shares=tuple(given.shares) if given.shares else None,
        found_share=given.found_share if phase == "motion" else 0.0,
        save_every=given.every,
        sheet_every=given.every,
        bf16=not given.fp32,
        accelerator=given.accelerator,
    )


if __name__ == "__main__":
    main()
