"""A HEIC picture put together box by box (ISO 23008-12) around one HEVC frame."""

import re
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + name + body


def _full(name: bytes, body: bytes, version: int = 0) -> bytes:
    return _box(name, struct.pack(">B3x", version) + body)


def _hevc(frame: np.ndarray, layout: str, depth: int) -> tuple[bytes, bytes]:
    """(decoder configuration, coded picture) of one frame."""
    context = av.CodecContext.create("libx265", "w")
    context.width, context.height = frame.shape[1], frame.shape[0]
    context.pix_fmt, context.framerate, context.time_base = layout, 1, Fraction(1)
    context.options = {"x265-params": "log-level=none:pools=1:frame-threads=1", "crf": "4"}
    context.color_range, context.colorspace = 2, 5
    given = "rgb48le" if frame.dtype == np.uint16 else "rgb24"
    picture = av.VideoFrame.from_ndarray(frame, format=given).reformat(
        format=layout, dst_colorspace=5, src_color_range=2, dst_color_range=2
    )
    picture.pts = 0
    coded = b"".join(bytes(p) for p in [*context.encode(picture), *context.encode()])
    units = [unit for unit in re.split(rb"\x00?\x00\x00\x01", coded) if unit]
    kinds = {unit[0] >> 1: unit for unit in units}
    sets = [kinds[kind] for kind in (32, 33, 34)]  # VPS, SPS, PPS
    profile = kinds[33].replace(b"\0\0\3", b"\0\0")[3:15]
    config = b"\1" + profile + struct.pack(">HBBBBHBB", 0xF000, 0xFC, 0xFD, 0xF8 + depth - 8,
                                           0xF8 + depth - 8, 0, 0x0F, 3)  # fmt: skip
    for kind, unit in zip((32, 33, 34), sets, strict=True):
        config += struct.pack(">BHH", 0x80 | kind, 1, len(unit)) + unit
    pictures = [unit for unit in units if unit[0] >> 1 < 32]
    return config, b"".join(struct.pack(">I", len(unit)) + unit for unit in pictures)


def write_heic(
    path: Path, frame: np.ndarray, *, layout: str = "yuv420p", quarter_turns: int = 0
) -> Path:
    """``quarter_turns`` counterclockwise are to be applied by the reader (the irot property)."""
    depth = 10 if frame.dtype == np.uint16 else 8
    config, sample = _hevc(frame, layout, depth)
    height, width = frame.shape[:2]
    properties = (
        _box(b"hvcC", config)
        + _full(b"ispe", struct.pack(">II", width, height))
        + _full(b"pixi", bytes([3, depth, depth, depth]))
        + _box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 5, 0x80))
        + _box(b"irot", bytes([quarter_turns & 3]))
    )
    links = struct.pack(">IHB", 1, 1, 5) + bytes([0x81, 2, 3, 4, 0x85])
    entry = _full(b"infe", struct.pack(">HH4s", 1, 0, b"hvc1") + b"\0", version=2)
    kind = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")

    def meta(offset: int) -> bytes:
        place = struct.pack(">HHHHHII", 0x4400, 1, 1, 0, 1, offset, len(sample))
        return _full(
            b"meta",
            _full(b"hdlr", struct.pack(">I4s12x", 0, b"pict") + b"\0")
            + _full(b"pitm", struct.pack(">H", 1))
            + _full(b"iloc", place)
            + _full(b"iinf", struct.pack(">H", 1) + entry)
            + _box(b"iprp", _box(b"ipco", properties) + _full(b"ipma", links)),
        )

    offset = len(kind) + len(meta(0)) + 8
    path.write_bytes(kind + meta(offset) + _box(b"mdat", sample))
    return path
