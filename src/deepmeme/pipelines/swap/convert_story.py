"""What a swap did to a video and why, as facts: for the last message on the screen and for JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.align import align_face
from deepmeme.media.clip import Clip
from deepmeme.pipelines.swap.convert_options import ConvertOptions
from deepmeme.pipelines.swap.people import Chosen
from deepmeme.pipelines.swap.tracks import Track, Tracked
from deepmeme.runtime.swap import SwapInfo

_SOFT = 2.5
_LOST_SHARE = 0.1


@dataclass(frozen=True)
class SwapStory:
    """Everything a user may want to know about one conversion."""

    model: str
    resolution: int
    shown: str
    """Whom the model takes the person in the video for."""
    put_in: str
    """Whose face takes the place."""
    video: str
    kind: str
    size: tuple[int, int]
    fps: float
    frames: int
    swapped_frames: int
    """Frames in which a face was replaced."""
    filled_frames: int
    """Those of them in which the face was not found and its place is a guess between others."""
    people: int
    whose: str
    scenes: int
    face_px: int
    """Median side in pixels of the square that is replaced."""
    sound: str
    preview: bool
    """Only the first frames were made."""
    warnings: tuple[str, ...] = ()
    options: dict[str, object] = field(default_factory=dict)
    """Only those that differ from their defaults."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def tell_story(
    info: SwapInfo, clip: Clip, tracked: Tracked, chosen: Chosen, tracks: Sequence[Track],
    options: ConvertOptions, name: str, still: bool,
) -> SwapStory:  # fmt: skip
    """The facts, once everything is decided; ``tracks`` are the calmed ones of ``chosen``."""
    people = dict(zip(("a", "b"), info.people, strict=True))
    covered, faces = (_frames_of(some, tracked.frames) for some in (tracks, tracked.tracks))
    filled = sum(len(track.points) - track.seen for track in tracks)
    side = _median_side(tracks)
    story = SwapStory(
        model=info.name,
        resolution=info.resolution,
        shown=people[options.shown_side],
        put_in=people[options.side],
        video=name,
        kind="picture" if still else "video",
        size=(clip.width, clip.height),
        fps=float(clip.fps),
        frames=tracked.frames,
        swapped_frames=int(covered.sum()),
        filled_frames=filled,
        people=chosen.people,
        whose=chosen.how,
        scenes=tracked.shots,
        face_px=side,
        sound=_sound(clip, options, still),
        preview=options.preview is not None and not still,
        options=options.changed(),
    )
    others = int((faces & ~covered).sum())
    return replace(story, warnings=_concerns(story, others))


def _frames_of(tracks: Sequence[Track], count: int) -> NDArray[np.bool_]:
    """In which of ``count`` frames any of the tracks is."""
    covered = np.zeros(count, bool)
    for track in tracks:
        covered[track.first : track.last + 1] = True
    return covered


def _median_side(tracks: Sequence[Track]) -> int:
    middles = [track.points[len(track.points) // 2].astype(np.float64) for track in tracks]
    sides = [align_face(xy, t.names).side for xy, t in zip(middles, tracks, strict=True)]
    return round(float(np.median(sides)))


def _sound(clip: Clip, options: ConvertOptions, still: bool) -> str:
    if still or not options.sound:
        return "none"
    return "none (the video has none)" if clip.audio is None else "the video's"


def _concerns(story: SwapStory, others: int) -> tuple[str, ...]:
    """Warnings in plain words, each with what to do.

    ``others`` counts the frames in which only faces are seen that are left alone.
    """
    found = []
    if story.face_px > _SOFT * story.resolution:
        found.append(
            f"The face is about {story.face_px} pixels wide and the model makes "
            f"{story.resolution}; it will look soft. --sharpen 0.6 helps "
            "a little, a model of a larger preset more."
        )
    if others > _LOST_SHARE * story.frames:
        found.append(
            f"In {others} of {story.frames} frames only other faces are seen, and left alone. If "
            "one of them is the same person, --faces all replaces every face, --faces 2 the next."
        )
    missing = story.frames - story.swapped_frames - others
    if missing > _LOST_SHARE * story.frames:
        found.append(
            f"{missing} of {story.frames} frames stay as they are: the face is not there, turned "
            "away or too small in them."
        )
    return tuple(found)
