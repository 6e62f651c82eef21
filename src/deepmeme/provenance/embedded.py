"""How many bytes of content credentials a file holds, without reading them.

A hostile file may hold gigabytes of them: this is asked before anything reads them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_MAX_PARTS = 2_000_000


def embedded_bytes(path: Path, kind: str) -> int | None:
    """``kind`` as ``media.sniff`` names it; None for formats whose layout is not known here.

    0 where there are none. Damaged files are read as far as they make sense.

    Raises:
        OSError: the file cannot be read.
    """
    reader = {
        "png": _png, "apng": _png, "jpg": _jpeg, "gif": _gif, "webp": _riff, "avi": _riff,
        "wav": _riff, "mp4": _boxes, "mov": _boxes, "m4a": _boxes, "heic": _boxes, "avif": _boxes,
    }.get(kind)  # fmt: skip
    if reader is None:
        return None
    with path.open("rb") as stream:
        total = 0
        for count, length in enumerate(reader(stream)):
            total += length
            if count > _MAX_PARTS:
                break
        return total


def _png(stream: BinaryIO) -> Iterator[int]:
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[:4], "big")
        stream.seek(length + 4, 1)
        yield length if head[4:] == b"caBX" else 0


def _jpeg(stream: BinaryIO) -> Iterator[int]:
    stream.seek(2)
    while len(head := stream.read(4)) == 4 and head[0] == 0xFF and head[1] not in (0xDA, 0xD9):
        length = max(2, int.from_bytes(head[2:], "big"))
        mark = stream.read(2)
        stream.seek(length - 4, 1)
        yield length if head[1] == 0xEB and mark == b"JP" else 0


def _riff(stream: BinaryIO) -> Iterator[int]:
    stream.seek(12)
    while len(head := stream.read(8)) == 8:
        length = int.from_bytes(head[4:], "little")
        stream.seek(length + length % 2, 1)
        yield length if head[:4] == b"C2PA" else 0


def _boxes(stream: BinaryIO) -> Iterator[int]:
    end = stream.seek(0, 2)
    at = 0
    while at + 8 <= end:
        stream.seek(at)
        head = stream.read(32)
        length = int.from_bytes(head[:4], "big")
        body = 8
        if length == 1:
            length, body = int.from_bytes(head[8:16], "big"), 16
        if length == 0:
            length = end - at
        if length < body:
            return
        ours = head[4:8] == b"uuid" and head[body : body + 16] == _C2PA_BOX
        yield length if ours else 0
        at += length


def _gif(stream: BinaryIO) -> Iterator[int]:
    flags = stream.read(13)[10:11]
    _skip_palette(stream, flags)
    while (start := stream.read(1)) in (b"\x21", b"\x2c"):
        if start == b"\x2c":
            _skip_palette(stream, stream.read(9)[8:9])
            stream.seek(1, 1)
            yield from (0 for _ in _sub_blocks(stream))
            continue
        label = stream.read(1)
        blocks = _sub_blocks(stream)
        first = next(blocks, b"")
        ours = label == b"\xff" and first.startswith(b"C2PA_GIF")
        for block in blocks:
            yield len(block) if ours else 0


def _skip_palette(stream: BinaryIO, flags: bytes) -> None:
    if flags and flags[0] & 0x80:
        stream.seek(3 * (2 << (flags[0] & 7)), 1)


def _sub_blocks(stream: BinaryIO) -> Iterator[bytes]:
    while (length := stream.read(1)) not in (b"", b"\0"):
        yield stream.read(length[0])
