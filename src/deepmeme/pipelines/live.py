"""A picture that moves while somebody moves in front of a camera: each frame is answered at once.

The source is looked at once. Then a camera's frame comes, and before the next one comes its answer:
find -> detect -> calm -> transfer -> render -> paste back. Nothing of the past is kept but a few
seconds of keypoints.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.media.image import read_image
from deepmeme.media.montage import resize
from deepmeme.pipelines.actors import carried
from deepmeme.pipelines.animate import check_face, load
from deepmeme.pipelines.camera import CameraFace
from deepmeme.pipelines.consent import Ask
from deepmeme.pipelines.driving import Track, cutoffs, join
from deepmeme.pipelines.guard import EVERY_S, Guard, open_guard
from deepmeme.pipelines.layout import scaled_size
from deepmeme.pipelines.lids import close_lids
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.smoothing import OneEuro
from deepmeme.pipelines.sources import choose_squares
from deepmeme.pipelines.squares import Square
from deepmeme.pipelines.story import DrivingStory
from deepmeme.pipelines.subject import Subject, make_subject
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.runtime.engine import KeypointArrays, MotionEngine, Rendering

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel

Frame = NDArray[np.uint8]

SMALLEST_PX, LARGEST_PX = 64, 1024
_FPS = Fraction(25)
_SLOWEST_FPS, _FASTEST_FPS = 4.0, 60.0
_REMEMBERED = 150  # frames from which is told how far this driver's eyes open
_MOVING = (
    "relative", "adapt_scale", "multiplier", "smooth", "max_turn", "part", "eyes", "mouth",
    "crop", "crop_driving", "face", "paste_back", "background", "detail", "model",
)  # fmt: skip
"""The options that count here."""


class Live:
    """One picture, moved by one camera. Frames in, frames out; memory stays the same."""

    def __init__(
        self, engine: MotionEngine, subject: Subject, options: AnimateOptions, record: Record,
        *, mirror: bool, longest: int, late: bool, guard: Guard | None,
    ) -> None:  # fmt: skip
        """As :meth:`begin` prepared it."""
        self.record = record
        self.seen = False
        """Whether the last camera frame showed a face."""
        self._engine, self._subject, self._actors = engine, subject, subject.actors
        self._options, self._names = options, engine.info().keypoint_names
        self._mirror, self._guard = mirror, guard
        self._camera = CameraFace(engine, options)
        self._calm: OneEuro | None = None
        if options.smooth > 0:
            self._calm = OneEuro(*cutoffs(options.smooth), fps=float(_FPS))
        self._lately: deque[KeypointArrays] = deque(maxlen=_REMEMBERED)
        self._anchored = False
        self._before_s, self._checked_s = float("-inf"), float("-inf")
        width, height = subject.size
        fitting = longest >= max(width, height)
        self.size = (width, height) if fitting else scaled_size(width, height, longest)
        """Width and height of the frames, in pixels."""
        self._painter = ThreadPoolExecutor(1) if late else None
        self._coming: Future[list[Rendering]] | None = None
        self._shown = self._rendered([actor.keypoints for actor in self._actors])

    @classmethod
    def begin(
        cls,
        path: str | Path,
        options: AnimateOptions | None = None,
        *,
        model: "MotionModel | None" = None,
        ask: Ask | None = None,
        mirror: bool = True,
        longest: int = 384,
        late: bool = False,
    ) -> "Live":
        """Look at the source.

        Args:
            path: of the picture.
            options: those of motion and framing count, and the model.
            model: loaded already; otherwise the options' model is loaded.
            ask: called with the source if it may show a real person; raises if it may not be.
            mirror: move like a mirror's picture; the options' ``mirror`` doesn't count.
            longest: longer side of the frames at most, in pixels.
            late: answer each frame with what the one before it moved: then a frame is rendered
                while the next one is looked at, and a third more are answered in a second.

        Raises:
            InputError: a picture or value that cannot be used; or nudity, where the extra
                ``guard`` is installed.
        """
        options, path = options or AnimateOptions(), Path(path)
        if not SMALLEST_PX <= longest <= LARGEST_PX:
            raise InputError(
                f"A live picture's longer side has {SMALLEST_PX} to {LARGEST_PX} pixels; "
                f"found {longest}. 384 is a good size."
            )
        picture = read_image(path, background=options.background_colour)
        guard = open_guard()
        engine = (model or load(options)).engine
        check_face(engine, options)
        squares = choose_squares(engine, [picture], [path], options, guard, ask)[0]
        options = replace(options, size=min(longest, max(picture.shape[:2])), layout="result")
        track = _before_the_camera(engine, picture, squares[0])
        subject = make_subject(engine, picture, path, squares, track, options, cell_px=None)
        facts = {name: options.as_dict()[name] for name in _MOVING} | {"mirror": mirror}
        info, inputs = engine.info(), read_inputs(source=path)
        record = Record("live", info.name, info.sha256, inputs, facts, private=True)
        return cls(
            engine, subject, options, record, mirror=mirror, longest=longest, late=late,
            guard=guard,
        )  # fmt: skip

    def frame(self, camera: Frame, *, again: bool = False, at_s: float | None = None) -> Frame:
        """The answer to what the camera sees now.

        Where it sees no face, the last answer once more.

        Args:
            camera: RGB (h, w, 3) of any size.
            again: movement counts from this frame on, or from the next one with a face; at first
                it counts from the first one with a face.
            at_s: when the camera saw it, in seconds of any clock; now, if left out.

        Raises:
            InputError: not an RGB frame of uint8; or nudity, where the extra ``guard`` is there.
        """
        _check_frame(camera)
        at_s = monotonic() if at_s is None else at_s
        self._anchored = self._anchored and not again
        facing = np.ascontiguousarray(camera[:, ::-1]) if self._mirror else camera
        found = self._camera(facing, at_s, centre=not self._anchored)
        self.seen = found is not None
        if found is None:
            return self._shown
        driving = self._calmed(found, at_s)
        if not self._anchored:
            self._actors = tuple(replace(actor, start=driving) for actor in self._actors)
            self._anchored = True
        moved = [carried(actor, driving, self._options, self._names) for actor in self._actors]
        shown = self._rendered(moved)
        if self._guard is not None and at_s - self._checked_s >= EVERY_S:
            self._guard.check(shown, "The live picture")
            self._checked_s = at_s
        self._shown = shown
        return shown

    def _calmed(self, found: KeypointArrays, at_s: float) -> KeypointArrays:
        """Without jitter, and with lids that close."""
        elapsed, self._before_s = at_s - self._before_s, at_s
        if not self._anchored:  # what the driver did before is of no use here
            self._lately.clear()
            if self._calm is not None:
                self._calm.reset()
        if self._calm is not None:
            fps = min(max(1 / max(elapsed, 1e-3), _SLOWEST_FPS), _FASTEST_FPS)
            found = self._calm(found, fps=fps)
        self._lately.append(found)
        return close_lids(join(self._lately), self._names).frame(-1)

    def _rendered(self, moved: list[KeypointArrays]) -> Frame:
        traced = self._traced(moved) if self._painter is None else self._traced_late(moved)
        squares = [
            rendering.frame if actor.detail is None else actor.detail(rendering)
            for actor, rendering in zip(self._actors, traced, strict=True)
        ]
        return resize(self._subject.assemble(squares), *self.size)

    def _traced(self, moved: list[KeypointArrays]) -> list[Rendering]:
        return [
            self._engine.trace(actor.handle, keypoints)
            for actor, keypoints in zip(self._actors, moved, strict=True)
        ]

    def _traced_late(self, moved: list[KeypointArrays]) -> list[Rendering]:
        """What was asked for the last time, while this is begun."""
        assert self._painter is not None
        before, self._coming = self._coming, self._painter.submit(self._traced, moved)
        return (before or self._coming).result()


def _before_the_camera(engine: MotionEngine, picture: Frame, square: Square) -> Track:
    """A driver who hasn't come yet: the source's own pose."""
    own = engine.detect(square.cut(picture, engine.resolution)[None])
    return Track(own, _FPS, DrivingStory("camera", "camera", "", 1, float(_FPS), None), still=True)


def _check_frame(camera: Frame) -> None:
    shape = camera.shape
    if camera.dtype != np.uint8 or camera.ndim != 3 or shape[2] != 3 or min(shape[:2]) < 16:
        raise InputError(
            f"A camera frame is RGB (h, w, 3) of uint8, from 16 x 16 pixels on; found {shape} of "
            f"{camera.dtype}."
        )
