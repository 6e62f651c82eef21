"""From frames with their own times to a constant rate."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import repeat
from math import ceil
from typing import TypeVar

T = TypeVar("T")

MAX_FPS = Fraction(60)
DEFAULT_FPS = Fraction(25)
MAX_HOLD_S = 60
"""A longer gap between two times is damage, and is shortened to this."""


def choose_fps(average: Fraction | None) -> Fraction:
    """The average rate where it is believable, at most 60 and at least 1."""
    if average is None or average <= 0:
        return DEFAULT_FPS
    return min(MAX_FPS, max(Fraction(1), Fraction(average).limit_denominator(1001)))


def hold(timed: Iterable[tuple[tuple[Fraction | None, Fraction], T]], fps: Fraction) -> Iterator[T]:
    """Repeat and drop items so that item i of the result is what is shown at i / fps.

    ``timed`` gives ((start, duration), item) in seconds; a start of None follows the item before
    it. Each item takes the slot nearest to its start (half a frame at most) and is held until
    the next one; the last is held for its duration. At least one item of a non-empty input is
    given.
    """
    limit = int(MAX_HOLD_S * fps)
    origin: Fraction | None = None
    shift = Fraction(0)  # taken out of the clock where it jumped
    waiting: tuple[T] | None = None
    slot = 0  # of the waiting item
    ends = Fraction(0)  # of the waiting item
    for (start, duration), item in timed:
        if origin is None:
            origin = start if start is not None else Fraction(0)
        at = ends if start is None else start - origin - shift
        if abs(at - ends) > MAX_HOLD_S:
            shift += at - ends
            at = ends
        due = min(max(slot, _slot(at, fps)), slot + limit)
        if waiting is not None:
            yield from repeat(waiting[0], due - slot)
        waiting, slot = (item,), due
        ends = at + (duration if 0 < duration <= MAX_HOLD_S else 1 / fps)
    if waiting is not None:
        count = _slot(ends, fps) - slot
        yield from repeat(waiting[0], max(count, 1 if slot == 0 else 0))


def _slot(at: Fraction, fps: Fraction) -> int:
    """The nearest slot, the earlier of two (so that 120 to 60 takes every second)."""
    return ceil(at * fps - Fraction(1, 2))
