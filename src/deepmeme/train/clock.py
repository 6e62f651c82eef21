"""When a checkpoint and when a preview is due."""

import time
from dataclasses import dataclass, field

from deepmeme.train.options import FitOptions

FIRST_PREVIEW = 50
"""A first look soon after the start, before the regular ones."""


@dataclass
class Clock:
    """By steps and by minutes."""

    options: FitOptions
    saved: float = field(default_factory=time.monotonic)

    def checkpoint_is_due(self, step: int) -> bool:
        """True at the steps asked for, and when the minutes are over (which starts them anew)."""
        every, now = self.options.save_every, time.monotonic()
        if now - self.saved < 60 * self.options.save_minutes and not (every and step % every == 0):
            return False
        self.saved = now
        return True

    def preview_is_due(self, step: int) -> bool:
        """True at the steps asked for, and once soon after the start."""
        every = self.options.preview_every
        return bool(every) and (step % every == 0 or step == min(FIRST_PREVIEW, every))
