"""Follows every face through a video, once, and keeps where its landmarks are: no frame is held.

A face of one frame and the nearest of the next belong together. A scene cut ends all tracks; a face
that is lost for less than half a second is filled in; one that stays away returns as a new track.
"""

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.align import align_face
from deepmeme.faces.crop import Crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.landmarks import Landmarks, find_landmarks
from deepmeme.pipelines.swap.smoothing import calm_points

Frame = NDArray[np.uint8]
Points = NDArray[np.float64]
Floats = NDArray[np.float32]

LOST_S = 0.4
"""A face that is lost for at most so long is taken to have moved on evenly."""
LIKELY = 0.16
"""Misfit up to which landmarks show a face; turned heads have up to 0.12."""
_STILL_THERE = 0.1
"""The same where the finder saw none and only the last place says where to look."""
_ALIKE = 0.8
"""Correlation with how the face looked a moment ago: landmarks alone see faces in a carpet, too."""
_LOOKS_PX = 24
_MOST_FACES = 12
_BLOCK_ROWS = 256
_MOST_STEP, _STEP_A_FRAME = 0.6, 0.12
_MOST_GROWTH = 1.6
_BRIEF_S = 0.12
_THUMB, _ENOUGH_PX = (48, 27), 120
_CUT, _CUT_OVER_USUAL = 22.0, 4.0
_USUAL = 0.8


class Sighting(NamedTuple):
    """One face in one frame."""

    crop: Crop
    xy_px: Points
    """(k, 2) landmarks in picture pixels."""


class _Growing:
    """A track in the making: of its past it keeps the landmarks alone."""

    def __init__(self, shot: int) -> None:
        self.shot = shot
        self.frames = array("q")
        self.crops: tuple[Crop, ...] = ()
        """The last two."""
        self.looks: Floats | None = None
        """Of the face in its last frame: a thumbnail without its mean, of length 1."""
        self._blocks: list[Floats] = []
        self._rows: list[Floats] = []

    def add(self, index: int, seen: Sighting, looks: Floats) -> None:
        self.frames.append(index)
        self.crops = (*self.crops[-1:], seen.crop)
        self.looks = looks
        self._rows.append(seen.xy_px.astype(np.float32))
        if len(self._rows) == _BLOCK_ROWS:
            self._blocks.append(np.stack(self._rows))
            self._rows.clear()

    @property
    def points(self) -> Floats:
        """(n, k, 2) landmarks so far."""
        rest = [np.stack(self._rows)] if self._rows else []
        return np.concatenate([*self._blocks, *rest])

    def expected(self, index: int) -> tuple[float, float]:
        """Where the middle will be in that frame if it moves on as it did."""
        last = self.crops[-1]
        if len(self.frames) < 2:
            return last.centre_x, last.centre_y
        before = self.crops[-2]
        pace = min(index - self.frames[-1], 2) / (self.frames[-1] - self.frames[-2])
        return (
            last.centre_x + (last.centre_x - before.centre_x) * pace,
            last.centre_y + (last.centre_y - before.centre_y) * pace,
        )


@dataclass(frozen=True)
class Track:
    """One face from its first to its last frame, without gaps."""

    number: int
    shot: int
    """Number of the scene that it is in, from 0."""
    first: int
    """Its first frame."""
    names: tuple[str, ...]
    points: NDArray[np.float32]
    """(n, k, 2) landmarks in picture pixels."""
    seen: int
    """Frames in which it was found; the others are filled in."""

    @property
    def last(self) -> int:
        """Its last frame."""
        return self.first + len(self.points) - 1

    @property
    def weight(self) -> float:
        """How much of the video it fills: the sum of its sides in pixels."""
        spans = np.ptp(self.points, axis=1).mean(axis=1)
        return float(spans.sum())

    def at(self, index: int) -> Sighting | None:
        """The face in frame ``index`` of the video; None where it is not there."""
        if not self.first <= index <= self.last:
            return None
        xy = self.points[index - self.first].astype(np.float64)
        try:
            return Sighting(align_face(xy, self.names), xy)
        except InputError:  # landmarks in one place
            return None

    def overlaps(self, other: "Track") -> bool:
        """Whether both are in one frame."""
        return self.first <= other.last and other.first <= self.last


class Tracked(NamedTuple):
    """All faces of a video."""

    tracks: tuple[Track, ...]
    frames: int
    shots: int


Look = Callable[[int, Frame, Crop], None]
"""Gets the number of a track, a frame and where the face is, some times for each track."""


class Tracker:
    """Call :meth:`add` with every frame in order, then :meth:`finish`."""

    def __init__(self, fps: float, *, harder: bool = False, look: Look | None = None) -> None:
        """Nothing is followed yet.

        Args:
            fps: frames a second.
            harder: search frames without a face for small and leaning ones, too; slow.
            look: shown each track's face now and then, to tell who it is.
        """
        self._patience = max(1, round(LOST_S * fps))
        self._fps, self._harder, self._look = fps, harder, look
        self._tracks: list[_Growing] = []
        self._open: list[int] = []
        self._names: tuple[str, ...] = ()
        self._cuts = CutFinder()
        self._index = 0

    def add(self, frame: Frame) -> int:
        """The next frame; how many faces are in it."""
        if self._cuts.is_cut(frame):
            self._open = []
        index, self._index = self._index, self._index + 1
        faces = self._sightings(frame)
        self._open = [n for n in self._open if index - self._tracks[n].frames[-1] <= self._patience]
        matches = self._matches(index, faces)
        for number, place in matches.items():
            self._keep(number, index, frame, faces[place])
        for number in [n for n in self._open if n not in matches]:
            missed = self._still_there(self._tracks[number], index, frame)
            if missed is not None and not any(_same(missed, other) for other in faces):
                self._keep(number, index, frame, missed)
        for place in set(range(len(faces))) - set(matches.values()):
            self._tracks.append(_Growing(self._cuts.shot))
            self._open.append(len(self._tracks) - 1)
            self._keep(len(self._tracks) - 1, index, frame, faces[place])
        return sum(self._tracks[n].frames[-1] == index for n in self._open)

    def finish(self) -> Tracked:
        """All tracks; very short ones, which are mistakes more often than faces, are left out."""
        least = min(max(1, round(_BRIEF_S * self._fps)), max(1, self._index // 4))
        tracks = tuple(
            _filled(number, track, self._names)
            for number, track in enumerate(self._tracks)
            if len(track.frames) >= least
        )
        return Tracked(tracks, self._index, self._cuts.shot + 1)

    def _keep(self, number: int, index: int, frame: Frame, seen: Sighting) -> None:
        track = self._tracks[number]
        track.add(index, seen, _looks(frame, seen.crop))
        count = len(track.frames)
        if self._look is not None and (count in (1, 4, 12) or count % 50 == 0):
            self._look(number, frame, seen.crop)

    def _sightings(self, frame: Frame) -> list[Sighting]:
        faces = detect_faces(frame, leaning=self._harder)[:_MOST_FACES]
        found = (self._sighted(find_landmarks(frame, face), LIKELY) for face in faces)
        return [seen for seen in found if seen is not None]

    def _sighted(self, marks: Landmarks, most: float) -> Sighting | None:
        self._names = marks.names
        if marks.misfit > most:
            return None
        try:
            return Sighting(align_face(marks.xy_px, marks.names), marks.xy_px)
        except InputError:
            return None

    def _matches(self, index: int, faces: Sequence[Sighting]) -> dict[int, int]:
        """Which open track goes on with which face, the nearest first."""
        pairs = []
        for number in self._open:
            track = self._tracks[number]
            reach = _MOST_STEP + _STEP_A_FRAME * (index - track.frames[-1] - 1)
            for place, seen in enumerate(faces):
                gap = _gap(track, index, seen.crop)
                if gap <= reach:
                    pairs.append((gap, number, place))
        matches: dict[int, int] = {}
        for _, number, place in sorted(pairs):
            if number not in matches and place not in matches.values():
                matches[number] = place
        return matches

    def _still_there(self, track: _Growing, index: int, frame: Frame) -> Sighting | None:
        """The face where it should be now, though the finder missed it."""
        last = track.crops[-1]
        x, y = track.expected(index)
        half = last.side * 0.43  # a face's box has 2.5 distances of the eyes, a crop 2.9
        if not (0 <= x < frame.shape[1] and 0 <= y < frame.shape[0]):
            return None
        face = Face(Box(x - half, y - half, x + half, y + half), 0.5, last.angle_deg)
        seen = self._sighted(find_landmarks(frame, face), _STILL_THERE)
        if seen is None or track.looks is None or _gap(track, index, seen.crop) > _MOST_STEP:
            return None
        alike = float((_looks(frame, seen.crop) * track.looks).sum())
        return seen if alike >= _ALIKE else None


class CutFinder:
    """Tells scene cuts by how much a thumbnail changes, beside how much it usually does."""

    def __init__(self) -> None:
        self._before: NDArray[np.float32] | None = None
        self._usual = 0.0
        self.shot = 0
        """Number of the scene, from 0."""

    def is_cut(self, frame: Frame) -> bool:
        """Whether ``frame`` begins another scene than the one before it."""
        step = max(1, min(frame.shape[:2]) // _ENOUGH_PX)
        few = np.ascontiguousarray(frame[::step, ::step])
        thumb = cv2.resize(few, _THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._before = self._before, thumb
        if before is None:
            return False
        change = float(np.abs(thumb - before).mean())
        cut = change > _CUT and change > _CUT_OVER_USUAL * self._usual
        if cut:
            self.shot += 1
        self._usual = 0.0 if cut else _USUAL * self._usual + (1 - _USUAL) * change
        return cut


def calm(track: Track, fps: float, amount: float) -> Track:
    """Without jitter and without lag: ``amount`` 0 changes nothing, 1 is calmest."""
    return replace(track, points=calm_points(track.points, fps, amount))


def watch(
    frames: Iterable[Frame], tracker: Tracker, on_frame: Callable[[int, int], None]
) -> Tracked:
    """Show a video to a tracker; ``on_frame`` hears the frames so far and the faces in the last."""
    for done, frame in enumerate(frames, start=1):
        on_frame(done, tracker.add(frame))
    return tracker.finish()


def _gap(track: _Growing, index: int, crop: Crop) -> float:
    """Distance from where the track should be, in sides of its square; infinite for other sizes."""
    last = track.crops[-1]
    if not 1 / _MOST_GROWTH < crop.side / last.side < _MOST_GROWTH:
        return math.inf
    places = (track.expected(index), (last.centre_x, last.centre_y))
    return min(math.hypot(crop.centre_x - x, crop.centre_y - y) for x, y in places) / last.side


def _looks(frame: Frame, crop: Crop) -> Floats:
    grey = cv2.cvtColor(crop.quick_cut(frame, _LOOKS_PX), cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey -= grey.mean()
    return np.asarray(grey / max(1e-6, float(np.linalg.norm(grey))), np.float32)


def _same(first: Sighting, other: Sighting) -> bool:
    apart = math.hypot(
        first.crop.centre_x - other.crop.centre_x, first.crop.centre_y - other.crop.centre_y
    )
    return apart < 0.5 * max(first.crop.side, other.crop.side)


def _filled(number: int, track: _Growing, names: tuple[str, ...]) -> Track:
    """Frames in which the face was lost get landmarks between those before and after."""
    known = np.asarray(track.frames)
    points = track.points
    wanted = np.arange(known[0], known[-1] + 1)
    if len(wanted) != len(known):
        after = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
        before = after - 1
        share = ((wanted - known[before]) / (known[after] - known[before])).astype(np.float32)
        points = points[before] + (points[after] - points[before]) * share[:, None, None]
    return Track(number, track.shot, int(known[0]), names, points, len(known))
