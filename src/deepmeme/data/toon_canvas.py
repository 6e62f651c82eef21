"""A small drawing board: smooth outlines, soft shades, and strokes that swell and taper.

Places are (x, y) in [-1, 1] over the square picture, y down; colours are RGB from 0 to 255.
Everything is drawn at twice the size and averaged in the end.
"""

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.float32]
"""(side, side) coverage from 0 to 1."""
Point = tuple[float, float]
Colour = tuple[int, int, int]

_FRACTION_BITS = 6


def places(text: str) -> list[Point]:
    """Points from ``"x,y  x,y"``, which reads better than many brackets."""
    pairs = (word.split(",") for word in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 24) -> Array:
    """(n, 2) places on a smooth line through ``points`` (a uniform Catmull-Rom spline)."""
    p = np.asarray(points, np.float32)
    if closed:
        p = np.concatenate([p[-1:], p, p[:2]])
    else:
        p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    line = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    line = line.transpose(1, 0, 2).reshape(-1, 2)
    return line if closed else np.concatenate([line, p[-2:-1]])


def mirrored(half: Sequence[Point], *, about: float = 0.0) -> list[Point]:
    """A closed outline from its right half, told from top to bottom."""
    other = [(2 * about - x, y) for x, y in reversed(half) if abs(x - about) > 1e-6]
    return [*half, *other]


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Array:
    """(n, 2) outline; ``turn`` in degrees, clockwise."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    u, v = rx * np.cos(angle), ry * np.sin(angle)
    return np.stack([x + c * u - s * v, y + s * u + c * v], 1).astype(np.float32)


class Canvas:
    """A picture in the making."""

    def __init__(self, size: int, colour: Colour) -> None:
        self.side = 2 * size
        self.pixels: Array = np.empty((self.side, self.side, 3), np.float32)
        self.pixels[...] = colour
        self.cover: Mask = np.zeros((self.side, self.side), np.float32)
        """What was painted on since it was last set to 0."""
        line = np.linspace(-1, 1, self.side, dtype=np.float32)
        self.y: Array = np.repeat(line[:, None], self.side, 1)

    def mask(self, outline: Array) -> Mask:
        """Coverage by a closed outline."""
        drawn = np.zeros((self.side, self.side), np.uint8)
        places = (outline + 1) * (self.side - 1) / 2 * 2**_FRACTION_BITS
        cv2.fillPoly(
            drawn, [np.rint(places).astype(np.int32)], 255, cv2.LINE_AA, shift=_FRACTION_BITS
        )
        return np.asarray(drawn / 255, np.float32)

    def stroke(self, points: Sequence[Point], widths: Sequence[float], steps: int = 24) -> Mask:
        """Coverage by a line through ``points`` that is ``widths`` wide there, with round ends."""
        line = smooth(points, closed=False, steps=steps)
        at = np.linspace(0, len(widths) - 1, len(line))
        half = np.asarray(np.interp(at, np.arange(len(widths)), widths)[:, None] / 2, np.float32)
        along = np.gradient(line, axis=0)
        along = along / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-9)
        across = np.stack([-along[:, 1], along[:, 0]], 1) * half
        found = self.mask(np.concatenate([line + across, (line - across)[::-1]]).astype(np.float32))
        for (x, y), radius in ((line[0], half[0, 0]), (line[-1], half[-1, 0])):
            found = np.maximum(found, self.mask(ellipse(x, y, radius, radius)))
        return found

    def blur(self, mask: Mask, radius: float) -> Mask:
        """Softened; ``radius`` is one sigma."""
        sigma = radius * self.side / 2
        where = _box(mask, int(np.ceil(4 * sigma)) + 1)
        soft = np.zeros_like(mask)
        if where is not None:
            soft[where] = cv2.GaussianBlur(
                np.ascontiguousarray(mask[where]), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE
            )
        return soft

    def shift(self, mask: Mask, dx: float, dy: float) -> Mask:
        """Moved, with its border going on."""
        half = self.side / 2
        matrix = np.array([[1, 0, dx * half], [0, 1, dy * half]], np.float32)
        moved = cv2.warpAffine(
            mask, matrix, (self.side, self.side), borderMode=cv2.BORDER_REPLICATE
        )
        return cast(Mask, moved)

    def paint(self, mask: Mask, colour: Colour | Array, strength: float = 1.0) -> None:
        """Lay a colour, or a field of colours (side, side, 3), over what is there."""
        where = _box(mask, 0)
        if where is None:
            return
        share = mask[where] * np.float32(strength)
        wanted = np.asarray(colour, np.float32)
        wanted = wanted[where] if wanted.ndim == 3 else wanted
        self.pixels[where] += share[..., None] * (wanted - self.pixels[where])
        self.cover[where] += share * (1 - self.cover[where])

    def fill(self, mask: Mask, top: Colour, bottom: Colour, low: float, high: float) -> None:
        """A colour that changes from ``top`` at y = ``low`` to ``bottom`` at y = ``high``."""
        share = np.clip((self.y - low) / (high - low), 0, 1)[..., None]
        first, second = np.asarray(top, np.float32), np.asarray(bottom, np.float32)
        self.paint(mask, first + share * (second - first))

    def shade(
        self, mask: Mask, colour: Colour, strength: float, *, towards: Point, radius: float
    ) -> None:
        """Darken (or light) the inner rim of a shape on the side that lies ``towards``."""
        body = self.blur(self.shift(mask, -towards[0], -towards[1]), radius)
        self.paint(mask * (1 - body), colour, strength)

    def cast(
        self, mask: Mask, onto: Mask, colour: Colour, strength: float, *, by: Point, radius: float
    ) -> None:
        """The soft shadow of one shape on another."""
        self.paint(self.blur(self.shift(mask, *by), radius) * onto, colour, strength)

    def halved(self, values: Array) -> Array:
        """(side, side, ...) averaged to (size, size, ...)."""
        size = self.side // 2
        return cast(Array, values.reshape(size, 2, size, 2, *values.shape[2:]).mean((1, 3)))

    def picture(self) -> NDArray[np.uint8]:
        """(size, size, 3)."""
        return np.clip(np.rint(self.halved(self.pixels)), 0, 255).astype(np.uint8)


def _box(mask: Mask, margin: int) -> tuple[slice, slice] | None:
    """The rows and columns where there is something, and ``margin`` pixels around."""
    found = []
    for axis in (1, 0):
        lines = np.flatnonzero(mask.any(axis))
        if not len(lines):
            return None
        found.append(slice(max(0, int(lines[0]) - margin), int(lines[-1]) + 1 + margin))
    return found[0], found[1]


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """``share`` of the way from one colour to another."""
    blended = [round(a + share * (b - a)) for a, b in zip(first, second, strict=True)]
    return (blended[0], blended[1], blended[2])
