"""How long, how fast and where a training runs; the same for every family."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deepmeme.errors import InputError

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True)
class FitOptions:
    """Options of :func:`deepmeme.train.loop.fit`."""

    steps: int
    batch_size: int = 8
    """Examples a step and process."""
    accumulate: int = 1
    """Pieces that a batch is cut into; their gradients are added before anybody steps."""
    learning_rate: float = 2e-4
    learning_rates: Mapping[str, float] = field(default_factory=dict)
    """For players that differ from ``learning_rate``."""
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    schedule: Literal["cosine", "constant", "milestones"] = "cosine"
    warmup: int = 100
    milestones: tuple[int, ...] = ()
    """Steps at which the learning rate falls to a tenth."""
    clip_norm: float = 10.0
    average_decay: float = 0.999
    seed: int = 1
    precision: str = "32-true"
    accelerator: str = "auto"
    devices: int | str = 1
    nodes: int = 1
    strategy: str = "auto"
    compiled: bool = False
    """Whether torch.compile fuses what the task says is worth it."""
    save_minutes: float = 10.0
    save_every: int = 0
    """Steps between checkpoints, beside those by the clock; 0: only by the clock."""
    preview_every: int = 500
    log_every: int = 25
    tensorboard: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1 or self.accumulate < 1:
            raise InputError(
                f"steps={self.steps}, batch_size={self.batch_size}, accumulate={self.accumulate}: "
                "each must be at least 1."
            )
        if self.accumulate > self.batch_size:
            raise InputError(
                f"accumulate={self.accumulate} cuts a batch of {self.batch_size} into more pieces "
                "than it has examples; give at most the batch size."
            )
        if self.precision not in PRECISIONS:
            raise InputError(
                f"precision={self.precision!r} is unknown; choose from {', '.join(PRECISIONS)}."
            )

    def rate_of(self, player: str) -> float:
        """The full learning rate of a player."""
        return self.learning_rates.get(player, self.learning_rate)
