"""How long, how fast and where a training runs; the same for every family."""

from dataclasses import dataclass

from deepmeme.choices import choice, settle

_COURSE, _MACHINE, _RECORD = "Course", "Machine", "Checkpoints and samples"


@dataclass(frozen=True)
class FitOptions:
    """Options of :func:`deepmeme.train.loop.fit`.

    Raises:
        InputError: naming every value that does not fit, all at once.
    """

    steps: int = choice(1000, "Steps in all.", _COURSE, low=1, high=100_000_000)
    minutes: float = choice(
        0.0,
        "Stop after so many minutes of learning, pauses left out, if not by the steps before; "
        "0 for never.",
        _COURSE,
        low=0,
        high=10**6,
    )
    batch_size: int = choice(8, "Examples a step and process.", _COURSE, low=1, high=65536)
    accumulate: int = choice(
        1,
        "Pieces that a batch is cut into, for less memory; the step stays the same.",
        _COURSE,
        low=1,
        high=65536,
    )
    learning_rate: float = choice(2e-4, "Learning rate at its highest.", _COURSE, low=0, high=1)
    schedule: str = choice(
        "cosine", "How the learning rate goes.", _COURSE, one_of=("cosine", "constant", "steps")
    )
    warmup: int = choice(100, "Steps until the full learning rate.", _COURSE, low=0, high=10**6)
    milestones: str = choice(
        "",
        "Steps at which the learning rate falls to a tenth, for --schedule steps.",
        _COURSE,
        parse=lambda text: steps_in(text),
        metavar="N,N",
    )
    beta1: float = choice(0.5, "Adam's memory of gradients.", _COURSE, low=0, high=0.9999)
    beta2: float = choice(0.999, "Adam's memory of their squares.", _COURSE, low=0, high=0.99999)
    weight_decay: float = choice(0.0, "Decay of the weights (AdamW).", _COURSE, low=0, high=1)
    clip_norm: float = choice(10.0, "Longest gradient of a player.", _COURSE, low=1e-6, high=1e9)
    patience: int = choice(
        0,
        "Stop when the losses have not fallen by 1 % for so many steps; 0 for never.",
        _COURSE,
        low=0,
        high=10**9,
    )
    average_decay: float = choice(
        0.999,
        "Memory of the averaged weights, which count.",
        _COURSE,
        low=0,
        high=0.99999,
    )
    seed: int = choice(1, "Seed of everything random.", _COURSE, low=0, high=2**31 - 1)
    precision: str = choice(
        "32-true",
        "Arithmetic; mixed ones need fresh processors or GPUs.",
        _MACHINE,
        one_of=("32-true", "bf16-mixed", "16-mixed"),
    )
    accelerator: str = choice(
        "auto", "Where it runs.", _MACHINE, one_of=("auto", "cpu", "cuda", "gpu", "mps")
    )
    devices: int = choice(1, "Processes or GPUs on each machine.", _MACHINE, low=1, high=1024)
    nodes: int = choice(1, "Machines; start it with torchrun on each.", _MACHINE, low=1, high=4096)
    strategy: str = choice("auto", "Lightning Fabric's strategy.", _MACHINE)
    compiled: bool = choice(
        False, "Fuse the slow parts with torch.compile: a minute more at the start.", _MACHINE
    )
    save_minutes: float = choice(
        10.0, "Minutes between checkpoints.", _RECORD, low=0.01, high=100_000
    )
    save_every: int = choice(
        0, "Steps between checkpoints, beside those by the clock.", _RECORD, low=0, high=10**9
    )
    preview_every: int = choice(500, "Steps between samples.", _RECORD, low=0, high=10**9)
    preview_minutes: float = choice(
        0.0, "Minutes between samples, beside those by steps; 0 for never.", _RECORD,
        low=0, high=100_000,
    )  # fmt: skip
    log_every: int = choice(25, "Steps between lines of the log.", _RECORD, low=1, high=10**9)
    tensorboard: bool = choice(False, "Write for TensorBoard, too, if installed.", _RECORD)

    def __post_init__(self) -> None:
        settle(self, self._contradictions)

    def _contradictions(self) -> list[str]:
        found = []
        if self.accumulate > self.batch_size:
            found.append(
                f"--accumulate {self.accumulate} cuts a batch of {self.batch_size} into more "
                "pieces than it has examples; give at most the batch size"
            )
        if self.milestones and self.schedule != "steps":
            found.append("--milestones needs --schedule steps")
        return found

    @property
    def milestone_steps(self) -> tuple[int, ...]:
        return steps_in(self.milestones)


def steps_in(text: str) -> tuple[int, ...]:
    """``60000,90000`` as numbers."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdigit() for part in parts):
        raise ValueError("steps like 60000,90000")
    return tuple(int(part) for part in parts)
