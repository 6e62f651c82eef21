"""Follows a face through a clip, for one square that holds it all the time."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from deepmeme.errors import InputError
from deepmeme.faces.crop import FRAMING, Crop, crop_centre, crop_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.refine import Finder, find_faces, refine_face
from deepmeme.media.clip import Clip, Frame

_LOOK_WITHIN_S = 60


def crop_clip(
    clip: Clip,
    *,
    framing: float = FRAMING,
    samples: int = 12,
    upright: bool = False,
    finder: Finder | None = None,
) -> Crop:
    """One square that holds the face through a whole clip, so that the head's motion stays.

    Looks for faces in ``samples`` frames spread over the clip's first minute, follows the face
    seen most and largest, drops outliers and takes medians. Where too few frames show a face it
    is the centre crop; ``found_face`` says which. The same clip gives the same crop.

    Args:
        clip: the video.
        framing: side of the square over the side of the face's box.
        samples: how many frames are looked at.
        upright: turn the square with a head that leans all the time.
        finder: a model's own keypoints, which place faces more exactly and find more of them.

    Raises:
        InputError: no samples are asked for, or framing isn't above 0.
    """
    if samples < 1:
        raise InputError(f"At least one frame must be looked at; found samples={samples}.")
    if finder is not None:
        followed = follow_face(list(_tracked(_spread(clip, samples), finder)))
    else:
        frames = _spread(clip, samples)
        followed = follow_face([detect_faces(frame, leaning=False) for frame in frames])
        if followed is None:
            # Looking for leaning heads takes long, so only a few frames are looked at again.
            frames = _spread(clip, min(samples, 3))
            followed = follow_face([detect_faces(frame) for frame in frames])
    shape = (clip.height, clip.width)
    if followed is None:
        return crop_centre(shape)
    return crop_face(followed, framing=framing, upright=upright, within=shape)


def _tracked(frames: Iterator[Frame], finder: Finder) -> Iterator[tuple[Face, ...]]:
    """Faces in each frame; searched for anew only where one of the last frame's is lost."""
    known: tuple[Face, ...] = ()
    for frame in frames:
        again = [refine_face(frame, face, finder) for face in known]
        known = tuple(face for face in again if face is not None)
        if not known or len(known) < len(again):
            known = find_faces(frame, finder)
        yield known


def follow_face(seen: Sequence[Sequence[Face]]) -> Face | None:
    """The face that the most frames agree on, as the median of where it was seen.

    None unless at least a third of the frames show it.
    """
    everything = [face for faces in seen for face in faces]
    best: list[Face] = []
    best_weight = 0.0
    for start in everything:
        group = _sightings(start, seen)
        weight = sum(face.score * math.sqrt(face.box.area) for face in group)
        if weight > best_weight + 1e-9:
            best, best_weight = group, weight
    if not best or 3 * len(best) < len(seen):
        return None
    corners = np.array([face.box for face in best])
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    # Half way between the median and the middle of all that was seen: a head that leans to one
    # side for a moment stays inside, and the square doesn't run after it.
    low, high = np.quantile(centres, [0.05, 0.95], axis=0)
    x, y = (np.median(centres, axis=0) + (low + high) / 2) / 2
    half = float(np.median(corners[:, 2:] - corners[:, :2])) / 2
    return Face(
        Box(float(x) - half, float(y) - half, float(x) + half, float(y) + half),
        float(np.median([face.score for face in best])),
        float(np.median([face.angle_deg for face in best])),
    )


def _sightings(start: Face, seen: Sequence[Sequence[Face]]) -> list[Face]:
    """In each frame the face nearest to ``start``, if it is near and of similar size."""
    group = []
    size = math.sqrt(start.box.area)
    for faces in seen:
        close = [(_gap(start, face) / size, face) for face in faces]
        close = [
            (gap, face)
            for gap, face in close
            if gap < 0.75 and 0.6 < math.sqrt(face.box.area) / size < 1 / 0.6
        ]
        if close:
            group.append(min(close, key=lambda pair: pair[0])[1])
    return group


def _gap(first: Face, second: Face) -> float:
    (x0, y0), (x1, y1) = first.box.centre, second.box.centre
    return math.hypot(x1 - x0, y1 - y0)


def _spread(clip: Clip, samples: int) -> Iterator[Frame]:
    """Up to ``samples`` frames, evenly over the clip's first minute."""
    within = max(1, round(_LOOK_WITHIN_S * clip.fps))
    count = min(clip.num_frames or within, within)
    stride = max(1, count // samples)
    yield from islice(clip, stride // 2 if clip.num_frames else 0, samples * stride, stride)
