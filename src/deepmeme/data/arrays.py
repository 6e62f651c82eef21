"""Flat arrays in a folder that are filled item by item, and a record of how far they are.

A folder that is still being filled can be read; one whose filling was stopped goes on.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Layout = Mapping[str, tuple[type[np.generic], tuple[int, ...]]]
"""Type and shape of one item in each file."""
Record = TypeVar("Record", bound="DataclassInstance")


def read_record(file: Path, kind: type[Record]) -> Record | None:
    """The record in a JSON file; None where there is none."""
    if not file.is_file():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    known = {entry.name for entry in fields(kind)}
    return kind(**{
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found.items() if name in known
    })  # fmt: skip


def write_record(file: Path, record: "DataclassInstance") -> None:
    """Whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    part.replace(file)


def arrays_to_fill(
    root: Path, layout: Layout, capacity: int, *, fresh: bool
) -> dict[str, NDArray[Any]]:
    """The files, mapped for writing; new ones have room for ``capacity`` items."""
    return {
        name: np.lib.format.open_memmap(
            root / f"{name}.npy", mode="w+", dtype=dtype, shape=(capacity, *item)
        )
        if fresh
        else np.load(root / f"{name}.npy", mmap_mode="r+")
        for name, (dtype, item) in layout.items()
    }


def arrays_to_read(root: Path, layout: Layout, count: int) -> dict[str, NDArray[Any]]:
    """The first ``count`` items of the files, mapped for reading."""
    return {name: np.load(root / f"{name}.npy", mmap_mode="r")[:count] for name in layout}
