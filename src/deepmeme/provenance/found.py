"""Find the marks again that ``provenance.marks`` put on a file."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from deepmeme.errors import InputError
from deepmeme.media.container import open_container
from deepmeme.media.sniff import MediaKind, sniff
from deepmeme.provenance.record import COMPOSITE, WHOLLY_DREAMT

_STATEMENT = re.compile(rb"Made by AI with deepmeme [^\s<.]+(?:\.[^\s<.]+)*")
_MAX_TEXT_BYTES = 1 << 20
_MAX_BLOCKS = 10_000_000


class Marks(NamedTuple):
    """What a file says of its own making."""

    statement: str
    """\"Made by AI with deepmeme 0.1.0\"."""
    digital_source_type: str
    """IPTC's word for it, or empty."""


def read_marks(path: str | Path) -> Marks | None:
    """The metadata mark on a picture or video, or on every picture of a folder; None without.

    Damaged files are read as far as they make sense. Re-encoding by others removes this mark.

    Raises:
        InputError: no picture or video.
    """
    path = Path(path)
    kind = sniff(path)
    if kind.family == "folder":
        found = [read_marks(p) for p in sorted(path.iterdir()) if not p.name.startswith(".")]
        return found[0] if found and all(found) else None
    try:
        texts = list(_texts(path, kind))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    said = next((m.group() for m in map(_STATEMENT.search, texts) if m), None)
    if said is None:
        return None
    words = (COMPOSITE, WHOLLY_DREAMT)
    typed = next((word for word in words if any(word.encode() in text for text in texts)), "")
    return Marks(said.decode("utf-8", "replace"), typed)


def _texts(path: Path, kind: MediaKind) -> Iterator[bytes]:
    """Every text in the file's metadata."""
    readers = {"PNG": _png_texts, "JPEG": _jpeg_texts, "WEBP": _webp_texts, "GIF": _gif_texts}
    if kind.family in ("picture", "animation"):
        reader = readers.get(kind.container)
        if reader is not None:
            with path.open("rb") as stream:
                yield from reader(stream)
        return
    with open_container(path, kind.container) as container:
        for text in container.metadata.values():
            yield text.encode("utf-8", "replace")


def _png_texts(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[:4], "big")
        if head[4:] in (b"tEXt", b"iTXt"):
            yield stream.read(min(length, _MAX_TEXT_BYTES))
            stream.seek(max(0, length - _MAX_TEXT_BYTES) + 4, 1)
        else:
            stream.seek(length + 4, 1)


def _jpeg_texts(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(2)
    while len(head := stream.read(4)) == 4 and head[0] == 0xFF and head[1] not in (0xDA, 0xD9):
        body = stream.read(max(0, int.from_bytes(head[2:], "big") - 2))
        if head[1] in (0xE1, 0xFE):
            yield body


def _webp_texts(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[4:], "little")
        length += length % 2
        if head[:4] == b"XMP ":
            yield stream.read(min(length, _MAX_TEXT_BYTES))
            stream.seek(max(0, length - _MAX_TEXT_BYTES), 1)
        else:
            stream.seek(length, 1)


def _gif_texts(stream: BinaryIO) -> Iterator[bytes]:
    header = stream.read(13)
    if len(header) < 13:
        return
    stream.seek(_table_bytes(header[10]), 1)
    while (start := stream.read(1)) in (b"\x21", b"\x2c"):
        if start == b"\x2c":
            descriptor = stream.read(9)
            if len(descriptor) < 9:
                return
            stream.seek(_table_bytes(descriptor[8]) + 1, 1)
            _skip_blocks(stream)
            continue
        label = stream.read(1)
        here = stream.tell()
        raw = stream.read(_MAX_TEXT_BYTES // 16) if label in (b"\xfe", b"\xff") else b""
        if label == b"\xfe":
            yield raw[1 : 1 + raw[0]] if raw else b""
        elif raw[1:12] == b"XMP DataXMP":
            yield raw[12:].partition(b"\x01\xff\xfe")[0]
        stream.seek(here)
        _skip_blocks(stream)


def _table_bytes(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _skip_blocks(stream: BinaryIO) -> None:
    for _ in range(_MAX_BLOCKS):
        length = stream.read(1)
        if not length or length == b"\0":
            return
        stream.seek(length[0], 1)
