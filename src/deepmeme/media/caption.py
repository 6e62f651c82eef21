"""Meme captions: prepared once, blended into every frame."""

from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.media.lettering import draw_text, missing_letters, text_width
from deepmeme.media.overlay import Overlay

Frame = NDArray[np.uint8]
Colour = tuple[int, int, int]

_LARGEST = 0.14  # letter size as a share of the frame's height,
_LARGEST_UPRIGHT = 0.17  # and of its width where that is the shorter side
_TALLEST = 0.27  # a caption's block as a share of the frame's shorter side
_WIDEST = 0.94
_LEADING = 1.18  # distance of baselines in letter sizes
_CAP_HEIGHT = 0.86  # height of Anton's capitals in letter sizes
_MAX_LINES = 4
_SMALLEST_PX = 7


def meme_overlay(
    width: int, height: int, *, top: str = "", bottom: str = "",
    keep_above: int = 0, keep_below: int = 0,
) -> Overlay:  # fmt: skip
    """White capitals with a black outline, wrapped and sized to fit, at the top and the bottom.

    ``keep_above`` and ``keep_below`` leave so many pixels free over the top text and under the
    bottom one.
    """
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    margin = round(height * 0.035)
    largest = round(min(height * _LARGEST, width * _LARGEST_UPRIGHT))
    for text, at_top in ((top, True), (bottom, False)):
        words = text.upper().split()
        if words:
            size, lines = _fit(words, width, largest, min(width, height) * _TALLEST)
            accents = 0 if text.isascii() else round(size * 0.16)  # they stand above the capitals
            block = _block(size, lines)
            first = max(margin, keep_above) + accents
            if not at_top:
                first = height - max(margin, keep_below) - block
            _write(layer, lines, size, first)
    return Overlay.of(layer)


def banner(width: int, height: int, text: str, backdrop: Colour) -> Frame:
    """The same letters in the middle of a strip of their own, (height, width, 3)."""
    layer = Image.new("RGB", (width, height), backdrop)
    words = text.upper().split()
    if words:
        size, lines = _fit(words, width, round(height * 0.6), height * 0.8)
        _write(layer, lines, size, round((height - _block(size, lines)) / 2))
    return np.asarray(layer)


def _block(size: int, lines: list[str]) -> int:
    return round(size * (_CAP_HEIGHT + _LEADING * (len(lines) - 1)))


def _write(layer: Image.Image, lines: list[str], size: int, first: int) -> None:
    """Centred lines, the first one's capitals beginning ``first`` px from the top."""
    outline_px = max(1, round(size / 13))
    ink = (255, 255, 255, 255)[: len(layer.getbands())]
    for row, line in enumerate(lines):
        x = (layer.width - text_width(line, size)) / 2
        y = first + size * (_CAP_HEIGHT + _LEADING * row)
        draw_text(layer, (x, y), line, size, fill=ink, style="meme", outline_px=outline_px)


def unwritable(*texts: str) -> str:
    """Characters of the captions that no font on this machine can show."""
    return missing_letters("".join(texts).upper())


def _fit(words: list[str], width: int, largest: int, tallest: float) -> tuple[int, list[str]]:
    """The largest letter size, and the lines, that fit the width and are not too tall together."""
    lines = [" ".join(words)]
    for size in range(max(_SMALLEST_PX, largest), _SMALLEST_PX - 1, -1):
        room = width * _WIDEST - 2 * max(1, round(size / 13))
        for count in range(1, min(_MAX_LINES, len(words)) + 1):
            if size * (_CAP_HEIGHT + _LEADING * (count - 1)) > tallest:
                break
            lines = _wrap(words, count, size)
            if max(text_width(line, size) for line in lines) <= room:
                return size, lines
    return _SMALLEST_PX, lines


def _wrap(words: list[str], count: int, size: int) -> list[str]:
    """``words`` in ``count`` lines, the longest of them as short as can be."""
    if count == 1:
        return [" ".join(words)]
    widths = [text_width(word, size) for word in words]
    space = text_width(" ", size)
    if len(words) > 14:  # too many ways to cut: fill the lines in turn
        return _fill(words, widths, space, count)

    def longest(cuts: tuple[int, ...]) -> float:
        edges = (0, *cuts, len(words))
        return max(sum(widths[a:b]) + space * (b - a - 1) for a, b in pairwise(edges))

    best = min(combinations(range(1, len(words)), count - 1), key=longest)
    edges = (0, *best, len(words))
    return [" ".join(words[a:b]) for a, b in pairwise(edges)]


def _fill(words: list[str], widths: list[float], space: float, count: int) -> list[str]:
    target = (sum(widths) + space * len(words)) / count * 1.08
    lines: list[str] = [""]
    used = 0.0
    for word, width in zip(words, widths, strict=True):
        if lines[-1] and used + width > target and len(lines) < count:
            lines.append("")
            used = 0.0
        lines[-1] = f"{lines[-1]} {word}".strip()
        used += width + space
    return lines
