"""A motion engine in NumPy whose answers are known: three dots are its keypoints, rendering shifts.

A driving picture shows a red, a green and a blue dot on grey; their centroids are the keypoints. A
frame is rendered by moving the source by the mean movement of the keypoints. So a test can ask
where things are in the result.
"""

import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.runtime.engine import Inspection, KeypointArrays, ModelInfo, Rendering

Frame = NDArray[np.uint8]
SIDE = 64


class StubHandle(NamedTuple):
    """The source and where its dots are."""

    frame: Frame
    xy: NDArray[np.float32]


class StubEngine:
    """Implements :class:`deepmeme.runtime.engine.MotionEngine`."""

    needs_calibration = False

    def __init__(self, *, framing: float = 0.0, resolution: int = SIDE) -> None:
        self.resolution = resolution
        self.rendered = 0
        self.interrupt_at = -1
        """Press Ctrl-C when so many frames were rendered."""
        self._info = ModelInfo(
            name="stub",
            family="fomm",
            engine="numpy",
            precision="fp32",
            device="cpu",
            resolution=resolution,
            num_keypoints=3,
            parameters=0,
            sha256="0" * 64,
            framing=framing,
        )

    def info(self) -> ModelInfo:
        return self._info

    def pretend(self, **facts: Any) -> None:
        """From now on a model with these facts."""
        self._info = replace(self._info, **facts)

    def calibrate(self, source: NDArray[Any], driving: Sequence[NDArray[Any]]) -> None:
        pass

    def detect(self, frames: NDArray[Any]) -> KeypointArrays:
        assert frames.shape[1:] == (self.resolution, self.resolution, 3), frames.shape
        return KeypointArrays(np.stack([dots(frame) for frame in frames]))

    def encode(self, source: NDArray[Any]) -> StubHandle:
        return StubHandle(source, dots(source))

    def render(self, source: StubHandle, motion: KeypointArrays) -> Frame:
        return np.stack([self._render(source, xy) for xy in motion.xy])

    def render_stream(
        self, source: StubHandle, motions: Iterable[KeypointArrays]
    ) -> Iterator[Frame]:
        for motion in motions:
            if self.rendered == self.interrupt_at:
                signal.raise_signal(signal.SIGINT)
            yield self._render(source, motion.xy[0])

    def trace_stream(
        self, source: StubHandle, motions: Iterable[KeypointArrays]
    ) -> Iterator[Rendering]:
        for motion in motions:
            yield Rendering(self._render(source, motion.xy[0]), *self._traced(source, motion))

    def trace(self, source: StubHandle, motion: KeypointArrays) -> Rendering:
        return next(self.trace_stream(source, [motion]))

    def _traced(
        self, source: StubHandle, motion: KeypointArrays
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        line = np.linspace(-1, 1, 16, dtype=np.float32)
        grid = np.stack(np.meshgrid(line, line), -1) - (motion.xy[0] - source.xy).mean(axis=0)
        return grid.astype(np.float32), np.ones((16, 16), np.float32)

    def _render(self, source: StubHandle, xy: NDArray[np.float32]) -> Frame:
        self.rendered += 1
        shift = (xy - source.xy).mean(axis=0) * (self.resolution - 1) / 2
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
        size = (self.resolution, self.resolution)
        moved = cv2.warpAffine(source.frame, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    def inspect(self, source: StubHandle, motion: KeypointArrays) -> Inspection:
        frame = self._render(source, motion.xy[0])
        grid, seen = self._traced(source, motion)
        return Inspection(frame.astype(np.float32) / 255, grid, seen, frame)


class StubModel:
    """What ``load_model`` gives."""

    def __init__(self, engine: StubEngine) -> None:
        self.engine = engine


def dots(frame: NDArray[Any]) -> NDArray[np.float32]:
    """Centroids of what is clearly red, green and blue, in [-1, 1]; the middle if there is none."""
    pixels = np.asarray(frame, np.float32)
    side = pixels.shape[0]
    points = []
    for channel in range(3):
        others = np.delete(pixels, channel, axis=2).max(axis=2)
        weight = np.clip(pixels[..., channel] - others - 60, 0, None)
        total = weight.sum()
        if total == 0:
            points.append((0.0, 0.0))
            continue
        y, x = np.mgrid[0:side, 0:side]
        centre = ((weight * x).sum() / total, (weight * y).sum() / total)
        points.append((2 * centre[0] / (side - 1) - 1, 2 * centre[1] / (side - 1) - 1))
    return np.asarray(points, np.float32)
