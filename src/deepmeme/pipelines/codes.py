"""Codes of faces: what a dream is painted from, kept as ``.npz``, and whose face they came from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.provenance.record import InputFile

SUFFIX = ".npz"
_MOST_FILE = 64 << 20
_MOST_ORIGINS = 64


@dataclass(frozen=True, eq=False)
class Codes:
    """Faces as numbers; of one model, and of no use to another."""

    values: NDArray[np.float32]
    """(n, d)"""
    model: str
    """Its name."""
    sha256: str
    """Of the network that paints them."""
    origin: tuple[InputFile, ...] = ()
    """Pictures that they were looked up in; none if they were drawn."""

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: int | slice) -> "Codes":
        rows = slice(chosen, chosen + 1 or None) if isinstance(chosen, int) else chosen
        return replace(self, values=self.values[rows])

    def save(self, path: str | Path) -> Path:
        """Keep them in a ``.npz`` file: the numbers, their model, and hashes of the pictures that
        they came from.

        Raises:
            InputError: the name ends otherwise.
        """
        target = Path(path)
        if target.suffix.lower() != SUFFIX:
            raise InputError(f"Codes are kept as {SUFFIX}; {target} ends otherwise.")
        origin = json.dumps([[file.role, file.name, file.sha256] for file in self.origin])
        part = target.with_name(f".{target.name}.part")
        with part.open("wb") as file:
            np.savez(file, codes=self.values, model=self.model, sha256=self.sha256, origin=origin)
        part.replace(target)
        return target


def joined(several: Sequence[Codes]) -> Codes:
    """All of them, one after the other.

    Raises:
        InputError: they belong to different models.
    """
    first = several[0]
    for other in several[1:]:
        if other.sha256 != first.sha256:
            raise InputError(
                f"Codes of {first.model} and of {other.model} cannot be mixed; a model understands "
                "only its own."
            )
    origin = dict.fromkeys(file for codes in several for file in codes.origin)
    values = np.concatenate([codes.values for codes in several])
    return replace(first, values=values, origin=tuple(origin))


def open_codes(path: Path | str) -> Codes:
    """Back from :meth:`Codes.save`. Nothing in the file is run.

    Raises:
        InputError: no such file, or none of ours.
    """
    source = Path(path)
    try:
        if source.stat().st_size > _MOST_FILE:
            raise InputError(f"{source} is larger than {_MOST_FILE >> 20} MB, too large for codes.")
        with np.load(source, allow_pickle=False) as stored:
            values = np.asarray(stored["codes"], np.float32)
            model, sha256 = str(stored["model"]), str(stored["sha256"])
            told = json.loads(str(stored["origin"]))[:_MOST_ORIGINS]
        origin = tuple(InputFile(str(role), str(name), str(digest)) for role, name, digest in told)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        raise InputError(
            f"{source} holds no codes ({error}). Make some: deepmeme faces sample --codes FILE.npz"
        ) from error
    if values.ndim != 2 or not len(values) or not np.isfinite(values).all():
        raise InputError(f"{source} holds no codes: found numbers of shape {values.shape}.")
    return Codes(values, model, sha256, origin)
