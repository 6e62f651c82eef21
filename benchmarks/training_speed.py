"""How fast motion training goes on this machine, and what its time goes into.

    python benchmarks/training_speed.py toon small [--threads 1] [--steps 4] [--compiled]

Whole training steps (augmentation, losses, gradients, optimizer) on frames of noise, so no data is
needed. Samples a second by the clock, and for each second of processor time, which other programs
on the machine disturb less. Shares of time by torch.profiler, in a step of its own.
"""

import argparse
import time
from collections.abc import Iterator
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from deepmeme.models.motion.config import MotionConfig
from deepmeme.train.motion_model import open_config, perceptual_loss
from deepmeme.train.motion_task import MotionTask
from deepmeme.train.motion_training import MotionTraining

WARM_UP = 2


class Row(NamedTuple):
    """One way to train."""

    precision: str
    compiled: bool
    by_clock: float
    """Samples a second."""
    by_processor: float
    forward: float
    """Share of the time in convolutions."""
    backward: float


class Noise:
    """Pairs of frames that nobody filmed."""

    def __init__(self, height: int, width: int) -> None:
        generator = torch.Generator().manual_seed(0)
        shape = (64, 2, height, width, 3)
        self.pairs = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)

    def batch(self, number: int, size: int) -> Tensor:
        """(size, 2, h, w, 3)"""
        rows = [(number * size + row) % len(self.pairs) for row in range(size)]
        return self.pairs[rows]


class Trainer:
    """Steps, as the loop takes them."""

    def __init__(self, config: MotionConfig, precision: str, compiled: bool, device: str) -> None:
        self.training = MotionTraining.of(config)
        height, width = config.frame_shape[:2]
        torch.manual_seed(0)
        pairs = Noise(height, width)
        self.task = MotionTask(
            config, self.training, pairs, pairs.pairs[:1],  # type: ignore[arg-type]
            perceptual=perceptual_loss(self.training),
        )  # fmt: skip
        self.fabric = Fabric(accelerator=device, devices=1, precision=precision)
        players = self.task.players
        for player in players.values():
            player.to(self.fabric.device).train()
        self.optimizers = {
            name: self.fabric.setup_optimizers(torch.optim.AdamW(player.parameters(), lr=1e-4))
            for name, player in players.items()
        }
        if compiled:
            for part in self.task.worth_compiling():
                part.compile()
        self.done = 0

    def step(self) -> None:
        """One."""
        batch = self.task.batch(self.done, self.training.batch_size, self.fabric.device)
        with self.fabric.autocast():
            for turn in self.task.turns(batch, self.done):
                self.fabric.backward(torch.stack([v.float() for v in turn.losses.values()]).sum())
                self.optimizers[turn.player].step()
                self.optimizers[turn.player].zero_grad()
        self.done += 1

    def wait(self) -> None:
        """Until the GPU is done."""
        if self.fabric.device.type == "cuda":
            torch.cuda.synchronize()


def measure(trainer: Trainer, steps: int) -> tuple[float, float]:
    """Samples a second by the clock and by the processor, the best of the steps each."""
    clocks, processors = [], []
    for _ in range(steps):
        clock, processor = time.perf_counter(), time.process_time()
        trainer.step()
        trainer.wait()
        clocks.append(time.perf_counter() - clock)
        processors.append(time.process_time() - processor)
    size = trainer.training.batch_size
    return size / min(clocks), size / min(processors)


def convolutions(trainer: Trainer) -> tuple[float, float]:
    """Shares of a step's time in convolutions, forward and backward."""
    cuda = trainer.fabric.device.type == "cuda"
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * cuda
    with profile(activities=activities) as profiled:
        trainer.step()
        trainer.wait()
    kind = "self_device_time_total" if cuda else "self_cpu_time_total"
    spent = {each.key.lower(): getattr(each, kind) for each in profiled.key_averages()}
    whole = sum(spent.values())
    backward = sum(t for key, t in spent.items() if "conv" in key and "backward" in key)
    forward = sum(t for key, t in spent.items() if "conv" in key and "backward" not in key)
    return forward / whole, backward / whole


def rows_of(config: MotionConfig, given: argparse.Namespace) -> Iterator[Row]:
    """Every way to train."""
    for precision in ("32-true", "bf16-mixed"):
        for compiled in (False, True) if given.compiled else (False,):
            trainer = Trainer(config, precision, compiled, given.accelerator)
            for _ in range(WARM_UP):
                trainer.step()
            yield Row(precision, compiled, *measure(trainer, given.steps), *convolutions(trainer))


def main() -> None:
    """Print a table for each configuration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("configs", nargs="+", help="small, toon, a published name or a YAML")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--accelerator", default="cpu")
    parser.add_argument("--compiled", action="store_true", help="torch.compile, too: minutes more")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for name in given.configs:
        config = open_config(name)
        height, width = config.frame_shape[:2]
        batch = MotionTraining.of(config).batch_size
        print(f"\n{name}: {height}x{width}, batch {batch}, {given.accelerator}, ", end="")
        print(f"threads: {given.threads}, torch {torch.__version__}\n")
        print(
            "| precision | compiled | samples/s | a processor second | conv. forward | backward |"
        )
        print("| --- | --- | --: | --: | --: | --: |", flush=True)
        for row in rows_of(config, given):
            print(
                f"| {row.precision} | {'yes' if row.compiled else 'no'} | {row.by_clock:.1f} | "
                f"{row.by_processor:.1f} | {row.forward:.0%} | {row.backward:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
