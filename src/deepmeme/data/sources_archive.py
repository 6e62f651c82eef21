"""What strangers' archives hold, read member by member: nothing is unpacked by its own name.

The caller gets names and bytes and decides alone what is written where. An archive that tries to
leave its folder, links, or holds more than it should is refused as a whole.
"""

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deepmeme.errors import InputError

Wanted = Callable[[str], bool]

_HEADER_BYTES = 2**16
"""Most that a name or the extended header of one member may take."""

_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class Bounds:
    """The most an archive may hold."""

    members: int = 100_000
    member_bytes: int = 2**25
    total_bytes: int = 2**33
    """Of all members unpacked, wanted or not."""


def read_members(
    archive: Path, wanted: Wanted, *, bounds: Bounds | None = None
) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the wanted files in a .zip, .tar, .tar.gz or .tgz, in its order.

    The kind is told from the first bytes. Folders, and links that nobody wants, are passed over.

    Raises:
        InputError: hostile (a path that leads out, a wanted link or device, too much), cut off, or
            no archive. What came before it was fine.
    """
    bounds = bounds or Bounds()
    try:
        with archive.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:2] == b"PK":
                yield from _zip(archive, file, wanted, bounds)
            else:
                yield from _tar(archive, file, magic[:2] == b"\x1f\x8b", wanted, bounds)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(
            f"{archive} is no archive or is cut off ({error}). Delete it and run the command "
            "again; a .tgz, .tar or .zip was expected."
        ) from error


def _tar(
    archive: Path, file: IO[bytes], packed: bool, wanted: Wanted, bounds: Bounds
) -> Iterator[tuple[str, bytes]]:
    guard = _Guard(archive, bounds)

    class Header(tarfile.TarInfo):
        """Judged before tarfile acts on it."""

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "Header":
            header = super().frombuf(buf, encoding, errors)
            guard.header(header)
            return header

    stream: Any = gzip.GzipFile(fileobj=file) if packed else file
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=Header) as opened:
        for member in opened:
            guard.name(member.name)
            if member.isdir() or not wanted(member.name):
                continue
            if member.issym() or member.islnk():
                guard.refuse(member.name, "is a link")
            if not member.isfile() or member.issparse():
                guard.refuse(member.name, "is no plain file")
            if not 0 <= member.size <= bounds.member_bytes:
                guard.refuse(member.name, f"has {member.size} bytes, more than announced")
            content = opened.extractfile(member)
            yield member.name, b"" if content is None else content.read()


def _zip(
    archive: Path, file: IO[bytes], wanted: Wanted, bounds: Bounds
) -> Iterator[tuple[str, bytes]]:
    guard = _Guard(archive, bounds)
    with zipfile.ZipFile(file) as opened:
        for member in opened.infolist():
            guard.name(member.filename)
            guard.size(member.filename, member.file_size)
            if member.is_dir() or not wanted(member.filename):
                continue
            if (member.external_attr >> 16) & 0o170000 == 0o120000:
                guard.refuse(member.filename, "is a link")
            if member.flag_bits & 1:
                guard.refuse(member.filename, "is encrypted")
            with opened.open(member) as content:
                found = content.read(member.file_size + 1)
            if len(found) != member.file_size:
                guard.refuse(member.filename, "has another size than announced")
            yield member.filename, found


def member_names(archive: Path, *, bounds: Bounds | None = None) -> list[str]:
    """Names of all files in it; raises as :func:`read_members` does."""
    names: list[str] = []

    def note(name: str) -> bool:
        names.append(name)
        return False

    for _ in read_members(archive, note, bounds=bounds):
        pass
    return names


class _Guard:
    """Counts and judges the members of one archive."""

    def __init__(self, archive: Path, bounds: Bounds) -> None:
        self.archive = archive
        self.bounds = bounds
        self.members = 0
        self.bytes = 0

    def refuse(self, name: str, why: str) -> None:
        raise InputError(
            f"{self.archive} is refused: its member {name[:120]!r} {why}. Nothing of it was "
            "written outside the data set's folder. Get the archive from its own source."
        )

    def name(self, name: str) -> None:
        parts = re.split(r"[/\\]", name)
        if name[:1] in ("/", "\\") or ".." in parts or re.match(r"[A-Za-z]:", name):
            self.refuse(name, "leads out of the archive's folder")
        if "\0" in name or len(name) > 1024:
            self.refuse(name, "has no proper name")

    def header(self, header: tarfile.TarInfo) -> None:
        extended = header.type in (
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
            tarfile.GNUTYPE_LONGNAME,
            tarfile.GNUTYPE_LONGLINK,
        )
        if extended:
            if not 0 <= header.size <= _HEADER_BYTES:
                self.refuse(header.name, f"has a header of {header.size} bytes")
            return
        self.size(header.name, header.size)

    def size(self, name: str, size: int) -> None:
        self.members += 1
        self.bytes += max(size, 0)
        bounds = self.bounds
        if not 0 <= size <= bounds.member_bytes:
            self.refuse(name, f"has {size} bytes; at most {bounds.member_bytes} are read")
        if self.members > bounds.members:
            self.refuse(name, f"is one of more than {bounds.members}")
        if self.bytes > bounds.total_bytes:
            self.refuse(name, f"brings the archive to more than {bounds.total_bytes} bytes")
