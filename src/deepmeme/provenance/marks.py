"""What says 'made by AI': every mark on every result is put on by the functions here.

``mark_frame`` sees each frame before it is encoded, ``tags`` go into a video's container,
``mark_file`` sees the finished file before it gets its final name, and ``mark_jpeg`` a picture that
is no file. ``provenance.found`` reads the marks again.
"""

import os
import shutil
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

from deepmeme.media.clip import Frame
from deepmeme.provenance.record import Record
from deepmeme.provenance.watermark import Watermark

_XMP_KEYWORD = b"XML:com.adobe.xmp"


def mark_frame(frame: Frame, work_id: str) -> Frame:
    """The frame as it leaves the house: with the work's id in it, which nobody sees."""
    return _watermark(work_id).mark(frame)


@lru_cache(maxsize=4)
def _watermark(work_id: str) -> Watermark:
    return Watermark(work_id)


def tags(record: Record) -> dict[str, str]:
    """Container metadata of a video."""
    return {
        "title": statement(record),
        "comment": f"{statement(record)}. Digital source type: {record.digital_source_type}",
    }


def mark_file(path: Path, kind: str, record: Record) -> None:
    """Mark a finished file in place; ``kind`` is gif, webp, png, apng, jpg or a video's name.

    Constant memory, however long the file.
    """
    if kind in ("png", "apng"):
        _insert(path, 8 + 12 + 13, _png_chunks(record))  # after the signature and IHDR
    elif kind == "jpg":
        _insert(path, _jpeg_start(_head(path)), jpeg_segments(record))
    elif kind == "webp":
        _mark_webp(path, record)
    elif kind == "gif":
        _insert(path, _gif_start(path), _gif_extensions(record))


def mark_jpeg(encoded: bytes, segments: bytes) -> bytes:
    """A JPEG in memory with :func:`jpeg_segments` in it."""
    at = _jpeg_start(encoded[:6])
    return b"".join((encoded[:at], segments, encoded[at:]))


def _insert(path: Path, at: int, marks: bytes) -> None:
    new = path.with_name(path.name + ".marked")
    try:
        with path.open("rb") as old, new.open("wb") as stream:
            stream.write(old.read(at))
            stream.write(marks)
            shutil.copyfileobj(old, stream, 1 << 20)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def overhead_bytes(record: Record) -> int:
    """How much longer :meth:`mark_file` may make a file."""
    return len(xmp(record)) + len(statement(record)) + 512


def statement(record: Record) -> str:
    return f"Made by AI with deepmeme {record.made_by}"


def xmp(record: Record) -> bytes:
    """An XMP packet with the statement, the digital source type and the creator tool."""
    said = escape(statement(record))
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmp:CreatorTool="deepmeme {escape(record.made_by)}"'
        f' Iptc4xmpExt:DigitalSourceType="{record.digital_source_type}">'
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{said}</rdf:li></rdf:Alt>'
        "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()


def _png_chunks(record: Record) -> bytes:
    """A tEXt comment and an iTXt XMP packet."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    text = chunk(b"tEXt", b"Comment\0" + statement(record).encode("latin-1", "replace"))
    return text + chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + xmp(record))


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(6)


def _jpeg_start(head: bytes) -> int:
    """After the start marker and the JFIF header, which must stay first."""
    return 4 + int.from_bytes(head[4:6], "big") if head[2:4] == b"\xff\xe0" else 2


def jpeg_segments(record: Record) -> bytes:
    """An APP1 segment with XMP and a comment."""

    def segment(marker: bytes, body: bytes) -> bytes:
        return marker + struct.pack(">H", len(body) + 2) + body

    packet = segment(b"\xff\xe1", b"http://ns.adobe.com/xap/1.0/\0" + xmp(record))
    return packet + segment(b"\xff\xfe", statement(record).encode())


def _gif_start(path: Path) -> int:
    """After the header, its palette, and the loop extension, which old players want first."""
    with path.open("rb") as stream:
        flags = stream.read(13)[10]
        at = 13 + (3 * (2 << (flags & 7)) if flags & 0x80 else 0)
        stream.seek(at)
        return at + 19 if stream.read(14) == b"\x21\xff\x0bNETSCAPE2.0" else at


def _gif_extensions(record: Record) -> bytes:
    """A comment and an XMP application extension."""
    # XMP is written raw; after it, 258 bytes lead every reader of sub-blocks onto a zero
    landing = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    comment = b"\x21\xfe" + _sub_blocks(statement(record).encode())
    return comment + b"\x21\xff\x0bXMP DataXMP" + xmp(record) + landing


def _sub_blocks(body: bytes) -> bytes:
    parts = [body[i : i + 255] for i in range(0, len(body), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _mark_webp(path: Path, record: Record) -> None:
    """An XMP chunk at the end, with its flag in the extended header (made if missing)."""
    with path.open("rb") as stream:
        extended = stream.read(16)[12:] == b"VP8X"
    if not extended:
        header = _extended_header(path)
        _insert(path, 12, b"VP8X" + struct.pack("<I", len(header)) + header)
    packet = xmp(record)
    packet += b" " * (len(packet) % 2)
    with path.open("r+b") as stream:
        stream.seek(20)
        flags = stream.read(1)[0]
        stream.seek(20)
        stream.write(bytes([flags | 0x04]))
        stream.seek(0, os.SEEK_END)
        stream.write(b"XMP " + struct.pack("<I", len(packet)) + packet)
        length = stream.tell() - 8
        stream.seek(4)
        stream.write(struct.pack("<I", length))


def _extended_header(path: Path) -> bytes:
    with Image.open(path, formats=["WEBP"]) as image:
        alpha = 0x10 if image.mode == "RGBA" else 0
        sides: tuple[int, int] = image.size
    return struct.pack("<I", alpha) + b"".join((n - 1).to_bytes(3, "little") for n in sides)
