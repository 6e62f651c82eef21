"""The faces of a swap: enough of A and of B, and whose face the clip shows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces.faceset import open_faceset
from deepmeme.faces.identity import Vector, identity_vector, knows_people, unit_length
from deepmeme.jobs.swap_pair import Pair, Told
from deepmeme.jobs.work import Tell
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.pipelines.consent import Ask
from deepmeme.pipelines.progress import Progress
from deepmeme.pipelines.swap.extract import extract_faces
from deepmeme.pipelines.swap.extract_options import ExtractOptions
from deepmeme.pipelines.swap.extract_sources import find_sources
from deepmeme.pipelines.swap.extract_story import ExtractStory

_LOOKS = 600
"""At one person's videos together; more than some hundreds of faces teach little."""
_CLIP_LOOKS = 12
_COMPARED = 16
_A_CROWD = 0.2
"""Share of the faces that somebody else has who is worth a word."""


def seconds_of(path: Path) -> float:
    """Length of a video; 0 of a picture, or where it is not known."""
    if sniff(path).family not in ("video", "animation"):
        return 0.0
    clip = open_clip(path)
    return (clip.num_frames or 0) / float(clip.fps)


def key_of(path: Path) -> str:
    """Tells the same file again, under whatever name."""
    return find_sources([path])[0].key


def collect(paths: Sequence[Path], folder: Path, told: Told, ask: Ask | None) -> dict[str, Any]:
    """The faces of one person, in a faceset; facts about them. What was seen stays seen.

    Raises:
        InputError: too few faces to learn from.
    """
    from deepmeme.data.swap_faces import FEW, FEWEST  # needs torch

    options = ExtractOptions(every=sum(map(seconds_of, paths)) / _LOOKS)
    progress = cast(Progress, _Looking(told.tell))
    try:
        story = extract_faces(paths, folder, options, progress=progress, ask=ask)
        if story.kept < FEW:  # then rather some that are nearly the same
            story = extract_faces([], folder, replace(options, difference=0.0))
    except NoFaceFound:
        raise _too_few(folder.name, 0, 0, FEWEST, FEW) from None
    if story.kept < FEWEST:
        raise _too_few(folder.name, story.faces, story.kept, FEWEST, FEW)
    if sum(story.people[1:2]) > _A_CROWD * story.faces:
        told.warn(
            f"Several people are in what you sent of {folder.name}. The one who is seen most is "
            "learnt; for another one send files that show that person alone."
        )
    return _facts(story)


def _too_few(name: str, found: int, kept: int, fewest: int, good: int) -> InputError:
    can = f"Only {kept} of the {found} faces found can be learnt from"
    return InputError(
        f"{can if found else 'No face was found'} in what you sent of {name}; {fewest} are the "
        f"least, {good} and more are good. Send a longer or sharper video, or more pictures, in "
        "which the face is near, turns and moves."
    )


def _facts(story: ExtractStory) -> dict[str, Any]:
    return {
        "faces": story.faces,
        "kept": story.kept,
        "left_out": story.left_out,
        "yaw_deg": list(story.yaw_deg),
        "pitch_deg": list(story.pitch_deg),
    }


def look_at_clip(path: Path, folder: Path, tell: Tell, ask: Ask | None) -> Vector | None:
    """Who is seen most in some frames of the clip, as a vector; None where nobody can tell.

    Raises:
        NoFaceFound: there is no face in them.
    """
    every = seconds_of(path) / _CLIP_LOOKS
    options = ExtractOptions(every=every, difference=0.0, min_sharpness=0.0)
    try:
        extract_faces([path], folder, options, progress=cast(Progress, _Looking(tell)), ask=ask)
    except NoFaceFound:
        raise NoFaceFound(
            "No face was found in the clip, so there is nothing to swap. Take one in which A or B "
            "is near and looks to the front."
        ) from None
    return _who(folder)


def put_in(seen: Vector | None, key: str, pair: Pair) -> Literal["a", "b"]:
    """Whose face comes into the clip: the other one's, of whoever is in it.

    It is A who is in it where nothing tells, and who is in a file that was sent as A's or B's.
    """
    for side, other in (("a", "b"), ("b", "a")):
        if key in pair.keys.get(side, ()):
            return cast(Literal["a", "b"], other)
    first, second = _who(pair.faces("a")), _who(pair.faces("b"))
    if seen is None or first is None or second is None:
        return "b"
    return "a" if float(seen @ second) > float(seen @ first) else "b"


def _who(folder: Path) -> Vector | None:
    """The mean of some kept faces of a faceset."""
    faceset = open_faceset(folder).kept()
    if not knows_people() or not faceset.records:
        return None
    rows = np.linspace(0, len(faceset.records) - 1, min(_COMPARED, len(faceset.records)))
    pictures = (faceset.picture(faceset.records[row]) for row in rows.astype(int).tolist())
    return unit_length(np.sum([identity_vector(picture) for picture in pictures], axis=0))


class _Looking:
    """All that an extraction does is one stage here."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def begin(self, stage: str, total: int | None) -> None:
        self._tell.begin("extract", total)

    def advance(self, frames: int) -> None:
        self._tell.advance(frames)
