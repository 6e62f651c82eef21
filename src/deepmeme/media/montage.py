"""Pictures beside each other: resizing, letterboxing, and sheets of labelled tiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deepmeme.media.lettering import draw_text, text_width

Frame = NDArray[np.uint8]
Colour = tuple[int, int, int]

SOURCE: Colour = (76, 141, 255)
"""Blue: what comes from the source, in every picture that explains."""
DRIVING: Colour = (255, 153, 51)
"""Orange: what comes from the driving video."""
RESULT: Colour = (62, 190, 118)
"""Green: what the model made."""
BACKDROP: Colour = (21, 23, 28)
INK: Colour = (233, 235, 239)
QUIET: Colour = (148, 153, 163)


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet, with its caption and the colour of its frame."""

    frame: Frame | None
    label: str = ""
    accent: Colour | None = None


def resize(frame: Frame, width: int, height: int) -> Frame:
    """``frame`` at exactly this size: averaged when smaller, cubic when larger."""
    if frame.shape[:2] == (height, width):
        return frame
    shrinks = height * width < frame.shape[0] * frame.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(frame, (width, height), interpolation=how), np.uint8)


def fit(frame: Frame, width: int, height: int, *, fill: Colour = BACKDROP) -> Frame:
    """The whole of ``frame`` inside this size, centred, its proportions kept."""
    scale = min(width / frame.shape[1], height / frame.shape[0])
    inner_w = max(1, min(width, round(frame.shape[1] * scale)))
    inner_h = max(1, min(height, round(frame.shape[0] * scale)))
    inner = resize(frame, inner_w, inner_h)
    if (inner_w, inner_h) == (width, height):
        return inner
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[...] = fill
    x, y = (width - inner_w) // 2, (height - inner_h) // 2
    canvas[y : y + inner_h, x : x + inner_w] = inner
    return canvas


def write(
    canvas: Frame,
    text: str,
    x: float,
    y: float,
    *,
    size: int,
    colour: Colour = INK,
    centre: bool = False,
) -> None:
    """Write one line into ``canvas``, its baseline at ``y`` px, from or around ``x`` px."""
    left = x - text_width(text, size, "label") / 2 if centre else x
    picture = Image.fromarray(canvas)
    draw_text(picture, (left, y), text, size, fill=colour)
    canvas[...] = np.asarray(picture)


def tiled(pictures: Sequence[Frame], *, together: int = 1) -> Frame:
    """Pictures (n, h, w, 3) of one size beside and below each other, as square as can be; so many
    ``together`` stay in one row."""
    across = together * max(1, round(math.sqrt(len(pictures)) / together))
    height, width = pictures[0].shape[:2]
    canvas = np.full((-(-len(pictures) // across) * height, across * width, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        y, x = divmod(number, across)
        canvas[y * height : (y + 1) * height, x * width : (x + 1) * width] = picture
    return canvas


def sheet(
    rows: Sequence[Sequence[Tile]],
    *,
    cell: int = 256,
    title: str = "",
    note: str = "",
    backdrop: Colour = BACKDROP,
) -> Frame:
    """A contact sheet: rows of tiles of ``cell`` px, each with its label below.

    A tile without a frame leaves its place empty. Sides are even numbers.
    """
    gap = max(6, cell // 16)
    letter = max(11, cell // 15)
    band = round(letter * 1.9)
    head = round(letter * 3.2) if title else gap
    foot = round(letter * 2.4) if note else gap
    columns = max(len(row) for row in rows)
    width = gap + columns * (cell + gap)
    height = head + len(rows) * (cell + band) + foot
    canvas = Image.new("RGB", (width + width % 2, height + height % 2), backdrop)
    if title:
        draw_text(canvas, (gap, head * 0.62), title, round(letter * 1.5), fill=INK)
    for down, row in enumerate(rows):
        for across, tile in enumerate(row):
            corner = (gap + across * (cell + gap), head + down * (cell + band))
            _draw_tile(canvas, tile, corner, cell, letter)
    if note:
        draw_text(canvas, (gap, height - foot * 0.42), note, letter, fill=QUIET)
    return np.asarray(canvas)


def _draw_tile(
    canvas: Image.Image, tile: Tile, corner: tuple[int, int], cell: int, letter: int
) -> None:
    if tile.frame is None:
        return
    x, y = corner
    canvas.paste(Image.fromarray(fit(tile.frame, cell, cell)), corner)
    if tile.accent is not None:
        pen = ImageDraw.Draw(canvas)
        line = max(2, cell // 85)
        pen.rectangle((x, y + cell - line, x + cell - 1, y + cell - 1), fill=tile.accent)
    colour = tile.accent if tile.accent is not None else INK
    draw_text(canvas, (x, y + cell + letter * 1.35), tile.label, letter, fill=colour)
