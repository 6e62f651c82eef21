"""Words that a user writes, and the values they mean: 8MB, 1:02.5, white, 10,20,300,300.

Every parser takes the text as given and raises ``ValueError`` with what would have been right.
"""

import re
from typing import Literal, NamedTuple

Colour = tuple[int, int, int]

_COLOURS: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (220, 40, 40),
    "green": (0, 177, 64),
    "blue": (40, 90, 220),
    "yellow": (250, 210, 40),
}
_UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
_LONGEST_LABEL = 40


class Rectangle(NamedTuple):
    """A part of a picture in pixels."""

    x: int
    y: int
    width: int
    height: int


def parse_bytes(text: str) -> int:
    """8MB, 500k, 1.5 MiB or a plain number of bytes."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", text)
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError("a size like 8MB, 500KB or 1.5MiB")
    number = round(float(match[1]) * _UNITS[match[2].lower()])
    if number < 1000:
        raise ValueError("a size of at least 1KB, like 8MB")
    return number


def parse_colour(text: str) -> Colour:
    """A colour's name, #rgb, #rrggbb or r,g,b."""
    word = text.strip().lower()
    if word in _COLOURS:
        return _COLOURS[word]
    if match := re.fullmatch(r"#?([0-9a-f]{3}|[0-9a-f]{6})", word):
        digits = match[1] if len(match[1]) == 6 else "".join(c * 2 for c in match[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    numbers = _integers(word)
    if numbers is None or len(numbers) != 3 or not all(0 <= n <= 255 for n in numbers):
        raise ValueError(f"#rrggbb, r,g,b or one of {', '.join(sorted(_COLOURS))}")
    return (numbers[0], numbers[1], numbers[2])


def parse_time(text: str) -> float:
    """Seconds as 3.5, 3.5s, 1:02.5 or 1:00:00."""
    parts = text.strip().lower().removesuffix("s").split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    bad = not 1 <= len(numbers) <= 3 or any(not 0 <= n < 1e6 for n in numbers)
    if bad or any(n >= 60 for n in numbers[1:]):
        raise ValueError("seconds like 3.5, or minutes and seconds like 1:02.5")
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60 + number
    return seconds


def parse_crop(text: str) -> Literal["auto", "none"] | Rectangle:
    """auto, none, or x,y,width,height in pixels."""
    word = text.strip().lower()
    if word == "auto":
        return "auto"
    if word == "none":
        return "none"
    numbers = _integers(word)
    if numbers is None or len(numbers) != 4 or min(numbers[2:]) < 8 or min(numbers[:2]) < 0:
        raise ValueError("auto, none, or x,y,width,height in pixels (at least 8 wide and high)")
    return Rectangle(*numbers)


def parse_face(text: str) -> Literal["largest", "all"] | int:
    """largest, all, or a number counted from 1 in order of size."""
    word = text.strip().lower()
    if word == "largest":
        return "largest"
    if word == "all":
        return "all"
    if not re.fullmatch(r"[0-9]{1,3}", word) or int(word) < 1:
        raise ValueError("largest, all, or a number: 1 is the largest face, 2 the next")
    return int(word)


def parse_anchor(text: str) -> Literal["auto"] | int:
    """auto, or a frame's number counted from 0."""
    word = text.strip().lower()
    if word == "auto":
        return "auto"
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ValueError("auto, or the number of a driving frame, counted from 0")
    return int(word)


def parse_label(text: str) -> str:
    """One short line, or nothing."""
    if len(text) > _LONGEST_LABEL or not text.isprintable():
        raise ValueError(f"one line of at most {_LONGEST_LABEL} characters")
    return text.strip()


def _integers(text: str) -> list[int] | None:
    parts = text.strip("() ").split(",")
    if not all(re.fullmatch(r"\s*-?[0-9]{1,7}\s*", part) for part in parts):
        return None
    return [int(part) for part in parts]
