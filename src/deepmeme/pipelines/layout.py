"""What the frame of a result shows: the result alone, all three side by side, or a grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.media.caption import banner, meme_overlay
from deepmeme.media.label import Area, label_height, label_overlay
from deepmeme.media.montage import (
    BACKDROP,
    DRIVING,
    QUIET,
    RESULT,
    SOURCE,
    Colour,
    fit,
    resize,
    write,
)
from deepmeme.media.overlay import Overlay
from deepmeme.pipelines.options import AnimateOptions

Frame = NDArray[np.uint8]

_WIDEST = 1920
_LABELLED_FROM = 96  # px of a cell; smaller ones have no room for words


class Slot(NamedTuple):
    """Where a moving picture goes, in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """A canvas prepared once, with places for what moves."""

    name: str
    canvas: Frame | None
    """None where the only result is the whole frame."""
    results: tuple[Slot, ...]
    driving: Slot | None
    size: tuple[int, int]
    overlays: tuple[Overlay, ...] = ()

    def compose(self, driving: Frame | None, results: Sequence[Frame]) -> Frame:
        """One frame of the result."""
        if self.canvas is None:
            frame = resize(results[0], *self.size)
            if self.overlays and frame is results[0]:
                frame = frame.copy()
        else:
            frame = self.canvas.copy()
            for slot, result in zip(self.results, results, strict=True):
                _put(frame, result, slot)
            if self.driving is not None and driving is not None:
                _put(frame, driving, self.driving)
        for overlay in self.overlays:
            overlay.draw_on(frame)
        return frame


def choose_layout(
    options: AnimateOptions, sources: Sequence[Frame], results: Sequence[tuple[int, int]],
    *, has_driving: bool, resolution: int,
) -> Layout:  # fmt: skip
    """The layout for these options.

    Args:
        options: the user's.
        sources: each source as it is shown.
        results: width and height of each subject's frames.
        has_driving: whether there are driving frames to show.
        resolution: of the model; a cell's size unless the options say.
    """
    name = layout_name(options, len(sources))
    cell = cell_side(options, len(sources), resolution)
    if cell is None:
        layout = _alone(results[0], options.size)
    elif name == "result":
        layout = _row(len(sources), cell)
    elif name == "side-by-side" and len(sources) == 1:
        layout = _side_by_side(sources[0], cell, has_driving)
    else:
        layout = _grid(sources, cell, has_driving)
    if cell is not None and layout.canvas is not None:
        layout = _with_banners(layout, layout.canvas, cell, options)
    return replace(layout, overlays=_overlays(layout, options))


def _overlays(layout: Layout, options: AnimateOptions) -> tuple[Overlay, ...]:
    """Captions over the only picture, and the label in a corner of what was made."""
    width, height = layout.size
    text, corner = options.label_shown, options.label_corner
    overlays = []
    if layout.canvas is None and (options.caption_top.strip() or options.caption_bottom.strip()):
        free = label_height(width, height, text) if text else 0
        overlays.append(
            meme_overlay(
                width,
                height,
                top=options.caption_top,
                bottom=options.caption_bottom,
                keep_above=free if corner.startswith("top") else 0,
                keep_below=free if corner.startswith("bottom") else 0,
            )
        )
    if text:
        area = _around(layout.results)
        overlays.append(label_overlay(width, height, text, corner=corner, area=area))
    return tuple(overlays)


def _around(slots: Sequence[Slot]) -> Area:
    """The smallest rectangle that holds all of them."""
    x, y = min(slot.x for slot in slots), min(slot.y for slot in slots)
    right, bottom = (
        max(slot.x + slot.width for slot in slots),
        max(slot.y + slot.height for slot in slots),
    )
    return Area(x, y, right - x, bottom - y)


def _with_banners(layout: Layout, canvas: Frame, cell: int, options: AnimateOptions) -> Layout:
    """Captions above and below the cells, so that they cover no face."""
    width, high = layout.size[0], _banner_height(cell)
    texts = (options.caption_top.strip(), options.caption_bottom.strip())
    top, bottom = (banner(width, high, text, BACKDROP) if text else None for text in texts)
    strips = [strip for strip in (top, canvas, bottom) if strip is not None]
    down = 0 if top is None else high
    whole = np.concatenate(strips)
    moved = tuple(slot._replace(y=slot.y + down) for slot in layout.results)
    driving = layout.driving
    return replace(
        layout,
        canvas=whole,
        results=moved,
        driving=None if driving is None else driving._replace(y=driving.y + down),
        size=(width, whole.shape[0]),
    )


def _banner_height(cell: int) -> int:
    high = max(24, cell // 4)
    return high + high % 2


def layout_name(options: AnimateOptions, num_sources: int) -> str:
    """The layout that ``auto`` stands for."""
    if options.layout != "auto":
        return options.layout
    return "grid" if num_sources > 1 else "result"


def cell_side(options: AnimateOptions, num_sources: int, resolution: int) -> int | None:
    """Side in pixels of a layout's cells; None where the only result is the whole frame."""
    name = layout_name(options, num_sources)
    if name == "result" and num_sources == 1:
        return None
    columns = num_sources + (name != "result")
    columns = 3 if name == "side-by-side" and num_sources == 1 else columns
    side = options.size or min(resolution, (_WIDEST - 8) // columns - 8)
    return max(32, side - side % 2)


def scaled_size(width: int, height: int, side: int) -> tuple[int, int]:
    """This shape with ``side`` as its longer side; even numbers, as H.264 needs them."""
    half = side / max(width, height) / 2
    return max(2, 2 * round(width * half)), max(2, 2 * round(height * half))


def _alone(result: tuple[int, int], side: int | None) -> Layout:
    width, height = result if side is None else scaled_size(*result, side)
    size = (width + width % 2, height + height % 2)  # yuv420p has even sides
    return Layout("result", None, (Slot(0, 0, *size),), None, size)


def _row(count: int, cell: int) -> Layout:
    gap = _gap(cell)
    canvas = _blank(gap + count * (cell + gap), cell + 2 * gap)
    slots = tuple(Slot(gap + i * (cell + gap), gap, cell, cell) for i in range(count))
    return Layout("result", canvas, slots, None, (canvas.shape[1], canvas.shape[0]))


def _side_by_side(source: Frame, cell: int, has_driving: bool) -> Layout:
    gap, band = _gap(cell), _band(cell)
    names: list[tuple[str, Colour]] = [("source", SOURCE), ("result", RESULT)]
    if has_driving:
        names.insert(0, ("driving", DRIVING))
    canvas = _blank(gap + len(names) * (cell + gap), cell + 2 * gap + band)
    slots = [Slot(gap + i * (cell + gap), gap, cell, cell) for i in range(len(names))]
    for slot, (name, colour) in zip(slots, names, strict=True):
        _mark(canvas, slot, colour, name)
    _put(canvas, source, slots[-2])
    driving = slots[0] if has_driving else None
    size = (canvas.shape[1], canvas.shape[0])
    return Layout("side-by-side", canvas, (slots[-1],), driving, size)


def _grid(sources: Sequence[Frame], cell: int, has_driving: bool) -> Layout:
    """Sources above, the driving video at the far left below, its animations beside it."""
    gap, left = _gap(cell), 1 if has_driving else 0
    columns = len(sources) + left
    canvas = _blank(gap + columns * (cell + gap), gap + 2 * (cell + gap))
    across = [gap + i * (cell + gap) for i in range(columns)]
    below = 2 * gap + cell
    for x, source in zip(across[left:], sources, strict=True):
        slot = Slot(x, gap, cell, cell)
        _put(canvas, source, slot)
        _mark(canvas, slot, SOURCE)
        _mark(canvas, Slot(x, below, cell, cell), RESULT)
    driving = None
    if has_driving:
        driving = Slot(gap, below, cell, cell)
        _mark(canvas, driving, DRIVING)
        _write_legend(canvas, Slot(gap, gap, cell, cell))
    results = tuple(Slot(x, below, cell, cell) for x in across[left:])
    return Layout("grid", canvas, results, driving, (canvas.shape[1], canvas.shape[0]))


def _write_legend(canvas: Frame, slot: Slot) -> None:
    """The empty corner says which way to read."""
    if slot.width < _LABELLED_FROM:
        return
    size = max(10, slot.width // 15)
    right, bottom = slot.x + slot.width, slot.y + slot.height
    middle = slot.y + slot.height * 0.5
    for step, (text, colour) in enumerate(
        (("source  \u2192", SOURCE), ("driving  \u2193", DRIVING), ("result  \u2198", RESULT))
    ):
        y = middle + (step - 1) * size * 1.9 + size * 0.35
        write(canvas, text, (slot.x + right) / 2, y, size=size, colour=colour, centre=True)
    if slot.width >= 2 * _LABELLED_FROM:
        small = max(10, slot.width // 20)
        write(canvas, "deepmeme", slot.x, bottom - 2, size=small, colour=QUIET)


def _gap(cell: int) -> int:
    gap = max(4, cell // 32)
    return gap + gap % 2


def _band(cell: int) -> int:
    band = max(18, cell // 11)
    return band + band % 2 if cell >= _LABELLED_FROM else 0


def _mark(canvas: Frame, slot: Slot, colour: Colour, name: str = "") -> None:
    """A thin line of colour under the slot, and its name if there is a band for it."""
    line = max(2, slot.width // 110)
    below = slot.y + slot.height
    canvas[below : below + line, slot.x : slot.x + slot.width] = colour
    if name and slot.width >= _LABELLED_FROM:
        size = max(11, slot.width // 18)
        middle = slot.x + slot.width / 2
        write(
            canvas, name, middle, below + line + size * 1.25, size=size, colour=colour, centre=True
        )


def _blank(width: int, height: int) -> Frame:
    canvas = np.empty((height + height % 2, width + width % 2, 3), np.uint8)
    canvas[...] = BACKDROP
    return canvas


def _put(canvas: Frame, frame: Frame, slot: Slot) -> None:
    inside = canvas[slot.y : slot.y + slot.height, slot.x : slot.x + slot.width]
    inside[...] = fit(frame, slot.width, slot.height)
