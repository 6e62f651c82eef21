"""Meme captions and the small "made by AI" label: prepared once, blended into every frame."""

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deepmeme.media.lettering import draw_text, missing_letters, text_width

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
        result: Frame = frame.copy()
        for strip in self.strips:
            band = result[strip.y : strip.y + len(strip.ink)]
            blended = (band.astype(np.uint16) * strip.clear + strip.ink + 127) // 255
            band[...] = blended.astype(np.uint8)
        return result


def meme_overlay(
    width: int, height: int, *, top: str = "", bottom: str = "", keep_below: int = 0
) -> Overlay:
    """White capitals with a black outline, wrapped and sized to fit, at the top and the bottom.

    ``keep_below`` leaves so many pixels free under the bottom text.
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
            first = margin + accents if at_top else height - max(margin, keep_below) - block
            _write(layer, lines, size, first)
    return _overlay_of(layer)


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


def label_overlay(width: int, height: int, text: str = "made by AI", *, lift: int = 0) -> Overlay:
    """A quiet label ``lift`` px above the lower right corner: white on a dark rounded plate."""
    layer = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    size, inset = _label_size(width, height)
    length = text_width(text, size, "label")
    left, base = width - inset * 2 - length, height - lift - inset - size * 0.62
    ImageDraw.Draw(layer).rounded_rectangle(
        (left - inset, base - size * 1.05, width - inset, base + size * 0.55),
        radius=size * 0.5,
        fill=(0, 0, 0, 130),
    )
    draw_text(layer, (left, base), text, size, fill=(255, 255, 255, 235))
    return _overlay_of(layer)


def label_height(width: int, height: int) -> int:
    """Pixels from the lower edge to a little above the label."""
    size, inset = _label_size(width, height)
    return round(inset * 1.5 + size * 1.7)


def _label_size(width: int, height: int) -> tuple[int, int]:
    size = max(9, round(min(width, height) * 0.038))
    return size, max(4, round(size * 0.6))


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
