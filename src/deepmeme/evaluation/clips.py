"""Which moments of a clip are rated, read in one pass and cut by one square."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.crop import crop_centre
from deepmeme.faces.follow import crop_clip
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.metrics.temporal import unhidden

Frame = NDArray[np.uint8]
Flow = NDArray[np.float32]

_MOST_FILES = 1000


@dataclass(frozen=True)
class Moments:
    """Frames of one clip: every n-th, each with the one after it, for what happens in between."""

    name: str
    frames: tuple[Frame, ...]
    """(side, side, 3), in order; the first is the source."""
    numbers: tuple[int, ...]
    """Their places in the clip."""
    rated: tuple[int, ...]
    """Indices into ``frames`` of those that count; not the source."""
    pairs: tuple[tuple[int, int], ...]
    """Indices of frames that follow each other in the clip."""
    where: str
    """How the square was found."""
    path: Path | None = None


def find_clips(given: Sequence[Path]) -> list[Path]:
    """The videos among files and in folders, by name; ``test`` in a folder goes before the rest.

    A folder of pictures is one clip; other files in a folder are passed over.

    Raises:
        InputError: a file isn't there, or nothing is a video.
    """
    found: list[Path] = []
    for path in given:
        found += _in_folder(path / "test" if (path / "test").is_dir() else path)
    if not found:
        names = ", ".join(str(path) for path in given) or "nothing"
        raise InputError(f"No video was found in {names}. Give video files or a folder of them.")
    return found[:_MOST_FILES]


def _in_folder(path: Path) -> list[Path]:
    if not path.is_dir():
        sniff(path)
        return [path]
    families = {entry: _family(entry) for entry in _listed(path)}
    clips = [entry for entry, family in families.items() if family in ("video", "animation")]
    clips += [entry for entry, family in families.items() if family == "folder" and _plays(entry)]
    return sorted(clips) or ([path] if "picture" in families.values() else [])


def _listed(folder: Path) -> list[Path]:
    try:
        return [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _plays(folder: Path) -> bool:
    """Whether it is a clip: a folder of pictures."""
    return any(_family(entry) == "picture" for entry in _listed(folder))


def _family(path: Path) -> str:
    try:
        return sniff(path).family
    except InputError:
        return ""


def read_moments(path: Path, *, framing: float, side: int, every: int, most: int) -> Moments:
    """The first ``most`` of every ``every``-th frame, and the frame after each.

    ``framing`` above 0 cuts the face's square as the face finder sees it, which no judged model
    has a part in; 0 cuts the middle. Holds at most ``2 * most`` frames.

    Raises:
        InputError: not a video, or fewer than two frames count.
    """
    clip = open_clip(path)
    shape = (clip.height, clip.width)
    crop = crop_clip(clip, framing=framing) if framing > 0 else crop_centre(shape)
    frames, numbers = [], []
    for number, frame in enumerate(clip):
        if number % every in (0, 1 % every):
            frames.append(crop.cut(frame, side))
            numbers.append(number)
        if number >= every * (most - 1) + 1:
            break
    rated = [i for i, number in enumerate(numbers) if number % every == 0][:most]
    if len(rated) < 2:
        raise InputError(
            f"{path} has {len(numbers)} frame(s); with every {every}th at least two must count."
        )
    after = {number: i for i, number in enumerate(numbers)}
    pairs = [(i, after[numbers[i] + 1]) for i in rated if numbers[i] + 1 in after]
    where = "the face" if crop.found_face else "the middle (no face found)"
    where = where if framing > 0 else "the middle"
    return Moments(
        path.stem, tuple(frames), tuple(numbers), tuple(rated[1:]), tuple(pairs), where, path
    )


class Flows:
    """Optical flow between frames: dense inverse search (Kroeger et al. 2016, OpenCV)."""

    def __init__(self) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def __call__(self, before: Frame, after: Frame) -> tuple[Flow, NDArray[np.bool_]]:
        """Where each pixel of ``before`` goes, (h, w, 2) in pixels, and where both show it."""
        a, b = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after))
        forward = np.asarray(self._search.calc(a, b, None), np.float32)
        backward = np.asarray(self._search.calc(b, a, None), np.float32)
        return forward, unhidden(forward, backward)
