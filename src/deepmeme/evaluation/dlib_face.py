"""dlib's face network (King 2017: 29 convolutions) in OpenVINO, from TensorFlow.js files.

The weights are bytes with a scale and a least value for each array, described by a manifest.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from deepmeme.errors import WeightsError
from deepmeme.openvino_core import openvino_core

WEIGHTS_FILE = "face_recognition_model.bin"
MANIFEST_FILE = "face_recognition_model-weights_manifest.json"

_CHIP_PX = 150
_MEAN = np.array([122.782, 117.001, 104.298], np.float32)
_BLOCKS = (
    "conv32_1", "conv32_2", "conv32_3",
    "conv64_down", "conv64_1", "conv64_2", "conv64_3",
    "conv128_down", "conv128_1", "conv128_2",
    "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip
_MOST_BYTES = 64 << 20

Node = Any
Arrays = Mapping[str, NDArray[np.float32]]


class DlibFace:
    """A face chip (150, 150, 3) -> 128 numbers.

    Raises:
        WeightsError: the files are missing, damaged or another network's.
    """

    def __init__(self, weights: Path) -> None:
        arrays = read_arrays(weights)
        try:
            model = _network(arrays)
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"{weights} is not the face recognition network of face-api: {error}."
            ) from error
        exact = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._run = openvino_core().compile_model(model, "CPU", exact)

    def __call__(self, chip: NDArray[np.uint8]) -> NDArray[np.float32]:
        unit = (chip.astype(np.float32) - _MEAN) / 256
        found = self._run(unit.transpose(2, 0, 1)[None])
        return np.array(next(iter(found.values()))[0], np.float32)


def read_arrays(weights: Path) -> dict[str, NDArray[np.float32]]:
    """The arrays that a TensorFlow.js manifest beside ``weights`` describes.

    Raises:
        WeightsError: something is missing or doesn't fit.
    """
    manifest = weights.with_name(MANIFEST_FILE)
    try:
        if max(weights.stat().st_size, manifest.stat().st_size) > _MOST_BYTES:
            raise WeightsError(f"{weights} is larger than any network of its kind.")
        raw = weights.read_bytes()
        entries = [
            entry for group in json.loads(manifest.read_text()) for entry in group["weights"]
        ]
        arrays: dict[str, NDArray[np.float32]] = {}
        at = 0
        for entry in entries:
            array, at = _array(entry, raw, at)
            arrays[str(entry["name"])] = array
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(
            f"{weights} and {manifest.name} beside it cannot be read: {error}. Unpack the package "
            "again."
        ) from error
    return arrays


def _array(entry: Mapping[str, Any], raw: bytes, at: int) -> tuple[NDArray[np.float32], int]:
    """The array that begins at byte ``at``, and where the next one begins."""
    shape = tuple(int(n) for n in entry["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    packed = entry.get("quantization")
    kind = np.dtype(np.float32 if packed is None else np.uint8).newbyteorder("<")
    if (packed and packed["dtype"] != "uint8") or not 0 < count * kind.itemsize <= len(raw) - at:
        raise ValueError(f"{entry['name']} does not fit")
    values = np.frombuffer(raw, kind, count, at).astype(np.float32)
    if packed is not None:
        values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
    return values.reshape(shape), at + count * kind.itemsize


def _network(arrays: Arrays) -> ov.Model:
    chip = op.parameter([1, 3, _CHIP_PX, _CHIP_PX], np.float32)
    x = _conv(chip, arrays, "conv32_down", stride=2)
    x = op.max_pool(x, [2, 2], [1, 1], [0, 0], [0, 0], [3, 3]).output(0)
    for name in _BLOCKS:
        x = _residual(x, arrays, name)
    mean = op.reduce_mean(x, np.array([2, 3]), False)
    return ov.Model([op.matmul(mean, op.constant(arrays["fc"]), False, False)], [chip])


def _residual(x: Node, arrays: Arrays, name: str) -> Node:
    """Two convolutions beside what came in; a block that shrinks averages that and adds zeros."""
    down = "_down" in name
    out = _conv(x, arrays, f"{name}/conv1", stride=2 if down else 1)
    out = _conv(out, arrays, f"{name}/conv2", active=False)
    if down:
        x = op.avg_pool(x, [2, 2], [0, 0], [0, 0], [2, 2], True).output(0)
        (_, channels, high, _), (_, wanted, made, _) = _shape(x), _shape(out)
        x = _padded(x, wanted - channels, 0)
        out = _padded(out, 0, high - made)
    return op.relu(op.add(x, out)).output(0)


def _conv(x: Node, arrays: Arrays, name: str, *, stride: int = 1, active: bool = True) -> Node:
    """Convolution and the scale that batch norm left; only those that halve don't pad."""
    scale = arrays[f"{name}/scale/weights"]
    filters = arrays[f"{name}/conv/filters"].transpose(3, 2, 0, 1) * scale[:, None, None, None]
    bias = arrays[f"{name}/conv/bias"] * scale + arrays[f"{name}/scale/biases"]
    pad = [0, 0] if stride == 2 else [1, 1]
    kernel = op.constant(np.ascontiguousarray(filters))
    out = op.convolution(x, kernel, [stride, stride], pad, pad, [1, 1])
    out = op.add(out, op.constant(bias.reshape(1, -1, 1, 1).astype(np.float32)))
    return (op.relu(out) if active else out).output(0)


def _shape(x: Node) -> tuple[int, ...]:
    return tuple(int(n) for n in x.get_shape())


def _padded(x: Node, channels: int, side: int) -> Node:
    """Zeros behind the last channel, below the last row and right of the last column."""
    if channels <= 0 and side <= 0:
        return x
    after = op.constant(np.array([0, channels, side, side]))
    zeros = op.constant(np.zeros(4, np.int64))
    return op.pad(x, zeros, after, "constant", op.constant(np.float32(0))).output(0)
