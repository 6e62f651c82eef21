"""When learning stands still: the losses have not fallen for a long while."""

from dataclasses import asdict, dataclass
from typing import Any

LEAST_GAIN = 0.01
"""Share by which the smoothed loss must have fallen to count as progress."""


@dataclass
class Plateau:
    """Watches the sum of a step's losses, smoothed over about a tenth of the patience."""

    patience: int
    """Steps without progress after which it is enough; 0 never is."""
    mean: float = 0.0
    best: float = float("inf")
    best_at: int = 0
    seen: int = 0

    def note(self, step: int, loss: float) -> None:
        """One step's losses."""
        if not self.patience:
            return
        self.seen += 1
        memory = max(1.0, self.patience / 10)
        share = max(1 / self.seen, 1 / memory)
        self.mean += share * (loss - self.mean)
        if self.seen >= memory and self.mean < self.best * (1 - LEAST_GAIN):
            self.best, self.best_at = self.mean, step

    def reached(self, step: int) -> bool:
        """Whether it is enough."""
        return bool(self.patience) and self.seen > self.patience <= step - self.best_at

    def facts(self) -> dict[str, Any]:
        """For the checkpoint."""
        found = asdict(self)
        return {name: None if value == float("inf") else value for name, value in found.items()}

    def restore(self, facts: dict[str, Any]) -> None:
        """Back from :meth:`facts`; the patience stays what is asked for now."""
        for name in ("mean", "best", "best_at", "seen"):
            value = facts.get(name)
            if value is not None:
                setattr(self, name, value)
