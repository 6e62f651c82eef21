"""Reading and writing ``.safetensors`` mapped, with a text header of our own."""

import json
import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from deepmeme.errors import OutputError, WeightsError
from deepmeme.weights.stored import Storage, StoredTensor, contiguous, itemsize, map_file

MAX_HEADER_BYTES = 64 * 2**20
NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
CODES = {name: code for code, name in NAMES.items()}


@dataclass(frozen=True)
class SafetensorsFile:
    """Tensors by name and the header's text."""

    path: Path
    tensors: dict[str, StoredTensor]
    metadata: dict[str, str]


def open_safetensors(path: str | Path) -> SafetensorsFile:
    """Map a ``.safetensors`` file; no tensor is read yet.

    Raises:
        WeightsError: damaged or cut short.
    """
    path = Path(path)
    buffer = map_file(path)
    try:
        (length,) = struct.unpack_from("<Q", buffer, 0)
        if not 2 <= length <= min(MAX_HEADER_BYTES, len(buffer) - 8):
            raise ValueError(f"its header claims {length} bytes of {len(buffer)}")
        header = json.loads(bytes(buffer[8 : 8 + length]))
        metadata = header.pop("__metadata__", {})
        tensors = {
            str(key): _entry(str(key), value, buffer, 8 + length) for key, value in header.items()
        }
        return SafetensorsFile(path, tensors, {str(k): str(v) for k, v in metadata.items()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, struct.error) as error:
        raise WeightsError(
            f"{path}: damaged or cut short: {error}. Download or convert the file again."
        ) from error


def _entry(key: str, value: Any, buffer: Any, start: int) -> StoredTensor:
    dtype, shape = NAMES.get(value["dtype"]), tuple(value["shape"])
    if dtype is None or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise ValueError(f"{key}: dtype {str(value['dtype'])[:20]}, shape {shape[:8]}")
    first, last = value["data_offsets"]
    if not (type(first) is int and type(last) is int and 0 <= first <= last):
        raise ValueError(f"{key}: improper place")
    if last - first != prod(shape) * itemsize(dtype) or start + last > len(buffer):
        raise ValueError(f"{key}: {shape} of {dtype} does not fit bytes {first} to {last}")
    storage = Storage(key, dtype, prod(shape), buffer, start + first)
    tensor = StoredTensor(storage, 0, shape, contiguous(shape))
    tensor.check()
    return tensor


def write_safetensors(
    path: str | Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]
) -> Path:
    """Write whole or not at all: a temporary file beside the target, renamed at the end.

    The same tensors and text give the same bytes, which the safetensors library does not promise.

    Raises:
        OutputError: no space, no permission, no such folder.
    """
    path = Path(path)
    # widest first, so that every array begins where its type may
    order = sorted(tensors, key=lambda key: (-tensors[key].dtype.itemsize, key))
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    end = 0
    for key in order:
        array = tensors[key]
        start, end = end, end + array.nbytes
        header[key] = {
            "dtype": CODES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for key in order:
                array = tensors[key]
                file.write(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}. "
            "Check that the folder exists, may be written to, and has space left."
        ) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return path
