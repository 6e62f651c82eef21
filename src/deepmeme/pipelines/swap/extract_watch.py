"""Follows all faces from look to look: the detector now and then, landmarks in between.

What is known between two looks is small and can be written down, so that a run that was killed
goes on as if nothing had been.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.crop import Crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.landmarks import find_landmarks, open_reader

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]

FACE = 0.13
"""Misfit up to which landmarks show a face for sure; see ``faces/refine.py``."""
HARDLY = 0.2
"""Misfit above which there is none."""
_WORTH_A_LOOK = 0.3
_DETECT_EVERY = 5
_SAME_OVERLAP = 0.3
_SCENE_PX = (16, 9)
_CUT = 24.0
"""Mean change of the tiny grey picture from look to look, of 255, that is taken for a cut."""
_NEWS, _HEAD = 14.0, 1.2
"""Change of one of its pixels that is worth a search for new faces, if it lies farther from every
known face than so many widths of it."""


@dataclass(frozen=True)
class Known:
    """A face that is followed."""

    track: int
    face: Face
    """Where the landmarks have it; its score is the detector's."""


@dataclass(frozen=True)
class WatchState:
    """All that one look leaves to the next."""

    known: tuple[Known, ...] = ()
    next_track: int = 0
    since: int = 0
    """Looks since the detector was asked."""
    scene: bytes = b""
    """The tiny picture that tells cuts."""


class Seen(NamedTuple):
    """A face in a frame."""

    track: int
    score: float
    """How surely the detector took it for a face."""
    misfit: float
    """Of its landmarks, in distances of the eyes."""
    crop: Crop
    """The aligned square."""
    xy_px: Points
    """(k, 2) landmarks in the picture."""
    points: Points
    """(k, 2) landmarks in the square, [-1, 1] from edge to edge."""


class _Placed(NamedTuple):
    face: Face
    misfit: float
    xy_px: Points


def look(frame: Frame, state: WatchState) -> tuple[tuple[Seen, ...], WatchState]:
    """Faces in the next frame (h, w, 3), and what to remember for the one after it.

    Raises:
        WeightsError: the networks' files are damaged.
    """
    scene = _tiny(frame)
    change = _change(state.scene, scene)
    cut = float(change.mean()) > _CUT
    tracked = [] if cut else _follow(frame, state.known)
    lost = len(tracked) < len(state.known) or not state.known
    since, fresh = state.since + 1, state.next_track
    if cut or lost or since >= _DETECT_EVERY or _news(change, tracked, frame.shape):
        tracked, fresh = _match(frame, tracked, fresh)
        since = 0
    known = tuple(one for one, _ in tracked)
    return tuple(_seen(*one) for one in tracked), replace(
        state, known=known, next_track=fresh, since=since, scene=scene
    )


def _follow(frame: Frame, known: Sequence[Known]) -> "list[tuple[Known, _Placed]]":
    """Known faces where they are now; those that are lost are missing."""
    followed: list[tuple[Known, _Placed]] = []
    for one in known:
        placed = _place(frame, one.face)
        if placed is not None and placed.misfit <= FACE and _alone(placed, followed):
            followed.append((replace(one, face=placed.face), placed))
    return followed


def _match(
    frame: Frame, tracked: "Sequence[tuple[Known, _Placed]]", fresh: int
) -> "tuple[list[tuple[Known, _Placed]], int]":
    """What the detector sees: known faces that it confirms, and new ones."""
    matched: list[tuple[Known, _Placed]] = []
    left = list(tracked)
    for face in detect_faces(frame, leaning=False):
        near = max(left, key=lambda one: one[1].face.box.overlap(face.box), default=None)
        if near is not None and near[1].face.box.overlap(face.box) > _SAME_OVERLAP:
            left.remove(near)
            one, placed = near
            sure = placed.face._replace(score=face.score)
            matched.append((replace(one, face=sure), placed))
            continue
        found = _place(frame, face)
        if found is not None and _alone(found, matched):
            matched.append((Known(fresh, found.face), found))
            fresh += 1
    return matched, fresh


def _place(frame: Frame, face: Face) -> _Placed | None:
    """The face by its landmarks; None where they show none."""
    marks = find_landmarks(frame, face)
    x, y = marks.face.box.centre
    if marks.misfit > HARDLY or not (0 <= x <= frame.shape[1] and 0 <= y <= frame.shape[0]):
        return None
    return _Placed(marks.face._replace(score=face.score), marks.misfit, marks.xy_px)


def _seen(one: Known, placed: _Placed) -> Seen:
    names = open_reader().names
    crop = align_face(placed.xy_px, names)
    points = in_square(placed.xy_px, crop)
    return Seen(one.track, one.face.score, placed.misfit, crop, placed.xy_px, points)


def _alone(placed: _Placed, others: "Sequence[tuple[Known, _Placed]]") -> bool:
    return all(placed.face.box.overlap(other.face.box) < _SAME_OVERLAP for _, other in others)


def _tiny(frame: Frame) -> bytes:
    small = cv2.resize(frame, _SCENE_PX, interpolation=cv2.INTER_AREA)
    return bytes(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8).tobytes())


def _change(before: bytes, now: bytes) -> NDArray[np.float64]:
    """(9, 16) how much each part of the tiny picture has changed, of 255."""
    wide, tall = _SCENE_PX
    if len(before) != len(now):
        return np.full((tall, wide), 255.0)
    first, second = (np.frombuffer(scene, np.uint8).astype(np.float64) for scene in (before, now))
    return np.abs(first - second).reshape(tall, wide)


def _news(
    change: NDArray[np.float64], tracked: "Sequence[tuple[Known, _Placed]]", shape: Sequence[int]
) -> bool:
    """Whether something has changed away from the heads that are followed."""
    wide, tall = _SCENE_PX
    across, down = wide / shape[1], tall / shape[0]
    left = change.copy()
    for one, _ in tracked:
        (x, y), half = one.face.box.centre, _HEAD * one.face.box.width
        rows = slice(max(0, int((y - half) * down)), max(0, int((y + half) * down) + 1))
        columns = slice(max(0, int((x - half) * across)), max(0, int((x + half) * across) + 1))
        left[rows, columns] = 0
    return bool(left.max() > _NEWS)


def state_as_json(state: WatchState) -> list[object]:
    """For a line of the journal; numbers come back exactly."""
    known = [
        [one.track, *map(float, one.face.box), one.face.score, one.face.angle_deg]
        for one in state.known
    ]
    return [known, state.next_track, state.since, state.scene.hex()]


def state_from_json(written: object) -> WatchState:
    """Back from :func:`state_as_json`.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(written, list) or len(written) != 4:
        raise ValueError(f"expected four things to remember, found {written!r:.80}")
    known, fresh, since, scene = written
    try:
        faces = [
            Known(int(track), Face(Box(x0, y0, x1, y1), score, angle))
            for track, *numbers in known
            for x0, y0, x1, y1, score, angle in [map(float, numbers)]
        ]
        return WatchState(tuple(faces), int(fresh), int(since), bytes.fromhex(scene))
    except TypeError as error:
        raise ValueError(str(error)) from error
