"""What a frame of a swap shows: the result, or the video as it was beside it; and the label."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmeme.media.label import Area, label_overlay
from deepmeme.media.montage import BACKDROP, RESULT, SOURCE, resize, write
from deepmeme.media.overlay import Overlay
from deepmeme.pipelines.swap.convert_options import ConvertOptions

Frame = NDArray[np.uint8]

_WIDEST = 1920
_LABELLED_FROM = 96


@dataclass(frozen=True)
class Canvas:
    """Prepared once for frames of one size."""

    size: tuple[int, int]
    backdrop: Frame | None = None
    """None where the result is the whole frame."""
    cells: tuple[Area, ...] = ()
    overlay: Overlay | None = None

    def compose(self, before: Frame, after: Frame) -> Frame:
        """One frame; without a label and a comparison it is ``after`` itself."""
        frame = after
        if self.backdrop is not None:
            frame = self.backdrop.copy()
            for (x, y, width, height), shown in zip(self.cells, (before, after), strict=True):
                frame[y : y + height, x : x + width] = resize(shown, width, height)
        return frame if self.overlay is None else self.overlay.draw(frame)


def choose_canvas(options: ConvertOptions, size: tuple[int, int]) -> Canvas:
    """The canvas for a video of this width and height."""
    canvas = _side_by_side(*size) if options.compare else Canvas(size)
    text = options.label_shown
    if not text:
        return canvas
    area = canvas.cells[-1] if canvas.cells else None
    overlay = label_overlay(*canvas.size, text, corner=options.label_corner, area=area)
    return Canvas(canvas.size, canvas.backdrop, canvas.cells, overlay)


def _side_by_side(width: int, height: int) -> Canvas:
    """Two cells, their names below; smaller than the video where that would be too wide."""
    gap = max(4, width // 64)
    ratio = min(1.0, (_WIDEST - 3 * gap) / (2 * width))
    wide, high = (max(2, 2 * round(side * ratio / 2)) for side in (width, height))
    band = max(18, high // 14) if min(wide, high) >= _LABELLED_FROM else 0
    total_w, total_h = 2 * wide + 3 * gap, high + 2 * gap + band
    backdrop = np.empty((total_h + total_h % 2, total_w + total_w % 2, 3), np.uint8)
    backdrop[...] = BACKDROP
    cells = (Area(gap, gap, wide, high), Area(2 * gap + wide, gap, wide, high))
    line = max(2, band // 12)
    for cell, name, colour in zip(cells, ("before", "after"), (SOURCE, RESULT), strict=True):
        below = cell.y + high
        backdrop[below : below + line, cell.x : cell.x + wide] = colour
        if band:
            size = max(11, round(band * 0.55))
            middle, base = cell.x + wide / 2, below + line + size * 1.15
            write(backdrop, name, middle, base, size=size, colour=colour, centre=True)
    return Canvas((backdrop.shape[1], backdrop.shape[0]), backdrop, cells)
