"""Meme captions and the small "made by AI" label: prepared once, blended into every frame."""

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.media.lettering import draw_text, missing_letters, text_width

Frame = NDArray[np.uint8]

_LARGEST = 0.14  # letter size as a share of the frame's height
_TALLEST = 0.36  # a caption's block as a share of the frame's height
_WIDEST = 0.94
_LEADING = 1.18  # distance of baselines in letter sizes
_CAP_HEIGHT = 0.86  # height of Anton's capitals in letter sizes
_MAX_LINES = 4
_SMALLEST_PX = 7


class _Strip(NamedTuple):
    """A band of the frame with letters in it."""

    y: int
    ink: NDArray[np.uint16]  # (h, w, 3) colour times alpha
    clear: NDArray[np.uint16]  # (h, w, 1) 255 - alpha


@dataclass(frozen=True)
class Overlay:
    """Letters for frames of one size."""

    width: int
    height: int
    strips: tuple[_Strip, ...]

    def draw(self, frame: Frame) -> Frame:
        """``frame`` with the letters on it; the given array stays as it is."""
        if not self.strips:
            return frame
        if frame.shape != (self.height, self.width, 3):
            raise ValueError(f"overlay of {self.width}x{self.height} for a frame {frame.shape}")
        result = frame.copy()
        for strip in self.strips:
            band = result[strip.y : strip.y + len(strip.ink)]
            blended = (band.astype(np.uint16) * strip.clear + strip.ink + 127) // 255
            band[...] = blended.astype(np.uint8)
        return result


def meme_overlay(width: int, height: int, *, top: str = "", bottom: str = "") -> Overlay:
    """White capitals with a black outline, wrapped and sized to fit, at the top and the bottom."""
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    margin = round(height * 0.035)
    for text, at_top in ((top, True), (bottom, False)):
        words = text.upper().split()
        if not words:
            continue
        size, lines = _fit(words, width, height)
        block = round(size * (_CAP_HEIGHT + _LEADING * (len(lines) - 1)))
        accents = 0 if text.isascii() else round(size * 0.16)  # they stand above the capitals
        first = margin + accents if at_top else height - margin - block
        outline_px = max(1, round(size / 13))
        for row, line in enumerate(lines):
            x = (width - text_width(line, size)) / 2
            y = first + size * (_CAP_HEIGHT + _LEADING * row)
            draw_text(
                layer,
                (x, y),
                line,
                size,
                fill=(255, 255, 255, 255),
                style="meme",
                outline_px=outline_px,
            )
    return _overlay_of(layer)


def label_overlay(width: int, height: int, text: str = "made by AI") -> Overlay:
    """A quiet label in the lower right corner: white on a dark rounded plate."""
    from PIL import ImageDraw

    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    size = max(9, round(min(width, height) * 0.038))
    inset = max(4, round(size * 0.6))
    length = text_width(text, size, "label")
    left, base = width - inset * 2 - length, height - inset - size * 0.62
    ImageDraw.Draw(layer).rounded_rectangle(
        (left - inset, base - size * 1.05, width - inset, base + size * 0.55),
        radius=size * 0.5,
        fill=(0, 0, 0, 130),
    )
    draw_text(layer, (left, base), text, size, fill=(255, 255, 255, 235))
    return _overlay_of(layer)


def unwritable(*texts: str) -> str:
    """Characters of the captions that no font on this machine can show."""
    return missing_letters("".join(texts).upper())


def _fit(words: list[str], width: int, height: int) -> tuple[int, list[str]]:
    """The largest letter size, and the lines, that fit the frame."""
    lines = [" ".join(words)]
    for size in range(max(_SMALLEST_PX, round(height * _LARGEST)), _SMALLEST_PX - 1, -1):
        room = width * _WIDEST - 2 * max(1, round(size / 13))
        for count in range(1, min(_MAX_LINES, len(words)) + 1):
            if size * (_CAP_HEIGHT + _LEADING * (count - 1)) > height * _TALLEST:
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


def _overlay_of(layer: Image.Image) -> Overlay:
    pixels = np.asarray(layer)
    alpha = pixels[..., 3:].astype(np.uint16)
    rows = np.flatnonzero(alpha.any(axis=(1, 2)))
    strips: list[_Strip] = []
    if len(rows):
        for band in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            cut = slice(int(band[0]), int(band[-1]) + 1)
            ink = pixels[cut, :, :3].astype(np.uint16) * alpha[cut]
            strips.append(_Strip(cut.start, ink, 255 - alpha[cut]))
    return Overlay(layer.width, layer.height, tuple(strips))
