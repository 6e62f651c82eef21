"""The driving side of a live picture: a camera's face, found and followed without a look ahead.

A face is searched for where none is known, and at most twice a second. From then on the keypoints
say where it went: the square comes after a face that leaves its middle, and else so slowly that a
head that is held aside stays aside for seconds.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import Crop, crop_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.face import Box, Face
from deepmeme.faces.refine import LIKELY, Finder, face_from_landmarks, find_faces
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import Square, given_square, tight_square, whole_picture
from deepmeme.runtime.engine import KeypointArrays, MotionEngine

Frame = NDArray[np.uint8]

_SEARCH_EVERY_S = 0.5
_LOOK_EVERY_S = 1.0
"""The same for models whose keypoints don't tell a face from a carpet."""
_ROOM = 0.25
"""How far a face may go from the square's middle before that follows, in sides of its box."""
_ROOM_TO_GROW = 0.2
"""The same for its size, as a logarithm."""
_FOLLOW_S, _DRIFT_S = 0.3, 6.0
"""In these times the square makes up for two thirds of what the face is out of its room, and of
what it is out of the middle."""
_GONE_S = 0.5
"""Whoever was gone for so long begins in the middle."""


class Sighting(NamedTuple):
    """What keypoints show of a face, and how far that is to be trusted."""

    keypoints: KeypointArrays
    misfit: float
    face: Face


class CameraFace:
    """Keypoints of the face in a camera's frames, one frame after the other."""

    def __init__(self, engine: MotionEngine, options: AnimateOptions) -> None:
        """Nothing is seen yet; of the options only ``crop_driving`` counts."""
        self._engine, self._wanted = engine, options.crop_of_driving
        self._framing, self._finder = engine.info().framing, Finder.of(engine)
        self._face: Face | None = None
        """Where the square is held, which is not exactly where the face is."""
        self._searched_s = self._sighted_s = -math.inf
        self.searches = 0
        """How often the whole frame was searched for a face."""

    def __call__(self, frame: Frame, at_s: float, *, centre: bool = False) -> KeypointArrays | None:
        """Keypoints of one frame (h, w, 3), n = 1, or None where it shows no face.

        They are measured from the middle of the square that follows the face, and in its size: a
        driver who sits down elsewhere doesn't push the source out of its picture.

        Args:
            frame: what the camera saw.
            at_s: when, on any clock that doesn't go backwards.
            centre: bring the square's middle to where the face is now.

        Raises:
            InputError: the crop that was asked for lies outside of the frame.
        """
        if self._wanted != "auto" or self._framing <= 0:
            return self._engine.detect(self._fixed(frame).cut(frame, self._engine.resolution)[None])
        if self._finder is None:
            return self._unnamed(frame, at_s, centre=centre)
        sighting = self._sighted(frame, self._finder)
        if sighting is None:
            self._face = self._searched(frame, at_s, self._finder)
            sighting = self._sighted(frame, self._finder)
        if sighting is None or self._face is None:
            return None
        old, elapsed, self._sighted_s = self._face, at_s - self._sighted_s, at_s
        afresh = centre or elapsed > _GONE_S
        self._face = sighting.face if afresh else _followed(old, sighting.face, elapsed)
        cut, held = self._crop(old, frame), crop_face(self._face, framing=self._framing)
        return _as_seen_in(sighting.keypoints, cut, held, self._engine.resolution)

    def _fixed(self, frame: Frame) -> Square:
        if self._wanted == "none":
            return whole_picture(frame.shape)
        if self._wanted == "auto":
            return tight_square(None, frame.shape, "the centre")
        return given_square(self._wanted, frame.shape, "--crop-driving", None)

    def _crop(self, face: Face, frame: Frame) -> Crop:
        return crop_face(face, framing=self._framing, within=frame.shape)

    def _sighted(self, frame: Frame, finder: Finder) -> Sighting | None:
        """What the square shows; None where that is no face."""
        if self._face is None:
            return None
        crop, side = self._crop(self._face, frame), self._engine.resolution
        keypoints = self._engine.detect(crop.quick_cut(frame, side)[None])
        wide = keypoints.xy[0].astype(np.float64)
        misfit, face = face_from_landmarks(wide, finder.names, crop, side)
        x, y = face.box.centre
        inside = 0 <= x <= frame.shape[1] and 0 <= y <= frame.shape[0]
        return Sighting(keypoints, misfit, face) if misfit <= LIKELY and inside else None

    def _searched(self, frame: Frame, at_s: float, finder: Finder) -> Face | None:
        if at_s - self._searched_s < _SEARCH_EVERY_S:
            return None
        self._searched_s = at_s
        self.searches += 1
        return next(iter(find_faces(frame, finder)), None)

    def _unnamed(self, frame: Frame, at_s: float, *, centre: bool) -> KeypointArrays | None:
        """The same by looks at the whole frame, a second apart."""
        if centre or at_s - self._searched_s >= _LOOK_EVERY_S:
            self._searched_s = at_s
            self.searches += 1
            seen = next(iter(detect_faces(frame, leaning=False)), None)
            known = None if centre else self._face
            self._face = _followed(known, seen, _LOOK_EVERY_S) if known and seen else seen
        if self._face is None:
            return None
        crop, side = self._crop(self._face, frame), self._engine.resolution
        held = crop_face(self._face, framing=self._framing)
        return _as_seen_in(self._engine.detect(crop.quick_cut(frame, side)[None]), crop, held, side)


def _followed(held: Face, seen: Face, elapsed_s: float) -> Face:
    """The square's place, drawn after a face that has left its room."""
    quick, slow = (1 - math.exp(-elapsed_s / span) for span in (_FOLLOW_S, _DRIFT_S))

    def drawn(away: float, room: float) -> float:
        inside = min(max(away, -room), room)
        return slow * inside + quick * (away - inside)

    side = held.box.width
    grown = drawn(math.log(seen.box.width / side), _ROOM_TO_GROW)
    x, y = (
        old + side * drawn((new - old) / side, _ROOM)
        for old, new in zip(held.box.centre, seen.box.centre, strict=True)
    )
    half = side * math.exp(grown) / 2
    return held._replace(box=Box(x - half, y - half, x + half, y + half))


def _as_seen_in(keypoints: KeypointArrays, cut: Crop, held: Crop, size: int) -> KeypointArrays:
    """Keypoints of one upright square, in the coordinates of another."""
    ratio = np.float32(cut.side / held.side)
    pixel = 2 / held.side * size / (size - 1)  # -1 and 1 are the middles of the outermost pixels
    shift = [(cut.centre_x - held.centre_x) * pixel, (cut.centre_y - held.centre_y) * pixel]
    jacobian = None if keypoints.jacobian is None else keypoints.jacobian * ratio
    return KeypointArrays(keypoints.xy * ratio + np.asarray(shift, np.float32), jacobian)
