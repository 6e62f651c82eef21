"""A video as a value: its size, its rate and a way to open its frames as often as wanted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Frame = NDArray[np.uint8]
"""(H, W, 3) RGB."""
Colour = tuple[int, int, int]
"""Red, green, blue: 0 to 255."""


@dataclass(frozen=True)
class AudioSource:
    """Sound between ``start_s`` and ``start_s + duration_s`` of a video or sound file.

    Times are on the file's own clock, counted from its earliest stream. ``duration_s`` None
    means to the end. Reading beyond what is there gives silence.
    """

    path: Path
    start_s: float = 0.0
    duration_s: float | None = None


@dataclass(frozen=True)
class Clip:
    """Frames at a constant rate; re-openable, holds none of them."""

    width: int
    height: int
    fps: Fraction
    num_frames: int | None
    """Exact where known beforehand, else an estimate from the container, else None."""
    open_frames: Callable[[], Iterator[Frame]]
    audio: AudioSource | None = None
    path: Path | None = None
    open_from: Callable[[int], Iterator[Frame]] | None = None
    """Optional short cut to frame i that need not convert the frames before it."""

    def __iter__(self) -> Iterator[Frame]:
        return self.open_frames()

    def frames_from(self, index: int) -> Iterator[Frame]:
        """The frames from ``index`` on (for resume); none if the clip is shorter."""
        if self.open_from is not None:
            return self.open_from(index)
        return islice(self.open_frames(), index, None)

    @property
    def duration_s(self) -> float | None:
        return None if self.num_frames is None else float(self.num_frames / self.fps)

    def map(self, fn: Callable[[Frame], Frame], size: tuple[int, int] | None = None) -> "Clip":
        """The clip with ``fn`` applied to every frame; ``size`` is the new (width, height)."""
        width, height = size or (self.width, self.height)
        return replace(
            self,
            width=width,
            height=height,
            open_frames=lambda: map(fn, self.open_frames()),
            open_from=lambda index: map(fn, self.frames_from(index)),
        )

    def trim(self, start_s: float = 0.0, end_s: float | None = None) -> "Clip":
        """The frames shown from ``start_s`` up to ``end_s``, and their sound.

        Raises:
            InputError: if nothing lies between the two times.
        """
        first = max(0, round(start_s * self.fps))
        last = None if end_s is None else round(end_s * self.fps)
        beyond = self.num_frames is not None and first >= self.num_frames
        if (last is not None and last <= first) or (beyond and first > 0):
            shown = f"{self.duration_s:.2f} s long" if self.num_frames is not None else "shorter"
            raise InputError(
                f"Nothing lies between {start_s} s and {end_s} s: the clip is {shown}. "
                "Choose a later end or an earlier start."
            )
        return self._between(first, last)

    def take(self, n: int) -> "Clip":
        """The first ``n`` frames."""
        return self._between(0, n)

    def _between(self, first: int, last: int | None) -> "Clip":
        def open_from(index: int) -> Iterator[Frame]:
            count = None if last is None else max(0, last - first - index)
            return islice(self.frames_from(first + index), count)

        ends = [n for n in (last, self.num_frames) if n is not None]
        num_frames = None if self.num_frames is None else max(0, min(ends) - first)
        audio = self.audio
        if audio is not None:
            length = audio.duration_s
            if length is not None:
                length = max(0.0, length - float(first / self.fps))
            if last is not None:
                wanted = float((last - first) / self.fps)
                length = wanted if length is None else min(length, wanted)
            start_s = audio.start_s + float(first / self.fps)
            audio = replace(audio, start_s=start_s, duration_s=length)
        return replace(
            self,
            num_frames=num_frames,
            open_frames=lambda: open_from(0),
            open_from=open_from,
            audio=audio,
        )
