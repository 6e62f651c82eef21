"""What says 'made by AI': every mark on every result is put on by the three functions here.

``mark_frame`` sees each frame before it is encoded, ``tags`` go into a video's container, and
``mark_file`` sees the finished file before it gets its final name.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from deepmeme.media.clip import Frame
from deepmeme.provenance.record import Record

DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC's word for media made by a trained model; an identifier, nothing is fetched from it."""

_XMP_KEYWORD = b"XML:com.adobe.xmp"


def mark_frame(frame: Frame, record: Record) -> Frame:
    """The frame as it leaves the house. (The invisible watermark goes here.)"""
    return frame


def tags(record: Record) -> dict[str, str]:
    """Container metadata of a video."""
    return {
        "title": statement(record),
        "comment": f"{statement(record)}. Digital source type: {DIGITAL_SOURCE_TYPE}",
    }


def mark_file(path: Path, kind: str, record: Record) -> None:
    """Mark a finished file in place; ``kind`` is gif, webp, png, apng, jpg or a video's name."""
    marked: bytes | None = None
    if kind in ("png", "apng"):
        marked = _png(path.read_bytes(), record)
    elif kind == "webp":
        marked = _webp(path.read_bytes(), record)
    elif kind == "gif":
        marked = _gif(path.read_bytes(), record)
    elif kind == "jpg":
        marked = _jpeg(path.read_bytes(), record)
    if marked is not None:
        path.write_bytes(marked)


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
        f' Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE_TYPE}">'
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{said}</rdf:li></rdf:Alt>'
        "</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()


def _png(encoded: bytes, record: Record) -> bytes:
    """A tEXt comment and an iTXt XMP packet right after IHDR."""
    header_end = 8 + 12 + 13

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    text = chunk(b"tEXt", b"Comment\0" + statement(record).encode("latin-1", "replace"))
    packet = chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + xmp(record))
    return encoded[:header_end] + text + packet + encoded[header_end:]


def _jpeg(encoded: bytes, record: Record) -> bytes:
    """An APP1 XMP segment and a comment right after the start (and JFIF header, if any)."""
    at = 2
    if encoded[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(encoded[4:6], "big")

    def segment(marker: bytes, body: bytes) -> bytes:
        return marker + struct.pack(">H", len(body) + 2) + body

    packet = segment(b"\xff\xe1", b"http://ns.adobe.com/xap/1.0/\0" + xmp(record))
    comment = segment(b"\xff\xfe", statement(record).encode())
    return encoded[:at] + packet + comment + encoded[at:]


def _gif(encoded: bytes, record: Record) -> bytes:
    """A comment extension and an XMP application extension before the trailer."""
    said = statement(record).encode()
    comment = b"\x21\xfe" + _sub_blocks(said)
    # XMP is written raw; the 'magic trailer' lets readers of sub-blocks fall onto a zero
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    packet = b"\x21\xff\x0bXMP DataXMP" + xmp(record) + trailer
    end = encoded.rindex(b"\x3b")
    return encoded[:end] + comment + packet + encoded[end:]


def _sub_blocks(body: bytes) -> bytes:
    parts = [body[i : i + 255] for i in range(0, len(body), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _webp(encoded: bytes, record: Record) -> bytes:
    """An XMP chunk at the end, with its flag in the extended header (made if missing)."""
    chunks = list(_riff_chunks(encoded))
    if not chunks or chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _extended_header(encoded)))
    flags, rest = chunks[0][1][0], chunks[0][1][1:]
    chunks[0] = (b"VP8X", bytes([flags | 0x04]) + rest)
    chunks.append((b"XMP ", xmp(record)))
    body = b"WEBP"
    for name, content in chunks:
        body += name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _extended_header(encoded: bytes) -> bytes:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(encoded), formats=["WEBP"]) as image:
        alpha = 0x10 if image.mode == "RGBA" else 0
        width, height = image.size
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes([alpha, 0, 0, 0]) + size


def _riff_chunks(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(encoded):
        length = int.from_bytes(encoded[at + 4 : at + 8], "little")
        yield encoded[at : at + 4], encoded[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
