"""Letters and plates for frames of one size: prepared once, blended into each frame cheaply."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Frame = NDArray[np.uint8]


class Patch(NamedTuple):
    """A rectangle of the frame that something is drawn in."""

    x: int
    y: int
    ink: NDArray[np.uint16]  # (h, w, 3) colour times alpha
    clear: NDArray[np.uint16]  # (h, w, 1) 255 - alpha


@dataclass(frozen=True)
class Overlay:
    """What is drawn over frames of one size."""

    width: int
    height: int
    patches: tuple[Patch, ...]

    def draw(self, frame: Frame) -> Frame:
        """``frame`` with this on it; the given array stays as it is."""
        if not self.patches:
            return frame
        result: Frame = frame.copy()
        self.draw_on(result)
        return result

    def draw_on(self, frame: Frame) -> None:
        """The same into ``frame`` itself: only the pixels of the patches are touched.

        Raises:
            ValueError: a frame of another size.
        """
        if frame.shape != (self.height, self.width, 3):
            raise ValueError(f"overlay of {self.width}x{self.height} for a frame {frame.shape}")
        for x, y, ink, clear in self.patches:
            place = frame[y : y + ink.shape[0], x : x + ink.shape[1]]
            place[...] = (place * clear + ink + 127) // 255

    @classmethod
    def of(cls, layer: Image.Image) -> "Overlay":
        """The overlay that looks like an RGBA picture of the frame's size."""
        pixels = np.asarray(layer)
        rows = np.flatnonzero(pixels[..., 3].any(axis=1))
        patches = (_patch(pixels, band) for band in _runs(rows))
        return cls(layer.width, layer.height, tuple(patches))


def _runs(numbers: NDArray[np.intp]) -> Iterable[slice]:
    """Neighbouring numbers as slices."""
    if len(numbers):
        for run in np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1):
            yield slice(int(run[0]), int(run[-1]) + 1)


def _patch(pixels: NDArray[np.uint8], band: slice) -> Patch:
    columns = np.flatnonzero(pixels[band, :, 3].any(axis=0))
    cut = pixels[band, columns[0] : columns[-1] + 1].astype(np.uint16)
    alpha = cut[..., 3:]
    return Patch(int(columns[0]), band.start, cut[..., :3] * alpha, 255 - alpha)
