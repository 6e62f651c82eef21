"""Which animated emoji teach motion: faces, people and animals that move, one thing at a time.

Files are named by their code points, as ``1f468-1f3fb-200d-1f373.webp`` (man, light skin, joined
with a frying pan: a cook).
"""

import hashlib
import re
from dataclasses import dataclass

_TONES = frozenset(("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"))
_SEXES = frozenset(("2640", "2642"))
_PERSON = "1f9d1"
_PERSONS = frozenset(("1f466", "1f467", "1f468", "1f469", _PERSON))
_SILENT = frozenset(("200d", "fe0f"))

# Both ends belong to it.
_KINDS: dict[str, tuple[tuple[int, int], ...]] = {
    "face": (
        (0x1F600, 0x1F637), (0x1F641, 0x1F644), (0x1F910, 0x1F917), (0x1F920, 0x1F925),
        (0x1F927, 0x1F92F), (0x1F970, 0x1F976), (0x1F978, 0x1F97A), (0x1F9D0, 0x1F9D0),
        (0x1FAE0, 0x1FAE8), (0x2639, 0x263A),
    ),
    "creature": (
        (0x1F479, 0x1F47B), (0x1F47D, 0x1F480), (0x1F31A, 0x1F31E), (0x1F383, 0x1F383),
        (0x1F9CC, 0x1F9CC), (0x26C4, 0x26C4), (0x2603, 0x2603),
    ),
    "person": (
        (0x1F466, 0x1F469), (0x1F46E, 0x1F478), (0x1F47C, 0x1F47C), (0x1F481, 0x1F483),
        (0x1F486, 0x1F487), (0x1F385, 0x1F385), (0x1F3C2, 0x1F3C4), (0x1F3C7, 0x1F3C7),
        (0x1F3CA, 0x1F3CC), (0x1F574, 0x1F575), (0x1F57A, 0x1F57A), (0x1F645, 0x1F647),
        (0x1F64B, 0x1F64B), (0x1F64D, 0x1F64E), (0x1F6A3, 0x1F6A3), (0x1F6B4, 0x1F6B6),
        (0x1F926, 0x1F926), (0x1F930, 0x1F931), (0x1F934, 0x1F939), (0x1F93D, 0x1F93E),
        (0x1F977, 0x1F977), (0x1F9B8, 0x1F9B9), (0x1F9CD, 0x1F9CF), (0x1F9D1, 0x1F9DF),
        (0x1FAC3, 0x1FAC5), (0x26F7, 0x26F7), (0x26F9, 0x26F9),
    ),
    "animal": (
        (0x1F400, 0x1F43D), (0x1F43F, 0x1F43F), (0x1F54A, 0x1F54A), (0x1F577, 0x1F577),
        (0x1F638, 0x1F640), (0x1F648, 0x1F64A), (0x1F980, 0x1F9AE), (0x1FAB0, 0x1FAB3),
        (0x1FABF, 0x1FABF), (0x1FACE, 0x1FACE),
    ),
}  # fmt: skip

TONES_KEPT = 1
"""Skin tones of an emoji beside the one without."""


@dataclass(frozen=True)
class Emoji:
    """One file of the collection."""

    name: str
    """The file's name without ending."""
    kind: str
    """face, creature, person or animal."""
    tone: str | None
    """Code point of its skin tone."""
    base: str
    """The emoji whatever the skin tone."""
    family: str
    """Drawings that share their motion: skin tones, and woman, man and person of one trade."""

    @property
    def video(self) -> str:
        """Name of its folder in the data set; before the '#' stands whose it is."""
        return f"{self.family}#{self.name}"

    def tests(self, share: float) -> bool:
        """Whether it is kept for testing, the same for a whole family."""
        return _draw(self.family) < share


@dataclass(frozen=True)
class Motion:
    """How a clip moves; mean absolute differences of 64 x 64 pixels over grey, in [0, 1]."""

    spread: float
    """Of the frames to their median."""
    jump: float
    """Of two frames in a row, at most; frames as they are, not the kept ones."""
    steady: float
    """Least covered area over the largest: how much comes and goes."""


@dataclass(frozen=True)
class Bar:
    """What a clip must do to be kept. Below the first it hardly moves; the others tell clips in
    which things appear, burst or jump from clips in which they move."""

    least_spread: float = 0.010
    most_jump: float = 0.080
    least_steady: float = 0.60

    def objection(self, motion: Motion) -> str | None:
        """Why a clip is left out; None keeps it."""
        if motion.spread < self.least_spread:
            return "hardly moves"
        if motion.jump > self.most_jump:
            return "jumps"
        return "comes and goes" if motion.steady < self.least_steady else None


def read_name(name: str) -> Emoji | None:
    """What a file's name (without ending) says; None for anything but a single living thing."""
    points = name.lower().split("-")
    if not all(re.fullmatch("[0-9a-f]{2,6}", point) for point in points):
        return None
    kind = _kind(int(points[0], 16))
    spoken = [point for point in points if point not in _SILENT]
    base = [point for point in spoken if point not in _TONES]
    if kind is None or sum(point in _PERSONS for point in base) > 1:
        return None
    tone = next((point for point in spoken if point in _TONES), None)
    family = [_PERSON if point in _PERSONS else point for point in base if point not in _SEXES]
    hair = len(family) == 2 and family[0] == _PERSON and "1f9b0" <= family[1] <= "1f9b3"
    family = [_PERSON] if hair else family
    return Emoji(name.lower(), kind, tone, "-".join(base), "-".join(family))


def choose(names: list[str]) -> list[Emoji]:
    """Those to look into, by name: each without skin tone and in ``TONES_KEPT`` tones of its own.

    Which tones is a matter of the emoji's name alone, so that all come about equally often.
    """
    by_base: dict[str, list[Emoji]] = {}
    for name in sorted(set(names)):
        emoji = read_name(name)
        if emoji is not None:
            by_base.setdefault(emoji.base, []).append(emoji)
    chosen: list[Emoji] = []
    for base, emojis in by_base.items():
        tones = sorted((e for e in emojis if e.tone), key=lambda e: _draw(f"{base} {e.tone}"))
        chosen += [e for e in emojis if not e.tone][:1] + tones[:TONES_KEPT]
    return sorted(chosen, key=lambda emoji: emoji.name)


def _kind(point: int) -> str | None:
    for kind, ranges in _KINDS.items():
        if any(low <= point <= high for low, high in ranges):
            return kind
    return None


def _draw(text: str) -> float:
    """A number in [0, 1) that is always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
