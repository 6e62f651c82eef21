"""What kind of media a file is, told by its first bytes and never by its name."""

from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from deepmeme.errors import InputError

Family = Literal["picture", "animation", "video", "sound", "folder"]
PathLike = str | Path

_HEAD_BYTES = 4096
_PNG = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 1000
_PICTURES = "jpg, png, webp, heic, gif, bmp or tiff"
_VIDEOS = "mp4, mov, mkv, webm, gif, webp, apng or a folder of frames"


class MediaKind(NamedTuple):
    """The family decides who reads it; ``container`` is the one demuxer or plugin that may."""

    family: Family
    name: str  # as a person calls it: "jpg", "mp4", "webm"
    container: str  # as Pillow or FFmpeg calls it: "JPEG", "mov", "matroska"


def sniff(path: PathLike) -> MediaKind:
    """Say what is in the file or folder at ``path``.

    Raises:
        InputError: missing, empty, unreadable, text (whatever its name) or an unknown format.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return MediaKind("folder", "folder", "")
        if not path.exists():
            raise InputError(f"{path}: there is no such file.")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file. Expected a picture or video file.")
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if head.startswith(_PNG):
                return _png_kind(stream)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not head:
        raise InputError(f"{path} is empty (0 bytes). Was the download or copy cut off?")
    kind = _from_head(head)
    if kind is None:
        raise InputError(
            f"{path} {_describe(head)}. Expected a picture ({_PICTURES}) or a video ({_VIDEOS})."
        )
    return kind


def _describe(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"#extm3u", b"ffconcat", b"<?xml", b"<mpd", b"<svg")):
        return "is a playlist or markup file, which deepmeme never follows"
    if text.startswith((b"<!doctype html", b"<html")):
        return "is a web page (was a login or error page saved in place of the video?)"
    if b"\0" not in head and sum(9 <= b < 127 for b in head) > 0.9 * len(head):
        return "is a text file, whatever its name says"
    return "is in no format that deepmeme knows"


_PREFIXES: tuple[tuple[bytes, MediaKind], ...] = (
    (b"\xff\xd8\xff", MediaKind("picture", "jpg", "JPEG")),
    (b"BM", MediaKind("picture", "bmp", "BMP")),
    (b"II*\0", MediaKind("picture", "tiff", "TIFF")),
    (b"MM\0*", MediaKind("picture", "tiff", "TIFF")),
    (b"FLV\x01", MediaKind("video", "flv", "flv")),
    (b"\0\0\x01\xba", MediaKind("video", "mpg", "mpeg")),
    (b"\0\0\x01\xb3", MediaKind("video", "mpg", "mpegvideo")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", MediaKind("video", "wmv", "asf")),
    (b"YUV4MPEG2", MediaKind("video", "y4m", "yuv4mpegpipe")),
    (b"OggS", MediaKind("sound", "ogg", "ogg")),
    (b"fLaC", MediaKind("sound", "flac", "flac")),
    (b"ID3", MediaKind("sound", "mp3", "mp3")),
    (b"\xff\xfb", MediaKind("sound", "mp3", "mp3")),
    (b"\xff\xf3", MediaKind("sound", "mp3", "mp3")),
    (b"\xff\xf2", MediaKind("sound", "mp3", "mp3")),
    (b"\xff\xf1", MediaKind("sound", "aac", "aac")),
    (b"\xff\xf9", MediaKind("sound", "aac", "aac")),
)

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SOUND_BRANDS = {b"M4A ", b"M4B ", b"F4A "}
_MOV_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def _png_kind(stream: BinaryIO) -> MediaKind:
    """An animated PNG has an acTL chunk before the first IDAT; credentials may push it far back."""
    stream.seek(len(_PNG))
    for _ in range(_MAX_CHUNKS):
        chunk = stream.read(8)
        if chunk[4:] == b"acTL":
            return MediaKind("animation", "apng", "PNG")
        if len(chunk) < 8 or chunk[4:] == b"IDAT":
            break
        stream.seek(int.from_bytes(chunk[:4], "big") + 4, 1)
    return MediaKind("picture", "png", "PNG")


def _from_head(head: bytes) -> MediaKind | None:
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return MediaKind("animation", "gif", "GIF")
    if head[:4] == b"RIFF":
        return _from_riff(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        webm = b"webm" in head[:64]
        return MediaKind("video", "webm" if webm else "mkv", "matroska")
    if head[4:8] == b"ftyp" or head[4:8] in _MOV_BOXES:
        return _from_brands(head)
    if head[:1] == b"\x47" and head[188:189] == b"\x47" and head[376:377] in (b"\x47", b""):
        return MediaKind("video", "ts", "mpegts")
    return next((kind for prefix, kind in _PREFIXES if head.startswith(prefix)), None)


def _from_riff(head: bytes) -> MediaKind | None:
    match head[8:12]:
        case b"WEBP":
            moving = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
            return MediaKind("animation" if moving else "picture", "webp", "WEBP")
        case b"AVI ":
            return MediaKind("video", "avi", "avi")
        case b"WAVE":
            return MediaKind("sound", "wav", "wav")
    return None


def _from_brands(head: bytes) -> MediaKind:
    if head[4:8] != b"ftyp":
        return MediaKind("video", "mov", "mov")
    major = head[8:12]
    if major in _AVIF_BRANDS:
        return MediaKind("picture", "avif", "AVIF")
    if major in _HEIF_BRANDS:
        brands = head[8 : max(16, min(int.from_bytes(head[:4], "big"), 256))]
        if b"avif" in brands and b"heic" not in brands:
            return MediaKind("picture", "avif", "AVIF")
        return MediaKind("picture", "heic", "HEIF")
    if major in _SOUND_BRANDS:
        return MediaKind("sound", "m4a", "mov")
    return MediaKind("video", "mov" if major == b"qt  " else "mp4", "mov")
