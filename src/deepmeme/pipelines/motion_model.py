"""``load_model``: a motion model as a Python object, frames in and frames out."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.pipelines.parts import transfer_parts
from deepmeme.runtime.engine import KeypointArrays, ModelInfo, MotionEngine
from deepmeme.runtime.load import load_engine

CALIBRATION_FRAMES = 8


class MotionModel:
    """A loaded motion model.

    Example:
        >>> model = deepmeme.load_model("portrait")
        >>> for frame in model.animate_frames(picture, driving_frames):
        ...     show(frame)
    """

    def __init__(self, engine: MotionEngine) -> None:
        self.engine = engine

    @property
    def resolution(self) -> int:
        """Side in pixels of the square frames that go in and come out."""
        return self.engine.resolution

    def info(self) -> ModelInfo:
        """Name, engine, precision, device, size."""
        return self.engine.info()

    def keypoints(self, frame: NDArray[Any]) -> KeypointArrays:
        """Keypoints of one RGB frame (h, w, 3), uint8 or float in [0, 1]; n = 1."""
        return self.engine.detect(np.asarray(frame)[None])

    def animate_frames(
        self,
        source: NDArray[Any],
        driving: Iterable[NDArray[Any]],
        *,
        relative: bool = True,
        adapt_scale: bool = True,
        anchor: int = 0,
    ) -> Iterator[NDArray[np.uint8]]:
        """Move ``source`` like ``driving``; one uint8 frame for each driving frame, in order.

        Args:
            source: RGB (h, w, 3) at the model's resolution, uint8 or float in [0, 1].
            driving: RGB frames of the same kind; read lazily, never held.
            relative: move the source by how the driver moves from its anchor frame, instead of
                copying the driver's keypoints.
            adapt_scale: scale that movement to the size of the source (relative only).
            anchor: the driving frame whose pose is the source's. Frames before it are kept in
                memory until it comes.

        Raises:
            InputError: no frames, wrong shape or range, or fewer frames than the anchor.
        """
        if anchor < 0:
            raise InputError(f"anchor={anchor}: frames are counted from 0.")
        frames = iter(driving)
        head = list(islice(frames, max(anchor + 1, self._frames_wanted_first())))
        if len(head) <= anchor:
            raise InputError(
                f"The driving has {len(head)} frame(s); frame {anchor} cannot be its anchor."
            )
        self._calibrate(source, head)
        encoded = self.engine.encode(source)
        still = self.keypoints(source)
        start = self.keypoints(head[anchor])

        def motions() -> Iterator[KeypointArrays]:
            for frame in chain(head, frames):
                yield transfer_parts(
                    still,
                    self.keypoints(frame),
                    start,
                    names=self.info().keypoint_names,
                    relative=relative,
                    adapt_scale=adapt_scale,
                )

        yield from self.engine.render_stream(encoded, motions())

    def _frames_wanted_first(self) -> int:
        return CALIBRATION_FRAMES if self.engine.needs_calibration else 1

    def _calibrate(self, source: NDArray[Any], frames: list[NDArray[Any]]) -> None:
        if self.engine.needs_calibration:
            self.engine.calibrate(source, frames[:CALIBRATION_FRAMES])


def load_model(
    name_or_path: str | Path,
    config: str | Path | None = None,
    *,
    engine: str = "auto",
    precision: str = "auto",
    device: str = "auto",
    align_corners: bool | None = None,
) -> MotionModel:
    """Load a motion model.

    Args:
        name_or_path: a name from ``deepmeme models list``, a deepmeme model folder or file, or a
            published ``.pth.tar``.
        config: the published YAML, for a ``.pth.tar``.
        engine: ``auto``, ``openvino`` or ``torch``.
        precision: ``auto``, ``fp32``, ``bf16``, ``fp16`` or ``int8``.
        device: ``auto``, ``cpu``, ``cuda``, ``mps``.
        align_corners: True reproduces PyTorch 1.0's warps, False (the default for published
            weights) today's.
    """
    return MotionModel(
        load_engine(
            name_or_path,
            config,
            engine=engine,
            precision=precision,
            device=device,
            align_corners=align_corners,
        )
    )
