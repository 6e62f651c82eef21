"""The models under test and the baselines beside them: all move one source like some frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.montage import resize
from deepmeme.pipelines.anchor import find_anchor
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.parts import transfer_parts
from deepmeme.runtime.engine import KeypointArrays, MotionEngine

Frame = NDArray[np.uint8]

STILL, AFFINE = "still", "affine"
_CALIBRATION_FRAMES = 8


class Played(NamedTuple):
    """What a contender made of the frames."""

    name: str
    frames: list[Frame]
    """One for each driving frame, all of the side that is judged."""
    fps: float = float("nan")
    """Driving frames a second: keypoints and rendering, without reading and judging."""


@dataclass(frozen=True)
class Model:
    """A model under test."""

    name: str
    engine: MotionEngine

    def watch(self, frames: Sequence[Frame]) -> tuple[list[KeypointArrays], float]:
        """Keypoints of each frame, and the seconds that it took."""
        side = self.engine.resolution
        small = [resize(frame, side, side)[None] for frame in frames]
        started = perf_counter()
        found = [self.engine.detect(frame) for frame in small]
        return found, perf_counter() - started

    def render(self, source: Frame, motions: Sequence[KeypointArrays]) -> Iterator[Frame]:
        """The source with these keypoints, (r, r, 3) at the model's own resolution."""
        yield from self.engine.render_stream(self.engine.encode(source), motions)

    def calibrate(self, source: Frame, frames: Sequence[Frame]) -> None:
        """Once, for an engine that was asked for int8 and has no ranges yet."""
        if self.engine.needs_calibration:
            side = self.engine.resolution
            few = [resize(frame, side, side) for frame in frames[:_CALIBRATION_FRAMES]]
            self.engine.calibrate(resize(source, side, side), few)


class Motion(NamedTuple):
    """How a model would move a source."""

    start: KeypointArrays
    moved: list[KeypointArrays]
    anchor: int
    """Driving frame that counts as "no motion yet"."""
    seconds: float


def self_motion(model: Model, frames: Sequence[Frame]) -> Motion:
    """The first frame moved to each frame's own keypoints, as in the papers' reconstruction."""
    model.calibrate(frames[0], frames)
    found, seconds = model.watch(frames)
    return Motion(found[0], found, 0, seconds)


def carried_motion(model: Model, source: Frame, frames: Sequence[Frame]) -> Motion:
    """Another source moved by how the driver moves since the frame that is most like it.

    The product's transfer and anchor, without its smoothing.
    """
    model.calibrate(source, frames)
    names = model.engine.info().keypoint_names
    start = model.watch([source])[0][0]
    found, seconds = model.watch(frames)
    anchor = find_anchor(start, found, names)
    limit = AnimateOptions().max_turn
    moved = [
        transfer_parts(start, one, found[anchor], names=names, max_turn_deg=limit) for one in found
    ]
    return Motion(start, moved, anchor, seconds)


def play(model: Model, source: Frame, motion: Motion, side: int) -> Played:
    """The model's own frames, and how fast they came."""
    small = resize(source, model.engine.resolution, model.engine.resolution)
    started = perf_counter()
    frames = list(model.render(small, motion.moved))
    seconds = perf_counter() - started + motion.seconds
    shown = [resize(frame, side, side) for frame in frames]
    return Played(model.name, shown, len(frames) / max(seconds, 1e-9))


def play_still(source: Frame, count: int, side: int) -> Played:
    """The source, held."""
    return Played(STILL, [resize(source, side, side)] * count)


def play_affine(source: Frame, motion: Motion, side: int) -> Played:
    """The source warped by the one affine map that fits each frame's keypoints best."""
    picture = resize(source, side, side)
    frames = [affine_warp(picture, motion.start.xy[0], moved.xy[0]) for moved in motion.moved]
    return Played(AFFINE, frames)


def affine_warp(picture: Frame, start: NDArray[np.floating], end: NDArray[np.floating]) -> Frame:
    """``picture`` moved as points (k, 2) in [-1, 1] go, by least squares; the rim goes on."""
    half_x, half_y = (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2
    size = np.array([half_x, half_y])
    here = np.column_stack([(np.asarray(end, np.float64) + 1) * size, np.ones(len(end))])
    back, *_ = np.linalg.lstsq(here, (np.asarray(start, np.float64) + 1) * size, rcond=None)
    warped = cv2.warpAffine(
        picture,
        back.T,
        (picture.shape[1], picture.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)
