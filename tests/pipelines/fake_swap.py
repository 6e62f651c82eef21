"""A stand-in for a trained swap that changes faces in a way that tests can measure."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.runtime.swap import Side, SwapInfo, Swapped

TINT = {"a": (1.0, 1.0, 1.0), "b": (0.35, 0.6, 1.0)}


class FakeSwap:
    """A's faces as they are, B's tinted; the mask an ellipse. Counts what it is asked."""

    def __init__(self, resolution: int = 64, *, plain: tuple[float, float, float] | None = None):
        """``plain`` gives every face of B this one colour."""
        self._info = SwapInfo("fake", "quick", resolution, ("Ann", "Bob"), "0" * 64)
        self._plain = plain
        self.asked: list[Side] = []

    @property
    def info(self) -> SwapInfo:
        return self._info

    def swap(self, faces: NDArray[Any], to: Side) -> Swapped:
        size = self._info.resolution
        assert faces.shape[1:] == (size, size, 3) and faces.dtype == np.uint8
        self.asked += [to] * len(faces)
        made = faces.astype(np.float32) / 255 * np.float32(TINT[to])
        if to == "b" and self._plain is not None:
            made[...] = self._plain
        mask = np.zeros((size, size), np.float32)
        middle = (size - 1) / 2
        cv2.ellipse(mask, ((middle, middle), (0.8 * size, 0.9 * size), 0.0), 1.0, -1, cv2.LINE_8)
        return Swapped(made, np.repeat(mask[None], len(faces), axis=0))
