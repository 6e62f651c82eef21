"""PyTorch's two file formats, mapped: the pickle stream of ``.pth.tar`` and the newer zip."""

import re
import struct
import zipfile
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from deepmeme.errors import WeightsError
from deepmeme.weights.container import ADVICE, sniff_container
from deepmeme.weights.stored import Storage, StoredTensor, map_file
from deepmeme.weights.unpickle import (
    MAX_PICKLE_BYTES,
    Persistent,
    Source,
    read_pickle,
    settle,
    storage_dtype,
)

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MAX_ENTRIES = 200_000
MAX_UNFOLDED = 4
"""All tensors together may be at most so many times the file's storages."""


@dataclass(frozen=True)
class TorchFile:
    """What ``torch.save`` wrote: plain containers with :class:`StoredTensor` leaves."""

    path: Path
    container: str
    tree: Any


def open_torch(path: str | Path) -> TorchFile:
    """Map a ``torch.save`` file of either format; no tensor is read yet.

    Raises:
        InputError: missing or empty.
        WeightsError: hostile, damaged, cut short, or not a PyTorch file.
    """
    path = Path(path)
    container = sniff_container(path)
    if container not in ("torch-legacy", "torch-zip"):
        raise WeightsError(f"{path}: {ADVICE.get(container, f'It is a {container} file.')}")
    try:
        tree = _read_zip(path) if container == "torch-zip" else _read_legacy(path)
        _check_unfolded(tree)
    except WeightsError as error:
        raise WeightsError(
            f"{path}: {error}. Download the file again, from a place that you trust."
        ) from error
    return TorchFile(path, container, tree)


class _Storages:
    """The storages that a pickle names, each once."""

    def __init__(self) -> None:
        self.known: dict[str, Storage] = {}

    def persistent(self, key: tuple[Any, ...]) -> Storage:
        """('storage', type, key, device, numel[, view]) -> the storage, still without a place."""
        if len(key) not in (5, 6) or key[0] != "storage":
            raise WeightsError(f"damaged: a reference to {str(key[:1])[:40]}")
        dtype, name, numel = storage_dtype(key[1]), key[2], key[4]
        if dtype is None or not isinstance(name, str) or not re.fullmatch(r"\w{1,64}", name):
            raise WeightsError("damaged: a storage without a proper type or name")
        if type(numel) is not int or not 0 <= numel < 2**48:
            raise WeightsError(f"storage {name!r} claims {str(numel)[:40]} elements")
        if len(key) == 6 and key[5] is not None:
            raise WeightsError("storages that are views of others, which PyTorch stopped writing")
        storage = self.known.setdefault(name, Storage(name, dtype, numel))
        if (storage.dtype, storage.numel) != (dtype, numel):
            raise WeightsError(f"storage {name!r} is described in two ways")
        return storage

    @property
    def reader(self) -> Persistent:
        """For ``read_pickle``."""
        return self.persistent


def _read_legacy(path: Path) -> Any:
    buffer = map_file(path)
    source = Source(buffer)
    if read_pickle(source) != MAGIC:
        raise WeightsError("a plain pickle, not a PyTorch file")
    if read_pickle(source) != PROTOCOL:
        raise WeightsError("an unknown version of PyTorch's file format")
    system = read_pickle(source)
    little = not isinstance(system, dict) or system.get("little_endian") is not False
    storages = _Storages()
    tree = settle(read_pickle(source, storages.reader))
    keys = read_pickle(source)
    if not isinstance(keys, list):
        raise WeightsError("damaged: the list of storages is missing")
    position = source.tell()
    placed = set()
    for key in keys:
        storage = storages.known.get(key) if isinstance(key, str) else None
        if storage is None or key in placed:
            raise WeightsError(f"damaged: storage {str(key)[:40]!r} is unknown or repeated")
        place_in_stream(storage, buffer, position, "<" if little else ">")
        placed.add(key)
        position = storage.offset + storage.nbytes
    missing = storages.known.keys() - placed
    if missing:
        raise WeightsError(f"damaged: {len(missing)} storages are missing")
    return tree


def place_in_stream(storage: Storage, buffer: Any, position: int, byteorder: str) -> None:
    """A storage of the legacy stream: its count of elements, then its bytes."""
    end = position + 8 + storage.nbytes
    if end > len(buffer):
        raise WeightsError(
            f"cut short: storage {storage.key!r} ends at byte {end}, the file has {len(buffer)}"
        )
    (numel,) = struct.unpack_from(byteorder + "q", buffer, position)
    if numel != storage.numel:
        raise WeightsError(f"damaged: storage {storage.key!r} has {numel} elements, not as named")
    storage.buffer, storage.offset, storage.byteorder = buffer, position + 8, byteorder


def _read_zip(path: Path) -> Any:
    buffer = map_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WeightsError(f"cut short or damaged: {error}") from error
    pickles = [name for name in entries if re.fullmatch(r"[^/\\]*/data\.pkl|data\.pkl", name)]
    if len(pickles) != 1 or len(entries) > MAX_ENTRIES:
        raise WeightsError("a zip archive, but not one that PyTorch wrote")
    prefix = pickles[0][: -len("data.pkl")]
    if any(name.startswith(prefix + "code/") for name in entries):
        raise WeightsError("a TorchScript program, which would have to be executed")
    order = b"little"
    if prefix + "byteorder" in entries:
        order = bytes(buffer[_span(entries[prefix + "byteorder"], buffer)])
    start_stop = _span(entries[pickles[0]], buffer)
    if start_stop.stop - start_stop.start > MAX_PICKLE_BYTES:
        raise WeightsError("its index is larger than that of any model")
    storages = _Storages()
    source = Source(buffer, start_stop.start, start_stop.stop - start_stop.start)
    tree = settle(read_pickle(source, storages.reader))
    for key, storage in storages.known.items():
        entry = entries.get(f"{prefix}data/{key}")
        if entry is None:
            raise WeightsError(f"damaged: storage {key!r} is missing")
        span = _span(entry, buffer)
        if span.stop - span.start < storage.nbytes:
            raise WeightsError(f"damaged: storage {key!r} is shorter than its tensors")
        storage.buffer, storage.offset = buffer, span.start
        storage.byteorder = ">" if order.strip() == b"big" else "<"
    return tree


def _span(entry: zipfile.ZipInfo, buffer: Any) -> slice:
    """Where a stored entry's bytes lie in the file."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise WeightsError("its entries are compressed, which PyTorch never does")
    header = entry.header_offset
    if not 0 <= header <= len(buffer) - 30 or buffer[header : header + 4] != b"PK\x03\x04":
        raise WeightsError("damaged: an entry lies outside of the file")
    name, extra = struct.unpack_from("<HH", buffer, header + 26)
    start = header + 30 + name + extra
    if start + entry.file_size > len(buffer):
        raise WeightsError("cut short: an entry reaches beyond the end of the file")
    return slice(start, start + entry.file_size)


def tensors(tree: Any) -> list[StoredTensor]:
    """Every tensor in a settled tree."""
    if isinstance(tree, StoredTensor):
        return [tree]
    if isinstance(tree, dict):
        return [tensor for value in tree.values() for tensor in tensors(value)]
    if isinstance(tree, list | tuple):
        return [tensor for value in tree for tensor in tensors(value)]
    return []


def _check_unfolded(tree: Any) -> None:
    """Many views of one storage must not add up to more memory than a file can mean."""
    found = tensors(tree)
    stored = sum({id(t.storage): t.storage.nbytes for t in found}.values())
    unfolded = sum(prod(t.shape) for t in found if t.shape)
    if unfolded > MAX_UNFOLDED * stored + 2**24:
        raise WeightsError(f"its tensors unfold {stored} bytes to {unfolded} elements")
