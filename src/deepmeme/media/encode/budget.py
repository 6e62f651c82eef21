"""Fit an animation into so many bytes by giving up as little as possible."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from deepmeme.errors import OutputError
from deepmeme.media.encode.animations import Look

MIN_FPS = 8
MIN_SIDE_PX = 48


def looks(
    muxer: str, size: tuple[int, int], fps: Fraction, *, start: Look
) -> tuple[tuple[Look, str], ...]:
    """Ever smaller (look, what was given up), the first giving up nothing."""
    half = start.every * 2 if fps / (start.every * 2) >= MIN_FPS else start.every
    slow = half * 2 if fps / (half * 2) >= MIN_FPS else half
    steps: list[Look] = [start]

    def add(**changes: float | int | str) -> None:
        fields = {**vars(steps[-1]), **changes}
        steps.append(Look(**fields))

    if muxer == "gif":
        add(dither="none")
        add(colours=128)
        add(every=half)
        for scale in (0.8, 0.65, 0.5):
            add(scale=scale)
        add(colours=64)
        add(every=slow)
    else:
        for quality in (65, 50, 35):
            if quality < start.quality:
                add(quality=quality)
        add(every=half)
        for scale in (0.8, 0.65, 0.5):
            add(scale=scale)
        add(quality=min(20, start.quality), every=slow)
    for scale in (0.4, 0.32, 0.25, 0.2, 0.15):
        add(scale=scale)
    possible = [s for s in steps if s is start or min(s.size(*size)) >= MIN_SIDE_PX]
    unique = list(dict.fromkeys(possible))
    return tuple((look, _difference(start, look, size, fps)) for look in unique)


def _difference(start: Look, look: Look, size: tuple[int, int], fps: Fraction) -> str:
    given_up: list[str] = []
    if look.scale != start.scale:
        given_up.append("size {}x{} instead of {}x{}".format(*look.size(*size), *size))
    if look.every != start.every:
        slower, before = float(fps / look.every), float(fps / start.every)
        given_up.append(f"{slower:.4g} instead of {before:.4g} frames a second")
    if look.colours != start.colours:
        given_up.append(f"{look.colours} instead of {start.colours} colours")
    if look.dither != start.dither:
        given_up.append("no dithering")
    if look.quality != start.quality:
        given_up.append(f"quality {look.quality} instead of {start.quality}")
    return ", ".join(given_up)


def fit(
    choices: tuple[tuple[Look, str], ...],
    max_bytes: int,
    path: Path,
    write: Callable[[Look, Path], None],
    *,
    spare_bytes: int = 0,
) -> str:
    """Leave at ``path`` the best of ``choices`` of at most ``max_bytes``; say what it gives up.

    ``spare_bytes`` of them are left free for what is still to be added. A binary search, so at
    most five encodings for sixteen choices.

    Raises:
        OutputError: even the smallest is larger.
    """
    trial = path.with_name("trial" + path.suffix)
    low, high = 0, len(choices)
    smallest: int | None = None
    first = True
    while low < high:
        # the wish itself is tried first: most results fit as they are
        middle = 0 if first else (low + high) // 2
        first = False
        write(choices[middle][0], trial)
        num_bytes = trial.stat().st_size + spare_bytes
        smallest = num_bytes if smallest is None else min(smallest, num_bytes)
        if num_bytes <= max_bytes:
            trial.replace(path)
            best = middle
            high = middle
        else:
            low = middle + 1
    trial.unlink(missing_ok=True)
    if low == len(choices):
        raise OutputError(
            f"{max_bytes} bytes are too few: the smallest possible is {smallest} bytes. "
            "Allow more, or make a shorter clip."
        )
    assert best == low
    return choices[low][1]
