"""What faces are extracted from: videos, pictures, and folders of either."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from deepmeme.errors import InputError
from deepmeme.media.sniff import sniff

_ENDS_BYTES = 65_536
_LONGEST_STEM = 60


class Source(NamedTuple):
    """One video or picture."""

    path: Path
    given: Path
    """What the user typed: the path itself or its folder."""
    still: bool
    key: str
    """Tells the same file again, under whatever name."""
    before: str
    """Key of the picture before it in its folder, of which it may be the next frame."""

    @property
    def forgiven(self) -> bool:
        """Whether it is skipped if it can't be read, as one of many in a folder."""
        return self.path != self.given


def find_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """All videos and pictures, in natural order (2 before 10) within each folder.

    Raises:
        InputError: one of them is missing or of another kind, or a folder holds nothing of use.
    """
    found: list[Source] = []
    for path in paths:
        family = sniff(path).family
        if family == "folder":
            found += _inside(path)
        elif family == "sound":
            raise InputError(f"{path} is a sound file. Expected a video, a picture or a folder.")
        else:
            found.append(Source(path, path, family == "picture", _key(path), ""))
    return tuple({source.key: source for source in reversed(found)}.values())[::-1]


def _inside(folder: Path) -> list[Source]:
    try:
        paths = sorted((path for path in folder.iterdir() if path.is_file()), key=_natural)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error}.") from error
    found: list[Source] = []
    for path in paths:
        family = _family(path)
        if family in ("picture", "animation", "video"):
            before = found[-1].key if found and found[-1].still else ""
            found.append(Source(path, folder, family == "picture", _key(path), before))
    if not found:
        raise InputError(
            f"The folder {folder} holds no videos and no pictures (folders in it are not looked "
            "into). Expected mp4, mov, mkv, webm, jpg, png or webp."
        )
    return found


def _family(path: Path) -> str:
    try:
        return "" if path.name.startswith(".") else sniff(path).family
    except InputError:
        return ""


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"[0-9]+|[^0-9]+", path.name)
    return [(int(part), "") if part[0] in "0123456789" else (-1, part.lower()) for part in parts]


def _key(path: Path) -> str:
    """From the file's length, beginning and end: long videos are not read for it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            digest = hashlib.sha256(stream.read(_ENDS_BYTES))
            stream.seek(max(0, size - _ENDS_BYTES))
            digest.update(stream.read(_ENDS_BYTES))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    return f"{size:x}-{digest.hexdigest()[:32]}"


def stem_for(path: Path, taken: Sequence[str]) -> str:
    """A beginning for file names, safe everywhere, that nobody has yet."""
    letters = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:_LONGEST_STEM] or "face"
    stem, number = plain, 1
    while stem in taken:
        number += 1
        stem = f"{plain}-{number}"
    return stem
