"""Tensors that still lie in their file: name, shape and place, no bytes read yet."""

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError

DTYPES: dict[str, str] = {
    "float64": "f8",
    "float32": "f4",
    "float16": "f2",
    "bfloat16": "u2",  # widened to float32 on reading; NumPy has no such type
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint8": "u1",
    "bool": "?",
    "complex64": "c8",
    "complex128": "c16",
}


def itemsize(dtype: str) -> int:
    """Bytes of one element as it lies in the file."""
    return np.dtype(DTYPES[dtype]).itemsize


def map_file(path: Path) -> mmap.mmap:
    """The file, read-only, without reading it.

    Raises:
        InputError: missing, empty, or not readable.
    """
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except ValueError as error:  # mmap refuses zero bytes
        raise InputError(f"{path}: the file is empty. Download it again.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from error


@dataclass
class Storage:
    """A run of elements in the file; ``offset`` may become known after the tensors."""

    key: str
    dtype: str
    numel: int
    buffer: Any = None
    offset: int = -1
    byteorder: str = "<"

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        return self.numel * itemsize(self.dtype)


@dataclass(frozen=True)
class StoredTensor:
    """A view of a storage; ``array()`` reads it."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dtype(self) -> str:
        """'float32', 'bfloat16', ..."""
        return self.storage.dtype

    @property
    def numel(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of this view as stored."""
        return self.numel * itemsize(self.dtype)

    def check(self) -> None:
        """Refuse a view that leaves its storage or unfolds it without bound.

        Raises:
            WeightsError: says which number is wrong.
        """
        what = f"tensor of shape {self.shape[:8]} in storage {self.storage.key!r}"
        if len(self.shape) != len(self.strides) or len(self.shape) > 16:
            raise WeightsError(f"the {what} has {len(self.strides)} strides.")
        if min((self.offset, *self.shape, *self.strides), default=0) < 0:
            raise WeightsError(f"the {what} has a negative offset, size or stride.")
        if prod(n or 1 for n in self.shape) > 2**48:
            raise WeightsError(f"the {what} is too large for any machine.")
        if self.numel == 0:
            return
        last = self.offset + sum(
            (n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)
        )
        if last >= self.storage.numel:
            raise WeightsError(
                f"the {what} reaches element {last}, the storage has {self.storage.numel}."
            )
        if self.numel > max(self.storage.numel, 65_536):
            raise WeightsError(f"the {what} repeats {self.storage.numel} elements beyond reason.")

    def array(self) -> NDArray[Any]:
        """The numbers: a read-only view of the mapped file where that is possible."""
        storage = self.storage
        if self.numel == 0:
            return np.zeros(self.shape, "f4" if self.dtype == "bfloat16" else DTYPES[self.dtype])
        kind = np.dtype(DTYPES[self.dtype]).newbyteorder(storage.byteorder)  # type: ignore[arg-type]
        flat = np.frombuffer(storage.buffer, kind, storage.numel, storage.offset)
        view = np.lib.stride_tricks.as_strided(
            flat[self.offset :],
            self.shape,
            [
                s * kind.itemsize if n > 1 else 0
                for n, s in zip(self.shape, self.strides, strict=True)
            ],
            writeable=False,
        )
        if self.dtype == "bfloat16":
            return (view.astype("u4") << 16).view("f4")
        return view if kind.isnative else view.astype(kind.newbyteorder("="))


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of a dense row-major array."""
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def arrays(tree: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Every tensor of a flat mapping, read."""
    return {k: v.array() for k, v in tree.items() if isinstance(v, StoredTensor)}
