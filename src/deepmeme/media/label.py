"""The visible label "Made with AI": a small pill in a corner, drawn once, blended into each frame.

It is for people; what machines read is put on by ``provenance`` and cannot be left out.
"""

from typing import NamedTuple

from PIL import Image, ImageDraw

from deepmeme.media.lettering import draw_text, text_width
from deepmeme.media.overlay import Overlay
from deepmeme.media.wording import SHORT_TEXT

_PLATE = (14, 15, 18, 160)
_RIM = (255, 255, 255, 70)
_INK = (255, 255, 255, 240)
_SMALLEST_PX = 9
_CAP = 0.715  # height of the label font's capitals in letter sizes
_FINER = 4  # drawn so many times larger, for smooth curves


class Area(NamedTuple):
    """The part of a frame whose corner is meant, in pixels."""

    x: int
    y: int
    width: int
    height: int


def label_overlay(
    width: int, height: int, text: str, *, corner: str = "bottom-right", area: Area | None = None
) -> Overlay:  # fmt: skip
    """A pill with white letters in a corner of ``area``, or of the whole frame.

    Letters grow slower than the frame: 11 px at 256, 17 at 512, 26 at 1080. A text too long for
    the area gets smaller letters, then gives way to "AI". ``corner`` is bottom-right and so on.
    """
    inside = area or Area(0, 0, width, height)
    text, size = _fitting(text, inside)
    pill = _pill(text, size)
    margin = _margin(size)
    x, y = inside.x + margin, inside.y + margin
    if corner.endswith("right"):
        x = inside.x + inside.width - margin - pill.width
    if corner.startswith("bottom"):
        y = inside.y + inside.height - margin - pill.height
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    layer.paste(pill, (max(0, x), max(0, y)))
    return Overlay.of(layer)


def label_height(width: int, height: int, text: str) -> int:
    """Pixels from the edge of a frame that the label needs for itself, a gap included."""
    size = _fitting(text, Area(0, 0, width, height))[1]
    return _pill_height(size) + 2 * _margin(size)


def _fitting(text: str, area: Area) -> tuple[str, int]:
    """The text, or "AI", and the size of its letters in pixels."""
    short = min(area.width, area.height)
    usual = max(_SMALLEST_PX, round(0.395 * short**0.6))
    for size in range(usual, _SMALLEST_PX - 1, -1):
        if _pill_width(text, size) + 2 * _margin(size) <= area.width * 0.7:
            return text, size
    return SHORT_TEXT, _SMALLEST_PX


def _margin(size: int) -> int:
    return max(2, round(size * 0.55))


def _pill_height(size: int) -> int:
    return round(size * 1.6)


def _pill_width(text: str, size: int) -> int:
    return round(text_width(text, size * _FINER, "label") / _FINER + size * 1.15)


def _pill(text: str, size: int) -> Image.Image:
    """The plate with a thin light rim, which shows on black, and its letters; RGBA."""
    width, height = _pill_width(text, size) * _FINER, _pill_height(size) * _FINER
    large = Image.new("RGBA", (width, height), (*_PLATE[:3], 0))
    rim = max(2, round(size * _FINER * 0.05))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, width - 1, height - 1), radius=height / 2, fill=_PLATE, outline=_RIM, width=rim
    )
    letters = Image.new("RGBA", large.size, (255, 255, 255, 0))
    left = (width - text_width(text, size * _FINER, "label")) / 2
    base = (height + size * _FINER * _CAP) / 2
    draw_text(letters, (left, base), text, size * _FINER, fill=_INK)
    whole = Image.alpha_composite(large, letters)
    return whole.resize((width // _FINER, height // _FINER), Image.Resampling.BOX)
