"""When a checkpoint and when a preview is due, and how long the learning took."""

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
    shown: float = field(default_factory=time.monotonic)
    looked: float = field(default_factory=time.monotonic)

    def lap(self) -> float:
        """Seconds since the last look at the clock, or since it started."""
        before, self.looked = self.looked, time.monotonic()
        return self.looked - before

    def checkpoint_is_due(self, step: int) -> bool:
        """True at the steps asked for, and when the minutes are over (which starts them anew)."""
        every, now = self.options.save_every, time.monotonic()
        if now - self.saved < 60 * self.options.save_minutes and not (every and step % every == 0):
            return False
        self.saved = now
        return True

    def preview_is_due(self, step: int) -> bool:
        """True at the steps asked for, once soon after the start, and when the minutes are over
        (which starts them anew)."""
        every, minutes = self.options.preview_every, self.options.preview_minutes
        if minutes and time.monotonic() - self.shown >= 60 * minutes:
            self.shown = time.monotonic()
            return True
        return bool(every) and (step % every == 0 or step == min(FIRST_PREVIEW, every))
