"""The source's own fine detail on rendered frames: sharper than the model's resolution.

The networks work on a small square. What that square lacks of the source (its pixels less those of
the small square, enlarged) is moved by the same deformation and added to the enlarged frame,
wherever the frame shows the source and not something that the generator painted.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.runtime.engine import Rendering

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]

LARGEST_PX = 1440
WORTH = 1.15
"""How many times larger than the model's a square must be for detail to be worth the work."""
_SEEN_FROM, _SEEN_SURELY = 0.35, 0.8
# Grey levels between the frame and the moved source: detail fades from the first to the second,
# by the first pair where the source isn't seen and by the second where it is.
_ALIKE, _UNLIKE = (3.0, 10.0), (8.0, 34.0)
_BLUR = 5


class Detail:
    """Prepared for one square of a source; then called for each of its frames."""

    def __init__(self, whole: Frame, small: Frame) -> None:
        """Prepare.

        Args:
            whole: (n, n, 3) the square of the source at the size that is wanted.
            small: (r, r, 3) the same square, as the model saw it.
        """
        self.side = whole.shape[0]
        self._small = small
        coarse = _enlarged(small, self.side)
        self._fine = whole.astype(np.int16) - coarse

    def __call__(self, rendering: Rendering) -> Frame:
        """The frame at (n, n, 3), with detail."""
        places = sampled_places(rendering.deformation, self.side)
        fine = cv2.remap(
            self._fine, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        weight = cv2.merge([self._weight(rendering)] * 3)
        added = cv2.multiply(fine, weight, dtype=cv2.CV_16S)
        coarse = _enlarged(rendering.frame, self.side)
        return np.asarray(cv2.add(coarse, added, dtype=cv2.CV_8U), np.uint8)

    def _weight(self, rendering: Rendering) -> Floats:
        """(n, n) 1 where the frame is the moved source, 0 where it is something else."""
        side = self._small.shape[0]
        places = sampled_places(rendering.deformation, side)
        moved = cv2.remap(self._small, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        red, green, blue = cv2.split(cv2.absdiff(rendering.frame, moved))
        widest = cv2.max(cv2.max(red, green), blue).astype(np.float32)
        apart = cv2.blur(widest, (_BLUR, _BLUR))
        seen: Floats | float = 1.0
        if rendering.occlusion is not None:
            share = (rendering.occlusion - _SEEN_FROM) / (_SEEN_SURELY - _SEEN_FROM)
            share = np.clip(share, 0, 1).astype(np.float32)
            seen = cv2.resize(share, (side, side), interpolation=cv2.INTER_LINEAR)
        alike, unlike = (low + (high - low) * seen for low, high in (_ALIKE, _UNLIKE))
        weight = np.clip((unlike - apart) / (unlike - alike), 0, 1).astype(np.float32)
        wide = cv2.resize(weight, (self.side, self.side), interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide, np.float32)


def sampled_places(deformation: Floats, side: int) -> tuple[Floats, Floats]:
    """Where a picture of ``side`` px is sampled, x and y in pixels, (side, side) each.

    Corners of the deformation (h, w, 2) stay corners, as the networks enlarge it.
    """
    (above, down), (left, across) = (_between(count, side) for count in deformation.shape[:2])
    places = (deformation.astype(np.float32).transpose(2, 0, 1) + 1) * np.float32((side - 1) / 2)
    # Not as products of matrices: BLAS keeps its threads spinning, and the networks want the cores.
    wide = places[:, :, left]
    wide += (places[:, :, left + 1] - wide) * across
    steps = np.diff(wide, axis=1)
    x, y = wide[:, above] + steps[:, above] * down[:, None]
    return x, y


@lru_cache(maxsize=16)
def _between(count: int, side: int) -> tuple[NDArray[np.int64], Floats]:
    """Linear interpolation of ``count`` values at ``side`` places, ends on ends.

    The value before each place, and how far it is on the way to the next. OpenCV would round places
    to a 32nd of a cell, which is seen where a cell spans ten pixels.
    """
    places = np.linspace(0, count - 1, side)
    before = np.minimum(places.astype(np.int64), count - 2)
    return before, (places - before).astype(np.float32)


def _enlarged(frame: Frame, side: int) -> Frame:
    wide = cv2.resize(frame, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, np.uint8)
