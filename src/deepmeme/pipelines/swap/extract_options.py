"""What a user may choose when faces are extracted for a swap."""

import re
from dataclasses import dataclass

from deepmeme.choices import choice, settle
from deepmeme.errors import InputError

_WHICH, _LIMITS, _PICTURES = "Which faces", "Limits", "Pictures"


def parse_people(text: str) -> tuple[int, ...]:
    """``0,3`` as numbers.

    Raises:
        ValueError: saying what was expected.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("[0-9]{1,5}", part) for part in parts):
        raise ValueError("a number from 0, or some, such as 0,3")
    return tuple(sorted({int(part) for part in parts}))


@dataclass(frozen=True)
class ExtractOptions:
    """Choices for :func:`deepmeme.pipelines.swap.extract.extract_faces`.

    Raises:
        InputError: naming every value that does not fit, all at once.
    """

    person: str = choice(
        "0",
        "Keep this person's faces: 0 is who is seen most; 0,3 if one person was taken for two. "
        "Quick to change: nothing is looked at again.",
        _WHICH,
        parse=parse_people,
        metavar="N[,N...]",
    )
    min_side: int = choice(
        48, "Leave out faces whose square is smaller in the video, in pixels.", _WHICH,
        low=8, high=4096,
    )  # fmt: skip
    min_sharpness: float = choice(
        0.15, "Leave out faces that are more blurred than this; 1 is sharp.", _WHICH, low=0, high=1
    )
    difference: float = choice(
        0.008,
        "Of faces that differ by less than this keep the sharpest only; 0 keeps them all.",
        _WHICH,
        low=0,
        high=1,
    )
    size: int = choice(256, "Side of the pictures in pixels.", _PICTURES, low=32, high=1024)
    every: float | None = choice(
        None,
        "Look at a frame every so many seconds, 0 for every frame; 0.2 or more in a long video "
        "unless given.",
        _LIMITS,
        low=0,
        high=3600,
    )
    max_faces: int = choice(
        10_000, "Stop when the folder holds so many faces.", _LIMITS, low=1, high=100_000
    )

    def __post_init__(self) -> None:
        """Refuse what does not fit."""
        settle(self)

    @property
    def people(self) -> tuple[int, ...]:
        """Numbers of those whose faces are kept."""
        return parse_people(self.person)


USUAL_S, MOST_LOOKS = 0.2, 3000
"""Seconds between two looks at a video; longer where there would be more looks than this."""


def step_of(every_s: float | None, fps: float, num_frames: int | None) -> int:
    """Frames from one look to the next.

    Raises:
        InputError: the rate is not above 0.
    """
    if not fps > 0:
        raise InputError(f"A video needs frames a second; found {fps}.")
    if every_s is not None:
        return max(1, round(every_s * fps))
    usual = max(1, round(USUAL_S * fps))
    return max(usual, -(-(num_frames or 0) // MOST_LOOKS))
