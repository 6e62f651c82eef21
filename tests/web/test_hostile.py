"""Files that nobody honest sends: each is refused in words, and the server works on."""

import struct
import zipfile
import zlib
from importlib.resources import files
from io import BytesIO

import pytest
from PIL import Image

from deepmeme.jobs.desk import Desk
from tests.web.conftest import problem

ASSETS = files("deepmeme") / "demo_assets"
PNG, CLIP = (ASSETS / "statue.png").read_bytes(), (ASSETS / "driver.mp4").read_bytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _bomb(side: int) -> bytes:
    """A PNG of some kilobytes that says that it is so large."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 22), 9)
    parts = _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _zip() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../evil", "x")
    return stream.getvalue()


def _gif_of(size: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", size, size) + b"\x80\0\0" + bytes(6) + b";"


def _tiff_loop() -> bytes:
    """Its directory names itself as the next one."""
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8)


def _flipped(content: bytes, every: int) -> bytes:
    changed = bytearray(content)
    for place in range(200, len(changed), every):
        changed[place] ^= 0xA5
    return bytes(changed)


UNREADABLE = {
    "empty": b"",
    "text": b"hello, I am no picture",
    "page": b"<!doctype html><html><script>alert(1)</script></html>",
    "drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "zip": _zip(),
    "pickle": b"\x80\x04\x95\x1e\x00\x00\x00cos\nsystem\n",
    "program": b"\x7fELF" + bytes(200),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}
BROKEN = {
    "cut off": PNG[:4000],
    "head alone": PNG[:40],
    "bomb": _bomb(60_000),
    "wide bomb": _bomb(2**31 - 1),
    "flipped": _flipped(PNG, 997),
    "large gif": _gif_of(65_535),
    "tiff loop": _tiff_loop(),
    "jpeg head": b"\xff\xd8\xff\xe0" + bytes(600),
    "heic head": struct.pack(">I", 24) + b"ftypheic\0\0\0\0heicmif1" + bytes(400),
    "webp head": b"RIFF\xff\xff\xff\xffWEBPVP8X" + bytes(300),
    "cut clip": CLIP[:20_000],
    "clip without end": CLIP[:-40_000],
    "flipped clip": _flipped(CLIP, 499),
    "only ftyp": CLIP[:32],
    "matroska head": b"\x1a\x45\xdf\xa3" + bytes(400),
    "empty boxes": b"".join(struct.pack(">I", 8) + b"free" for _ in range(5000)),
    "huge box": struct.pack(">I", 2**31 - 1) + b"moov" + bytes(300),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_media_is_not_taken(api, content):
    answer = api.post("/v1/files", files={"file": ("innocent.png", content)})
    assert problem(answer) == (422, "InputError")
    assert "/files/" not in answer.json()["error"]["message"]


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_refused_in_words(api, content):
    taken = api.post("/v1/files", files={"file": ("x", content)})
    if taken.status_code != 201:
        assert problem(taken) == (422, "InputError")
        return
    ref = taken.json()["ref"]
    looked = api.post("/v1/looks", json={"ref": ref})
    if looked.status_code != 200:  # a flipped bit may leave a clip that plays
        assert problem(looked)[0] == 422
        message = looked.json()["error"]["message"]
        assert "fault in deepmeme" not in message and "/files/" not in message
    verdict = api.post("/v1/verify", json={"ref": ref})
    assert verdict.status_code in (200, 422), verdict.text
    assert "intact" not in verdict.text
    assert api.post("/v1/looks", json={"ref": "shelf:statue"}).status_code == 200


def test_a_picture_that_says_much_about_itself(api):
    """Metadata is data: nothing of it reaches a page as markup, or a path."""
    picture, stream = Image.new("RGB", (64, 64), "red"), BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>" * 100
    picture.save(stream, "JPEG", exif=exif)
    ref = api.post("/v1/files", files={"file": stream.getvalue()}).json()["ref"]
    seen = api.post("/v1/looks", json={"ref": ref})
    assert seen.status_code == 200 and "<script>" not in seen.text


def test_a_file_that_kills_its_reader(api, monkeypatch):
    """The process that looks at it dies; the next file is looked at by a new one."""
    service = api.app._app.state.service  # behind the gate
    real, calls = service.looks, []

    class Deadly(Desk):
        async def _exchange(self, message):
            process = await self._running()
            if not calls:
                calls.append(message)
                process.kill()
            return await super()._exchange(message)

    monkeypatch.setattr(service, "looks", Deadly())
    try:
        answer = api.post("/v1/looks", json={"ref": "shelf:statue"})
        assert problem(answer) == (422, "DeskError")
        assert api.post("/v1/looks", json={"ref": "shelf:statue"}).status_code == 200
    finally:
        api.portal.call(service.looks.close)
        service.looks = real
