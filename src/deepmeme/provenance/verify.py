"""Where a picture or video comes from, as far as it tells: credentials, watermark, plain words.

Three marks are looked for, each weaker and harder to lose than the one before: content credentials
cover all that is seen and heard and break at the first bit that changes; the watermark survives
re-encoding and names the work; the statement in the metadata is text that anybody can write or
remove.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from deepmeme.errors import InputError
from deepmeme.media.clip import Clip, Frame
from deepmeme.media.image import read_image
from deepmeme.media.sniff import MediaKind, sniff
from deepmeme.media.video import open_clip
from deepmeme.provenance.credentials_found import read_credentials
from deepmeme.provenance.found import Marks, read_marks
from deepmeme.provenance.verdict import Evidence, judge
from deepmeme.provenance.verdict import State as State
from deepmeme.provenance.verdict import Verdict as Verdict
from deepmeme.provenance.watermark_read import Found, read_watermark

FRAMES, STRIDE = 16, 8
"""Frames of a stretch of video that are averaged, and how far apart they are."""
STRETCHES = 6
"""Places of a long video that are looked at."""
LOOKED_FRAMES = 1800
"""How far into a video these places lie at most: about a minute."""
_MOST_PIXELS = 40_000_000  # of all frames that are held at once
_DECODED_PIXELS = 4_000_000_000  # of all frames up to the last place
_QUICK = (
    "Only a quick look was taken: the watermark of a crop or of another size would not be seen."
)


def verify(path: str | Path, *, search: bool = True) -> Verdict:
    """Look for all marks in a picture, a video or a folder of pictures.

    ``search`` also finds the watermark of crops and odd sizes: many seconds if there is none.
    Of a video six places of the first minute are looked at, of a folder 96 pictures.

    Raises:
        InputError: no picture or video, or it cannot be read.
    """
    path = Path(path)
    try:
        return judge(_evidence(path, search=search))
    except OSError as error:  # a folder that nobody may look into
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def find_watermark(path: str | Path, *, search: bool = True) -> Found | None:
    """The watermark of a picture, of some stretch of a video, or of pictures in a folder.

    Raises:
        InputError: no picture or video, or it cannot be read.
    """
    return _look(Path(path), search=search).watermark


def _evidence(path: Path, *, search: bool) -> Evidence:
    found = read_credentials(path)
    whole = found is not None and found.ours and found.state != "invalid"
    statement = _statement(path)
    try:
        # whole credentials of our own need no long search
        look = _look(path, search=search and not whole)
    except InputError:
        if found is None and statement is None:
            raise
        look = _Look(None, "Its pictures cannot be read, so no watermark was looked for.")
    return Evidence(path, path.is_dir(), found, look.watermark, statement, look.unseen)


def _statement(path: Path) -> Marks | None:
    try:
        return read_marks(path)
    except InputError:  # something else is in the folder, or the video is cut off
        return None


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


class _Look(NamedTuple):
    watermark: Found | None
    unseen: str
    """A sentence on what was not looked at; empty if all was."""


def _look(path: Path, *, search: bool) -> _Look:
    """Everywhere where the mark should be; then, with ``search``, all over the first place."""
    kind = sniff(path)
    stretches, unseen = _stretches(path, kind)
    first: list[Frame] | None = None
    for frames in stretches:
        found = read_watermark(frames, search=False)
        if found is not None:
            return _Look(found, "")
        first = first or frames
    if not search:
        return _Look(None, f"{_QUICK} {unseen}".strip())
    found = read_watermark(first, search=True) if first else None
    return _Look(found, unseen)


def _stretches(path: Path, kind: MediaKind) -> tuple[Iterator[list[Frame]], str]:
    """Some frames of one size from each of some places, and a sentence on what is left out."""
    if kind.family == "folder":
        return _of_folder(path)
    if kind.family == "picture":
        return iter([[read_image(path)]]), ""
    try:
        clip = open_clip(path)
    except InputError:
        if kind.family != "animation":
            raise
        return iter([[read_image(path)]]), ""  # a GIF that doesn't move
    return _of_clip(clip)


def _of_clip(clip: Clip) -> tuple[Iterator[list[Frame]], str]:
    pixels = clip.width * clip.height
    total = LOOKED_FRAMES + 1 if clip.num_frames is None else clip.num_frames
    length = min(FRAMES * STRIDE, total)
    stride = max(1, length // _held(pixels))
    reach = max(length, min(total, LOOKED_FRAMES, _DECODED_PIXELS // pixels))
    count = max(1, min(STRETCHES, reach // length))

    def stretches() -> Iterator[list[Frame]]:
        for place in range(count):
            frames = clip.frames_from(place * (reach // count))
            stretch = list(islice(frames, 0, length, stride))
            if stretch:
                yield stretch

    seconds = float(reach / clip.fps)
    unseen = f"Only its first {seconds:.0f} seconds were looked at." if total > reach else ""
    return stretches(), unseen


def _of_folder(folder: Path) -> tuple[Iterator[list[Frame]], str]:
    """Pictures of the whole folder, whatever their sizes; others are left out."""
    names = [path for path in _entries(folder) if path.is_file()]
    most = FRAMES * STRETCHES
    chosen = names[:: max(1, -(-len(names) // most))]

    def stretches() -> Iterator[list[Frame]]:
        stretch: list[Frame] = []
        for name in chosen:
            try:
                frame = read_image(name)
            except InputError:  # something else, or damaged
                continue
            held = _held(frame.shape[0] * frame.shape[1])
            if stretch and (stretch[0].shape != frame.shape or len(stretch) >= held):
                yield stretch
                stretch = []
            stretch.append(frame)
        if not stretch:
            raise InputError(f"The folder {folder} holds no pictures that can be read.")
        yield stretch

    left = len(names) - len(chosen)
    return stretches(), f"Only {len(chosen)} of its {len(names)} files were looked at." * (left > 0)


def _held(pixels: int) -> int:
    """How many frames of so many pixels a stretch may have."""
    return max(1, min(FRAMES, _MOST_PIXELS // pixels))
