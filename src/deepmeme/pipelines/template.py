"""Motion templates: a driving video's motion in a small file, without a pixel of it.

A ``.motion.npz`` is an ordinary zip of three arrays: ``header`` (JSON as bytes), ``xy`` and, where
the model has them, ``jacobian``. It is read entry by entry against limits, never unpickled.
"""

import json
import math
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, OutputError
from deepmeme.pipelines import retime
from deepmeme.runtime.engine import KeypointArrays, ModelInfo

SUFFIX = ".motion.npz"
_FORMAT = "deepmeme motion 1"
_MAX_KEYPOINTS = 4096
_MAX_HEADER_BYTES = 1 << 20
_MAX_ARRAY_BYTES = 1 << 28  # three hours and more of 79 keypoints at 30 frames a second
_MAX_NAME = 200
_FARTHEST = 100.0


@dataclass(frozen=True)
class MotionTemplate:
    """Keypoints of every frame of a driving video, and which model found them."""

    fps: Fraction
    keypoints: KeypointArrays
    model_name: str
    model_sha256: str
    keypoint_names: tuple[str, ...] | None = None
    anchor: int = 0
    """Frame that relative motion starts from."""

    @classmethod
    def extracted(
        cls, keypoints: KeypointArrays, fps: Fraction, model: ModelInfo, *, anchor: int = 0
    ) -> "MotionTemplate":
        """What ``model`` found in all frames of a video."""
        names = model.keypoint_names
        return cls(fps, keypoints, model.name, model.sha256, names, anchor)

    @property
    def num_frames(self) -> int:
        """Frames of motion."""
        return len(self.keypoints.xy)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.num_frames / self.fps)

    def check_model(self, model: ModelInfo) -> None:
        """Refuse a model that didn't make this template.

        Raises:
            InputError: another model, whose keypoints mean something else.
        """
        if model.sha256 != self.model_sha256:
            raise InputError(
                f"This motion was extracted with {self.model_name!r} "
                f"({self.model_sha256[:12]}), the model here is {model.name!r} "
                f"({model.sha256[:12]}). Animate with the first, or extract the motion again."
            )

    def trimmed(self, start_s: float = 0.0, end_s: float | None = None) -> "MotionTemplate":
        """The part in [start_s, end_s); the anchor moves to the nearest frame that is left."""
        rows = retime.trim_indices(self.num_frames, self.fps, start_s, end_s)
        anchor = int(np.clip(self.anchor - rows[0], 0, len(rows) - 1))
        return replace(self, keypoints=retime.select(self.keypoints, rows), anchor=anchor)

    def looped(self, times: int) -> "MotionTemplate":
        """The whole, ``times`` times over."""
        rows = retime.loop_indices(self.num_frames, times)
        return replace(self, keypoints=retime.select(self.keypoints, rows))

    def ping_pong(self) -> "MotionTemplate":
        """There and back, 2 n - 2 frames."""
        rows = retime.ping_pong_indices(self.num_frames)
        return replace(self, keypoints=retime.select(self.keypoints, rows))

    def mirrored(self) -> "MotionTemplate":
        """Left and right exchanged."""
        return replace(self, keypoints=retime.mirror(self.keypoints, self.keypoint_names))

    def retimed(self, *, fps: Fraction | None = None, speed: float = 1.0) -> "MotionTemplate":
        """At another rate or speed; the anchor stays at its moment."""
        rate = self.fps if fps is None else fps
        keypoints = retime.retime(self.keypoints, self.fps, rate, speed=speed)
        moved = round(self.anchor * float(rate) / float(self.fps) / speed)
        anchor = min(moved, len(keypoints.xy) - 1)
        return replace(self, fps=rate, keypoints=keypoints, anchor=anchor)

    def save(self, path: Path | str) -> Path:
        """Write the file whole or not at all. The suffix ``.motion.npz`` is added if missing.

        Raises:
            InputError: the motion isn't one that ``load_template`` would take.
            OutputError: the folder cannot be written to.
        """
        path = Path(path)
        if not path.name.endswith(".npz"):
            path = path.with_name(path.name + SUFFIX)
        _check(self, "This motion")
        arrays: dict[str, NDArray[Any]] = {
            "header": np.frombuffer(self._header(), dtype=np.uint8),
            "xy": np.ascontiguousarray(self.keypoints.xy, dtype=np.float32),
        }
        if self.keypoints.jacobian is not None:
            arrays["jacobian"] = np.ascontiguousarray(self.keypoints.jacobian, dtype=np.float32)
        _write_whole(path, arrays)
        return path

    def _header(self) -> bytes:
        facts = {
            "format": _FORMAT,
            "fps": [self.fps.numerator, self.fps.denominator],
            "model_name": self.model_name,
            "model_sha256": self.model_sha256,
            "keypoint_names": self.keypoint_names,
            "anchor": self.anchor,
        }
        return json.dumps(facts).encode()


def load_template(path: Path | str) -> MotionTemplate:
    """Read a motion template.

    Raises:
        InputError: not there, not a motion template, damaged, too large or hostile.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _read_entries(archive, path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file. A motion template was expected.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refusal(path, f"it isn't a readable zip ({error})") from error
    template = _parse_header(entries, path)
    _check(template, str(path))
    return template


def _read_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, NDArray[Any]]:
    limits = {
        "header.npy": _MAX_HEADER_BYTES,
        "xy.npy": _MAX_ARRAY_BYTES,
        "jacobian.npy": _MAX_ARRAY_BYTES,
    }
    listed = archive.infolist()
    names = [entry.filename for entry in listed]
    if len(set(names)) != len(names) or not {"header.npy", "xy.npy"} <= set(names) <= set(limits):
        raise _refusal(path, f"it holds {', '.join(names[:4])[:_MAX_NAME] or 'nothing'}")
    entries = {}
    for entry in listed:
        limit = limits[entry.filename]
        if entry.file_size > limit:
            raise _refusal(path, f"{entry.filename} unpacks to {entry.file_size} bytes")
        with archive.open(entry) as stream:
            content = stream.read(limit + 1)
        entries[entry.filename.removesuffix(".npy")] = _parse_array(content, entry.filename, path)
    return entries


def _parse_array(content: bytes, name: str, path: Path) -> NDArray[Any]:
    """An array from the bytes of an .npy, only if its header promises just what is there."""
    stream = BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise _refusal(path, f"{name} has a damaged header ({error})"[:_MAX_NAME]) from error
    expected = np.dtype(np.uint8) if name == "header.npy" else np.dtype("<f4")
    if dtype != expected or fortran or any(side < 0 for side in shape):
        raise _refusal(path, f"{name} is {dtype}, not {expected}")
    body = content[stream.tell() :]
    if math.prod(shape) * expected.itemsize != len(body):
        raise _refusal(path, f"{name} promises shape {shape} and has {len(body)} bytes")
    return np.frombuffer(body, dtype=expected).reshape(shape)


def _parse_header(entries: dict[str, NDArray[Any]], path: Path) -> MotionTemplate:
    try:
        facts = json.loads(entries["header"].tobytes())
        if facts["format"] != _FORMAT:
            raise ValueError(f"format {str(facts['format'])[:40]!r}")
        names = facts["keypoint_names"]
        top, bottom = facts["fps"]
        return MotionTemplate(
            fps=Fraction(_integer(top), _integer(bottom)),
            keypoints=KeypointArrays(entries["xy"], entries.get("jacobian")),
            model_name=_word(facts["model_name"]),
            model_sha256=_word(facts["model_sha256"]),
            keypoint_names=None if names is None else tuple(_word(name) for name in names),
            anchor=_integer(facts["anchor"]),
        )
    except (ValueError, KeyError, TypeError, ZeroDivisionError, RecursionError) as error:
        raise _refusal(path, f"its header is damaged ({error})"[:_MAX_NAME]) from error


def _check(template: MotionTemplate, where: str) -> None:
    xy, jacobian = template.keypoints
    if xy.ndim != 3 or xy.shape[2] != 2 or not 1 <= xy.shape[1] <= _MAX_KEYPOINTS:
        raise InputError(f"{where}: keypoints must be (n, k, 2); found {xy.shape}.")
    if not 1 <= len(xy) <= retime.MAX_FRAMES:
        raise InputError(f"{where}: has {len(xy)} frames; 1 to {retime.MAX_FRAMES} are allowed.")
    if jacobian is not None and jacobian.shape != (*xy.shape, 2):
        raise InputError(f"{where}: jacobians must be {(*xy.shape, 2)}; found {jacobian.shape}.")
    _check_values(xy, where)
    if jacobian is not None:
        _check_values(jacobian, where)
    if not np.abs(xy).max() <= _FARTHEST:
        raise InputError(f"{where}: holds keypoints far outside of the picture.")
    names = template.keypoint_names
    if names is not None and len(names) != xy.shape[1]:
        raise InputError(f"{where}: has {len(names)} names for {xy.shape[1]} keypoints.")
    if not 0 < template.fps <= 1000:
        raise InputError(f"{where}: has {template.fps} frames a second; 0 to 1000 are allowed.")
    if not 0 <= template.anchor < len(xy):
        raise InputError(f"{where}: has its anchor at {template.anchor} of {len(xy)} frames.")


def _check_values(array: NDArray[np.float32], where: str) -> None:
    if array.nbytes + 4096 > _MAX_ARRAY_BYTES:
        raise InputError(
            f"{where}: {len(array)} frames of {array.shape[1]} keypoints are too many for one "
            "file; trim the motion, or cut it into several."
        )
    # Written so that NaN fails too.
    if not np.abs(array).max() <= _FARTHEST * 1e3:
        raise InputError(f"{where}: holds values that aren't numbers or are out of range.")


def _write_whole(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type, unused-ignore]
            os.chmod(unfinished, 0o644)
            os.replace(unfinished, path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"{path}: the motion template cannot be written: {error.strerror or error}."
        ) from error


def _word(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_NAME:
        raise ValueError("a text is missing or too long")
    return value


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**12:
        raise ValueError("a whole number is missing or too large")
    return value


def _refusal(path: Path, found: str) -> InputError:
    return InputError(
        f"{path}: not a motion template: {found}. Make one with "
        "'deepmeme motion extract DRIVING -o NAME.motion.npz'."
    )
