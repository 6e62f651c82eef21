"""Two models on the same clips: what is a difference and what is chance."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from deepmeme.evaluation.cross import CrossResult
from deepmeme.evaluation.measures import BY_KEY, CROSS, RECONSTRUCTION, Measure
from deepmeme.evaluation.reconstruct import ClipResult
from deepmeme.metrics.paired import Difference, difference

Result = ClipResult | CrossResult


class Compared(NamedTuple):
    """One measure of two models."""

    measure: Measure
    difference: Difference
    """The first less the second."""
    each: dict[str, float]
    """By clip, or by still and clip."""
    verdict: str


def compare(
    results: Sequence[Result], first: str, second: str, *, name: Callable[[Result], str]
) -> list[Compared]:
    """Every measure that both have, over the clips.

    ``name`` calls a result; for stills the unit is the pair of still and clip, which share both,
    so the interval of those is a little too narrow.
    """
    keys = RECONSTRUCTION if results and isinstance(results[0], ClipResult) else CROSS
    found = []
    for key in keys:
        nothing = float("nan")
        ours, theirs = (
            [result.rows[model].means.get(key, nothing) for result in results]
            for model in (first, second)
        )
        by_clip = difference(ours, theirs)
        if by_clip.clips:
            each = {name(result): a - b for result, a, b in zip(results, ours, theirs, strict=True)}
            measure = BY_KEY[key]
            said = _verdict(measure, by_clip, each, first, second)
            found.append(Compared(measure, by_clip, each, said))
    return found


def _verdict(
    measure: Measure, found: Difference, each: dict[str, float], first: str, second: str
) -> str:
    better = sum(delta * measure.better > 0 for delta in each.values())
    count = f"{first} ahead on {better} of {found.clips}"
    if not found.is_clear:
        return f"no difference beyond chance ({count})"
    ahead = first if found.mean * measure.better > 0 else second
    return f"{ahead} is better ({count})"
