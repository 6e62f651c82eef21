"""What may go wrong, said before the work starts."""

from collections.abc import Sequence

from deepmeme.media.caption import unwritable
from deepmeme.media.lettering import missing_letters
from deepmeme.pipelines.driving import Track
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.subject import Subject

_SOFT = 0.6
_LONG_S = 90.0
_UNPACKED = (".gif", ".apng")
_HEAVY_PIXELS = 40_000_000
"""Of all frames together: some 15 MB as a GIF."""


def concerns(
    subjects: Sequence[Subject],
    track: Track,
    options: AnimateOptions,
    *,
    resolution: int,
    looks_for_faces: bool,
) -> tuple[str, ...]:
    """Warnings in plain words, each with what to do."""
    found: list[str] = []
    for subject in subjects:
        found += _about_source(subject, options, resolution, looks_for_faces)
        found += _about_pose(subject, track, options)
    if looks_for_faces and track.story.kind == "video" and "centre" in track.story.how:
        found.append(
            f"No face was found in most frames of {track.story.name}; its centre is followed. "
            "--crop-driving X,Y,W,H says where the head is."
        )
    found += _about_letters(options)
    return tuple(found)


def _about_letters(options: AnimateOptions) -> list[str]:
    found = []
    for what, missing in (
        ("caption", unwritable(options.caption_top, options.caption_bottom)),
        ("label", missing_letters(options.label_text, "label")),
    ):
        if missing:
            letters = " ".join(missing)
            found.append(f"No font on this machine has {letters}; the {what} leaves these out.")
    return found


def _about_source(
    subject: Subject, options: AnimateOptions, resolution: int, looks_for_faces: bool
) -> list[str]:
    found = []
    automatic = options.crop_of_source == "auto"
    if looks_for_faces and automatic and not any(a.square.found_face for a in subject.actors):
        found.append(
            f"No face was found in {subject.name}; {_place_of(subject)} is animated. "
            "--crop X,Y,W,H says where the face is."
        )
    for actor in subject.actors:
        side = actor.square.corner[2] if actor.square.corner else min(subject.read_size)
        if side < _SOFT * resolution:
            found.append(
                f"The square of {subject.name} is {side} pixels wide and the model works on "
                f"{resolution}; the result will look soft. A larger picture helps."
            )
    return found


def _place_of(subject: Subject) -> str:
    return "its centre" if subject.actors[0].square.crop is not None else "the whole picture"


def _about_pose(subject: Subject, track: Track, options: AnimateOptions) -> list[str]:
    gap = max(actor.pose_gap for actor in subject.actors)
    if gap <= 1 or track.still:
        return []
    return [
        f"{subject.name} is posed unlike any moment of {track.story.name} (gap {gap:.1f}); the "
        "result may look bent. A driving video that starts in the same pose works better"
        + ("." if options.anchor_frame == "auto" else ", or --anchor auto.")
    ]


def long_render(seconds: float) -> str | None:
    """A warning where rendering will take this long, else None."""
    if seconds < _LONG_S:
        return None
    minutes = seconds / 60
    return (
        f"This will take about {minutes:.0f} minutes. Ctrl-C keeps what is done and --resume goes "
        "on; --end 10 makes a short trial."
    )


def heavy(suffix: str, size: tuple[int, int], frames: int, options: AnimateOptions) -> str | None:
    """A warning where an animated picture will be too large to send, else None."""
    pixels = size[0] * size[1] * frames
    if suffix.lower() not in _UNPACKED or options.max_bytes or pixels < _HEAVY_PIXELS:
        return None
    return (
        f"{size[0]}x{size[1]} in {frames} frames make a heavy {suffix.lower()}. --size 480 makes "
        "it smaller, --max-size 8MB keeps it under a limit, and .mp4 is smallest."
    )
