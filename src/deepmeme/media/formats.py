"""The formats that can be written, by the suffix of the result's name."""

from dataclasses import dataclass
from pathlib import Path

from deepmeme.errors import OutputError


@dataclass(frozen=True)
class Format:
    """How one format is made. Frames are kept meanwhile in segments of ``codec``."""

    name: str
    suffixes: tuple[str, ...]
    muxer: str
    codec: str
    """Of the segments: the final one where they are joined as they are, else lossless."""
    joined: bool
    """Segments are joined by copying; otherwise one pass turns them into the result."""
    audio_codec: str | None = None
    budget: bool = False
    """Whether ``max_bytes`` can be asked for."""
    max_fps: int = 240


_H264, _LOSSLESS = "libx264", "ffv1"

VIDEO_FORMATS: tuple[Format, ...] = (
    Format("mp4", (".mp4", ".m4v"), "mp4", _H264, True, "aac"),
    Format("mov", (".mov",), "mov", _H264, True, "aac"),
    Format("mkv", (".mkv",), "matroska", _H264, True, "aac"),
    Format("webm", (".webm",), "webm", "libvpx-vp9", True, "libopus"),
    # players show GIF delays below 20 ms at 10 frames a second, hence 50
    Format("gif", (".gif",), "gif", _LOSSLESS, False, budget=True, max_fps=50),
    Format("webp", (".webp",), "webp", _LOSSLESS, False, budget=True),
    Format("apng", (".apng", ".png"), "apng", _LOSSLESS, False),
    Format("frames", ("",), "", _LOSSLESS, False),
)
PICTURE_SUFFIXES: dict[str, str] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
}


def format_of(path: Path) -> Format:
    """The video format that the name asks for; no suffix means a folder of PNG frames.

    Raises:
        OutputError: the suffix is unknown; the message lists the possible ones.
    """
    suffix = path.suffix.lower()
    for form in VIDEO_FORMATS:
        if suffix in form.suffixes:
            return form
    possible = ", ".join(s for form in VIDEO_FORMATS for s in form.suffixes if s)
    raise OutputError(
        f"{path}: {suffix!r} is no format that deepmeme writes. Possible: {possible}, or a name "
        "without a suffix for a folder of PNG frames."
    )


def picture_format_of(path: Path) -> str:
    """Pillow's name for the still format that the name asks for.

    Raises:
        OutputError: the suffix is unknown; the message lists the possible ones.
    """
    try:
        return PICTURE_SUFFIXES[path.suffix.lower()]
    except KeyError:
        possible = ", ".join(PICTURE_SUFFIXES)
        raise OutputError(
            f"{path}: {path.suffix!r} is no picture format that deepmeme writes. "
            f"Possible: {possible}."
        ) from None
