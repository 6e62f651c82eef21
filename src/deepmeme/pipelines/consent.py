"""Whether somebody has to say that the people in the sources agree, and whether somebody did.

No pixel tells whether a face belongs to somebody who lives. So every face counts, but for two kinds
of pictures: those that come with deepmeme, and those that deepmeme made, whose source was asked
about before. The answer is kept once for all pictures, until the question's wording changes.
"""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.demo_assets import shipped
from deepmeme.errors import DeepmemeError, OutputError
from deepmeme.faces.face import Face
from deepmeme.faces.refine import Finder, find_faces
from deepmeme.provenance.credentials_found import read_credentials
from deepmeme.provenance.folder import config_folder
from deepmeme.provenance.record import file_sha256
from deepmeme.provenance.verify import find_watermark

Frame = NDArray[np.uint8]
Ask = Callable[[Sequence[Path]], None]
"""Gets the sources that may show a real person, before they are animated; raises if they may not
be."""

WORDING = 1
"""Raised when :data:`QUESTION` asks for something else: then it is asked again."""
QUESTION = (
    "Animate pictures of people who agreed to it, of people long gone, and of faces that were "
    "painted, drawn or carved. Never use it to deceive, to shame or to pose as somebody. What "
    "deepmeme makes is marked as made by AI."
)
ANSWER = "Do you have the consent of the people in your pictures, where they can be asked?"

_FILE = "consent.json"
_MAX_BYTES = 4096


@dataclass(frozen=True)
class Consent:
    """An answer that was kept."""

    wording: int
    given: str
    """The day, as 2026-11-21."""


def consent_file() -> Path:
    """Where the answer is kept."""
    return config_folder() / _FILE


def remembered() -> Consent | None:
    """The answer to today's wording; None if there is none that can be read."""
    try:
        with consent_file().open("rb") as stream:
            kept = json.loads(stream.read(_MAX_BYTES))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("wording") != WORDING or not kept.get("agreed"):
        return None
    return Consent(WORDING, str(kept.get("date", ""))[:10])


def remember() -> Path:
    """Keep a yes; where it lies.

    Raises:
        OutputError: it can't be written.
    """
    path = consent_file()
    answer = {"agreed": True, "wording": WORDING, "date": date.today().isoformat()}
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise OutputError(
            f"The answer cannot be kept in {path}: {error.strerror or error}. "
            "DEEPMEME_CONFIG_DIR names another folder."
        ) from error
    return path


def people_in(
    paths: Sequence[Path], pictures: Sequence[Frame], finder: Finder | None
) -> tuple[Path, ...]:
    """The sources that may show a real person."""
    return tuple(
        path
        for path, picture in zip(paths, pictures, strict=True)
        if not is_shipped(path) and find_faces(picture, finder) and not is_ours(path)
    )


def may_be_somebody(path: Path, faces: Sequence[Face]) -> bool:
    """The same of one source, whose faces are found already."""
    return bool(faces) and not (is_shipped(path) or is_ours(path))


def is_shipped(path: Path) -> bool:
    """Whether it is one of the demonstration's pictures or videos, under whatever name."""
    with suppress(OSError):
        size = path.stat().st_size
        same = [other for other in shipped().values() if other.stat().st_size == size]
        return bool(same) and file_sha256(path) in map(file_sha256, same)
    return False


def is_ours(path: Path) -> bool:
    """Whether deepmeme made it, by credentials that hold or by the watermark.

    The line in the metadata does not count: anybody can type it. Quick: no search for crops.
    """
    try:
        found = read_credentials(path)
        if found is not None and found.ours and found.state != "invalid":
            return True
        return find_watermark(path, search=False) is not None
    except (DeepmemeError, OSError):
        return False
