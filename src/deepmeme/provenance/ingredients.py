"""What went into a result, as its credentials tell it: name, hash, a small picture, its past."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from PIL import Image

from deepmeme.errors import DeepmemeError
from deepmeme.media.image import read_image
from deepmeme.media.sniff import MediaKind, sniff
from deepmeme.media.video import open_clip
from deepmeme.provenance.embedded import embedded_bytes
from deepmeme.provenance.record import InputFile, Record

THUMBNAIL_PX = 256
THUMBNAIL_BYTES = 12_000
MAX_PAST_BYTES = 1 << 20
"""Larger credentials of an input are not carried along; the result says that it had some."""
_MAX_THUMBNAILS = 8
_QUALITIES = (75, 60, 45, 30, 15)

MIME_TYPES = {
    "jpg": "image/jpeg", "png": "image/png", "apng": "image/png", "gif": "image/gif",
    "webp": "image/webp", "tiff": "image/tiff", "heic": "image/heic", "avif": "image/avif",
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "avi": "video/avi",
    "m4a": "audio/mp4", "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac",
}  # fmt: skip
"""Formats that can hold credentials, by the names of ``media.sniff`` and ``media.formats``."""
_OTHERS = {"mkv": "video/x-matroska", "webm": "video/webm", "bmp": "image/bmp", "ogg": "audio/ogg"}
_HIDDEN = {"driving": "driving video", "audio": "sound"}
_MOVING = ("video", "animation")


@dataclass(frozen=True)
class Ingredient:
    """One input, ready to be told."""

    label: str
    """\"source0\": how actions refer to it."""
    role: str
    title: str
    mime: str
    relationship: str
    sha256: str
    thumbnail: bytes = b""
    """JPEG without metadata, or empty."""
    past: Path | None = None
    """The file, if it has credentials of its own that are carried along."""
    has_past: bool = False

    def definition(self) -> dict[str, object]:
        """As c2pa wants it; the thumbnail is the resource of the same label."""
        told: dict[str, object] = {
            "label": self.label,
            "title": self.title,
            "format": self.mime,
            "relationship": self.relationship,
            "instance_id": f"sha256:{self.sha256}",
            "description": self.role,
        }
        if self.thumbnail:
            told["thumbnail"] = {"format": "image/jpeg", "identifier": f"{self.label}.jpg"}
        return told


def ingredients_of(record: Record, *, private: bool, lean: bool) -> tuple[Ingredient, ...]:
    """The inputs of a record. ``lean`` leaves out thumbnails and what the inputs say of their past.

    A lone source is the parent of the result; of several, all are components. ``private`` leaves
    out names, thumbnails and past, which may hold names and thumbnails, too. Never raises: an
    input that has gone meanwhile is told by its hash.
    """
    lone = sum(i.role == "source" for i in record.inputs) == 1
    found: list[Ingredient] = []
    for number, given in enumerate(record.inputs):
        kind = _kind(given.path)
        shown = not (private or lean) and number < _MAX_THUMBNAILS
        past = _past_bytes(given.path, kind)
        carried = not (private or lean) and 0 < past <= MAX_PAST_BYTES
        found.append(
            Ingredient(
                label=f"{given.role}{number}",
                role=given.role,
                title=_anonymous(given.role, kind) if private else given.name,
                mime=_mime(kind),
                relationship=_relationship(given.role, lone),
                sha256=given.sha256,
                thumbnail=_thumbnail(given) if shown else b"",
                past=given.path if carried else None,
                has_past=past > 0,
            )
        )
    return tuple(found)


def _anonymous(role: str, kind: MediaKind | None) -> str:
    """What an input is called whose name is not told."""
    if role == "source":
        return "video" if kind is not None and kind.family in _MOVING else "picture"
    return _HIDDEN.get(role, role)


def _relationship(role: str, lone: bool) -> str:
    if role == "source":
        return "parentOf" if lone else "componentOf"
    return "componentOf" if role == "audio" else "inputTo"


def _kind(path: Path | None) -> MediaKind | None:
    try:
        return None if path is None else sniff(path)
    except DeepmemeError:  # a motion template, or gone
        return None


def _mime(kind: MediaKind | None) -> str:
    name = "" if kind is None else kind.name
    return MIME_TYPES.get(name) or _OTHERS.get(name) or "application/octet-stream"


def _past_bytes(path: Path | None, kind: MediaKind | None) -> int:
    """How long the input's own credentials are; 0 for none or where they can't be carried."""
    if path is None or kind is None or kind.name not in MIME_TYPES:
        return 0
    try:
        return embedded_bytes(path, kind.name) or 0
    except OSError:
        return 0


def _thumbnail(given: InputFile) -> bytes:
    return b"" if given.path is None else _drawn(given.path, given.sha256)


@lru_cache(maxsize=16)
def _drawn(path: Path, sha256: str) -> bytes:
    """The picture or first frame as a small JPEG; empty if nothing can be seen in the file."""
    try:
        kind = sniff(path)
        if kind.family == "sound":
            return b""
        if kind.family == "picture":
            frames = [read_image(path)]
        else:
            frames = list(islice(open_clip(path).frames_from(0), 1))
    except (DeepmemeError, OSError):
        return b""
    return _jpeg([Image.fromarray(frame) for frame in frames])


def _jpeg(images: Sequence[Image.Image]) -> bytes:
    for image in images:
        image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        for quality in _QUALITIES:
            stream = io.BytesIO()
            image.save(stream, format="JPEG", quality=quality, optimize=True)
            if stream.tell() <= THUMBNAIL_BYTES:
                return stream.getvalue()
    return b""
