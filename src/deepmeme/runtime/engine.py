"""What a motion model is to the rest of the house: NumPy in, NumPy out.

Three stages, as in the paper's figure: ``detect`` finds keypoints in any frame, ``encode`` looks at
the source once, ``render`` moves it. An engine runs them; nobody above this file knows a tensor.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Handle = Any
"""A source after ``encode``: whatever the engine keeps of it, on whatever device."""


class KeypointArrays(NamedTuple):
    """Keypoints of n frames."""

    xy: NDArray[np.float32]
    """(n, k, 2) in [-1, 1], x right, y down."""
    jacobian: NDArray[np.float32] | None = None
    """(n, k, 2, 2) local affine maps, or None where the model has none."""

    def frame(self, index: int) -> "KeypointArrays":
        """Keypoints of one frame, n = 1."""
        rows = slice(index, index + 1 or None)
        jacobian = None if self.jacobian is None else self.jacobian[rows]
        return KeypointArrays(self.xy[rows], jacobian)


class Rendering(NamedTuple):
    """One rendered frame, and how it came from the source."""

    frame: NDArray[np.uint8]
    """(h, w, 3)"""
    deformation: NDArray[np.float32]
    """(h', w', 2) where each pixel looks in the source, xy in [-1, 1]."""
    occlusion: NDArray[np.float32] | None
    """(h', w') in [0, 1], 1 = the source shows it."""


class Inspection(NamedTuple):
    """What the networks did for one frame."""

    prediction: NDArray[np.float32]
    """(h, w, 3) in [0, 1], before rounding."""
    deformation: NDArray[np.float32]
    """(h', w', 2) where each pixel looks in the source, xy in [-1, 1]."""
    occlusion: NDArray[np.float32] | None
    """(h', w') in [0, 1], 1 = the source shows it."""
    warped: NDArray[np.uint8]
    """(h, w, 3) the source warped by the deformation alone."""


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a loaded model."""

    name: str
    family: str
    engine: str
    precision: str
    device: str
    resolution: int
    num_keypoints: int
    parameters: int
    sha256: str
    framing: float = 2.0
    keypoint_names: tuple[str, ...] | None = None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class MotionEngine(Protocol):
    """Runs the three stages of one model on one device."""

    @property
    def resolution(self) -> int:
        """Side in pixels of the square frames that the networks work on."""
        ...

    @property
    def needs_calibration(self) -> bool:
        """Whether int8 was asked for and :meth:`calibrate` has not been called yet."""
        ...

    def calibrate(self, source: NDArray[Any], driving: Sequence[NDArray[Any]]) -> object:
        """Choose int8 ranges on one source and a few driving frames."""
        ...

    def detect(self, frames: NDArray[Any]) -> KeypointArrays:
        """Keypoints of (n, h, w, 3) frames, uint8 or float in [0, 1]."""
        ...

    def encode(self, source: NDArray[Any]) -> Handle:
        """All that depends on the (h, w, 3) source alone."""
        ...

    def render(self, source: Handle, motion: KeypointArrays) -> NDArray[np.uint8]:
        """(n, h, w, 3): the source with each row of ``motion`` as its keypoints."""
        ...

    def render_stream(
        self, source: Handle, motions: Iterable[KeypointArrays]
    ) -> Iterator[NDArray[np.uint8]]:
        """One (h, w, 3) frame for each single-frame motion, in order, work overlapped."""
        ...

    def trace_stream(
        self, source: Handle, motions: Iterable[KeypointArrays]
    ) -> Iterator[Rendering]:
        """As :meth:`render_stream`, with the deformation and occlusion of each frame."""
        ...

    def trace(self, source: Handle, motion: KeypointArrays) -> Rendering:
        """One frame as soon as can be; streams have more done in the same time."""
        ...

    def inspect(self, source: Handle, motion: KeypointArrays) -> Inspection:
        """The insides of one rendered frame."""
        ...

    def info(self) -> ModelInfo:
        """Facts about the model and how it runs here."""
        ...


def as_unit_nchw(frames: NDArray[Any], resolution: int) -> NDArray[np.float32]:
    """Frames (n, h, w, 3), uint8 or float in [0, 1], as float32 (n, 3, h, w).

    Raises:
        InputError: not RGB frames of the model's resolution, or floats outside [0, 1].
    """
    frames = np.asarray(frames)
    expected = (resolution, resolution, 3)
    if frames.ndim != 4 or frames.shape[1:] != expected:
        raise InputError(
            f"The model works on RGB frames of shape {expected}; found {frames.shape[-3:]}. "
            "Resize or crop the frames first."
        )
    if frames.dtype == np.uint8:
        unit = frames.astype(np.float32) * np.float32(1 / 255)
    elif np.issubdtype(frames.dtype, np.floating):
        unit = frames.astype(np.float32)
        if not (unit.min(initial=0) >= -1e-3 and unit.max(initial=0) <= 1 + 1e-3):
            raise InputError(
                "Float frames must lie in [0, 1]; found values from "
                f"{unit.min():.3g} to {unit.max():.3g}. Divide by 255 or pass uint8."
            )
    else:
        raise InputError(f"Frames must be uint8 or float; found {frames.dtype}.")
    return np.ascontiguousarray(unit.transpose(0, 3, 1, 2))


def as_frames(unit: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(n, 3, h, w) in [0, 1] as rounded uint8 (n, h, w, 3)."""
    scaled = np.clip(unit * np.float32(255), 0, 255)
    return np.ascontiguousarray(np.rint(scaled).astype(np.uint8).transpose(0, 2, 3, 1))
