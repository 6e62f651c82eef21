"""The facts of how a picture or video was made: inputs, model, options, version."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"  # identifiers: nothing is fetched
WHOLLY_DREAMT = _IPTC + "trainedAlgorithmicMedia"
COMPOSITE = _IPTC + "compositeWithTrainedAlgorithmicMedia"

_DREAMT_TASKS = ("sample", "interpolate", "morph", "edit", "encode")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class InputFile:
    """One file that went in. The path stays on this machine: it is never written to the result."""

    role: str  # "source", "driving", "audio", ...
    name: str
    sha256: str
    path: Path | None = None

    @classmethod
    def read(cls, role: str, path: str | Path) -> "InputFile":
        """Hash the file, or the names and contents of a folder's files.

        Raises:
            InputError: it cannot be read.
        """
        path = Path(path)
        return cls(role, path.name, _sha256(path), path)


@dataclass(frozen=True)
class Record:
    """What was made, from what, by which weights; equal records give equal results."""

    task: str  # "animate"
    model: str = ""
    model_sha256: str = ""
    inputs: tuple[InputFile, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    version: str = ""  # of deepmeme
    work_id: str = ""
    """11 hexadecimal digits that name one saved work, in its watermark and credentials. Saving
    draws one where it is empty. Like ``private``, no part of :meth:`to_json`."""
    private: bool = False
    """The credentials leave out names and thumbnails of the inputs."""

    def to_json(self) -> str:
        """Canonical: keys sorted, no spaces, no paths. Equal records give equal text."""
        plain = {
            "task": self.task,
            "model": {"name": self.model, "sha256": self.model_sha256},
            "inputs": [
                {"role": i.role, "name": i.name, "sha256": i.sha256} for i in self.inputs
            ],
            "options": dict(self.options),
            "version": self.made_by,
        }  # fmt: skip
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), default=str)

    @property
    def made_by(self) -> str:
        """The version of deepmeme: as given, else the installed one."""
        return self.version or software_version()

    @property
    def digital_source_type(self) -> str:
        """IPTC's word: wholly dreamt up by a model, or made with a model out of given pictures."""
        dreamt = self.task in _DREAMT_TASKS and not self.inputs
        return WHOLLY_DREAMT if dreamt else COMPOSITE

    def fingerprint(self) -> str:
        """sha256 of :meth:`to_json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def input_paths(self) -> tuple[Path, ...]:
        """Where the inputs lie, so that none of them is overwritten."""
        return tuple(i.path for i in self.inputs if i.path is not None)


def read_inputs(**roles: str | Path | Sequence[str | Path]) -> tuple[InputFile, ...]:
    """``read_inputs(source=[a, b], driving=c)`` hashes the files by role.

    Raises:
        InputError: one cannot be read.
    """
    found: list[InputFile] = []
    for role, paths in roles.items():
        for path in [paths] if isinstance(paths, str | Path) else paths:
            found.append(InputFile.read(role, path))
    return tuple(found)


def draw_work_id() -> str:
    """A new one: 44 random bits."""
    return secrets.token_hex(6)[:11]


def software_version() -> str:
    try:
        return metadata.version("deepmeme")
    except metadata.PackageNotFoundError:  # run from a source tree
        return "(uninstalled)"


def file_sha256(path: Path) -> str:
    """Hexadecimal, of a file of any length."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    try:
        if path.is_dir():
            whole = hashlib.sha256()
            for item in sorted(p for p in path.iterdir() if p.is_file()):
                whole.update(item.name.encode(errors="surrogateescape") + b"\0")
                whole.update(_sha256(item).encode())
            return whole.hexdigest()
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
