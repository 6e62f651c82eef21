"""Moves named face keypoints: the head's motion and the face's expression, apart or together.

Adding raw differences of keypoints (``transfer``) is right where driver and source have the same
proportions. Otherwise a blink leaves a slit or folds the lids over, and a turned head bends. Here
the motion since the anchor is split in two: the head's, an affine camera fitted to what only the
skull moves, applied to the source about its own place and depth; and the rest, scaled by the size
of the feature it belongs to, with lids and lips brought together by ratio, so that they meet when
the driver's do.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.shape import FEWEST_RIGID, head_angles, in_space, rigid_rows
from deepmeme.pipelines.face_rings import Ring, rings_of
from deepmeme.pipelines.turn_limit import limited_turn
from deepmeme.runtime.engine import KeypointArrays

Points = NDArray[np.float64]

_RIDGE = 1e-4
_SIZE_LIMITS = (0.5, 2.0)
_OPEN_FROM, _OPEN_SURELY = 0.02, 0.08
_EYE_GROUPS, _MOUTH_GROUPS = ("eye", "iris"), ("lip", "jaw")
_LID_SHARE, _LIP_SHARE = 0.8, 0.3
"""How much of a correction the upper side takes: lids fall, jaws rise."""
_FOLLOWING_CHIN = {6: 1.0, 7: 1.0, 8: 1.0, 9: 1.0, 10: 1.0, 5: 0.5, 11: 0.5}
"""How far a jaw keypoint goes with the lower lip."""


_PROFILE_DEG, _LEAST_SHARE = 60.0, 0.3
"""A source turned so far has only the least share of the allowed turn left."""
_DRAWN_ALONG = (
    (("eye_r", "iris_r", "brow_r"), ("eye_r_0", "eye_r_3")),
    (("eye_l", "iris_l", "brow_l"), ("eye_l_0", "eye_l_3")),
    (("lip", "jaw"), tuple(f"nose_{row}" for row in range(4, 9))),
)
"""Features, and the keypoints of the skull beside them."""


class Face(NamedTuple):
    """What is known about the keypoints of a model from their names."""

    names: tuple[str, ...]
    rigid: NDArray[np.int64]
    """Rows that only the skull moves."""
    rings: dict[str, Ring]

    def starting(self, *starts: str) -> list[int]:
        """Rows whose name starts so."""
        return [row for row, name in enumerate(self.names) if name.startswith(starts)]


def face_of(names: Sequence[str], num_keypoints: int) -> Face:
    """What the names of a model's keypoints say.

    Raises:
        InputError: too few of them are known parts of a skull.
    """
    if len(names) != num_keypoints:
        raise InputError(f"Found {len(names)} names for {num_keypoints} keypoints.")
    rigid = rigid_rows(names)
    if len(rigid) < FEWEST_RIGID:
        raise InputError(
            f"The head's pose needs at least {FEWEST_RIGID} keypoints on nose, eye corners, "
            f"forehead and upper jaw (nose_0, eye_l_0, ...); this model names {len(rigid)}. "
            "Move the keypoints without their names."
        )
    return Face(tuple(names), rigid, rings_of(names))


class FaceMotion:
    """How a driver's face moves since its anchor, ready to be laid onto one source."""

    def __init__(
        self,
        source: KeypointArrays,
        anchor: KeypointArrays,
        face: Face,
        *,
        scale: float | None = None,
        max_turn_deg: float | None = None,
    ) -> None:
        """Compare two faces.

        Args:
            source: keypoints of the source, n = 1.
            anchor: keypoints of the driver before it moves, n = 1.
            face: what the keypoints are.
            scale: how much larger the source's head is; measured if None.
            max_turn_deg: the head's turn since the anchor stays below this (see ``turn_limit``);
                below less where the source is seen from the side, and shows less of itself.
        """
        self._max_turn_deg = None
        if max_turn_deg is not None:
            yaw = abs(float(head_angles(source.xy.astype(np.float64), face.names)[0, 0]))
            self._max_turn_deg = max_turn_deg * max(_LEAST_SHARE, 1 - yaw / _PROFILE_DEG)
        self._face = face
        self._still = source.xy[0].astype(np.float64)
        self._start = anchor.xy[0].astype(np.float64)
        fitted = _similarity(self._start[face.rigid], self._still[face.rigid])
        self._turn = fitted.turn
        self._size = fitted.size if scale is None else scale
        self._in_space = in_space(self._still, face.names)
        self._driver_in_space = in_space(self._start, face.names)
        self._scales = _feature_scales(self._start, self._still, face, self._size)

    def pose(self, driving: Points, multiplier: float = 1.0) -> Points:
        """The source with its own expression, moved as the driver's head, (n, k, 2)."""
        pose = _pose_change(self._driver_in_space, self._start, driving, self._face)
        return self._moved(pose, driving, multiplier)

    def whole(
        self, driving: Points, multiplier: float = 1.0, *, eyes: bool = True, mouth: bool = True
    ) -> Points:
        """The source moved and with the driver's expression, (n, k, 2)."""
        pose = _pose_change(self._driver_in_space, self._start, driving, self._face)
        posed = self._start + pose.at(self._driver_in_space)
        moved = self._moved(pose, driving, multiplier)
        shown = driving
        if self._max_turn_deg is not None:
            share = pose.kept(self._max_turn_deg)[:, None, None]
            shown = driving - (1 - share) * self._drawn_along(driving - posed)
        return self._expressed(posed, shown, moved, multiplier, eyes, mouth)

    def expression(
        self, driving: Points, multiplier: float = 1.0, *, eyes: bool = True, mouth: bool = True
    ) -> Points:
        """The source in its own pose with the driver's expression, (n, k, 2)."""
        pose = _pose_change(self._driver_in_space, self._start, driving, self._face)
        change = driving - self._start - pose.at(self._driver_in_space)
        change[:, self._face.starting("neck")] = 0
        posed = np.broadcast_to(self._start, change.shape)
        moved = np.broadcast_to(self._still, change.shape)
        return self._expressed(posed, posed + pose.undone(change), moved, multiplier, eyes, mouth)

    def _moved(self, pose: "_Pose", driving: Points, multiplier: float) -> Points:
        if self._max_turn_deg is not None:
            pose = pose.within(self._max_turn_deg, self._driver_in_space[self._face.rigid])
        change = pose.carried(self._turn, self._size).at(self._in_space)
        # The neck stands on the shoulders: it goes where the driver's neck goes, not with the head.
        neck = self._face.starting("neck")
        change[:, neck] = self._size * (driving[:, neck] - self._start[neck]) @ self._turn.T
        return np.asarray(self._still + multiplier * change)

    def _expressed(
        self,
        posed: Points,
        driving: Points,
        moved: Points,
        multiplier: float,
        eyes: bool,
        mouth: bool,
    ) -> Points:
        """``moved`` (n, k, 2) with the change from ``posed`` to ``driving`` on top."""
        face = self._face
        change = driving - posed
        held = [*face.starting("neck")]
        held += [] if eyes else face.starting(*_EYE_GROUPS)
        held += [] if mouth else face.starting(*_MOUTH_GROUPS)
        change[:, held] = 0
        added = (change * self._scales[:, None]) @ self._turn.T
        xy = moved + multiplier * added
        motion = _Closing(self._start, posed, driving, moved, multiplier)
        for name in ("eye_r", "eye_l") if eyes else ():
            if name in face.rings:
                _close(xy, face.rings[name], motion, self._scales, _LID_SHARE)
        if mouth and "lip_inner" in face.rings:
            steps = _close(xy, face.rings["lip_inner"], motion, self._scales, _LIP_SHARE)
            self._follow_lips(xy, steps)
        return np.asarray(xy)

    def _drawn_along(self, change: Points) -> Points:
        """What of a change (n, k, 2) is no expression but a turn that the pose did not catch.

        The skull's own keypoints tell; each feature goes with those that are nearest to it.
        """
        face, drawn = self._face, np.zeros_like(change)
        drawn[:, face.rigid] = change[:, face.rigid]
        for features, anchors in _DRAWN_ALONG:
            rows = [row for row in face.starting(*features) if row not in face.rigid]
            near = [row for row in face.rigid if face.names[row] in anchors]
            if near:
                drawn[:, rows] = change[:, near].mean(axis=1, keepdims=True)
        return drawn

    def _follow_lips(self, xy: Points, steps: tuple[Points, Points]) -> None:
        """Lips keep their thickness: outer rim and chin go with what the inner rim was moved."""
        upper, lower = (np.pad(step, ((0, 0), (1, 1), (0, 0))) for step in steps)
        outer = self._face.rings.get("lip_outer")
        if outer is not None:
            for index, (high, low) in enumerate(outer.pairs, 1):
                place = index / (len(outer.pairs) + 1) * (upper.shape[1] - 1)
                before, share = int(place), place - int(place)
                xy[:, high] += (1 - share) * upper[:, before] + share * upper[:, before + 1]
                xy[:, low] += (1 - share) * lower[:, before] + share * lower[:, before + 1]
        middle = lower[:, lower.shape[1] // 2]
        for row, name in enumerate(self._face.names):
            stem, _, number = name.rpartition("_")
            if stem == "jaw" and int(number) in _FOLLOWING_CHIN:
                xy[:, row] += _FOLLOWING_CHIN[int(number)] * middle


class _Closing(NamedTuple):
    start: Points
    """(k, 2) the driver in the anchor frame."""
    posed: Points
    """(n, k, 2) the driver with the expression of the anchor."""
    driven: Points
    """(n, k, 2) the driver with the expression of now, in the same pose."""
    moved: Points
    """(n, k, 2) the source with its own expression, in its new pose."""
    multiplier: float


def _close(
    xy: Points, ring: Ring, motion: _Closing, scales: Points, upper_share: float
) -> tuple[Points, Points]:
    """Sets the gap between the two sides of a ring so that it closes when the driver's does.

    Opening adds the driver's change, scaled. Closing multiplies by the share of the gap that the
    driver has left. Where the driver was closed in the anchor there is no share to speak of, and
    closing adds too. Returns how far upper and lower points were moved, (n, pairs, 2) each.
    """
    had, now = ring.gaps(motion.posed), ring.gaps(motion.driven)
    now = np.maximum(had + motion.multiplier * (now - had), np.minimum(now, 0))
    own, current = ring.gaps(motion.moved), ring.gaps(xy)
    scale = scales[ring.rows[0]]
    added = np.maximum(own + scale * (now - had), np.minimum(0, np.minimum(own, now * scale)))
    shared = own * now / np.maximum(had, 1e-9)
    width = ring.width(motion.start[None])[0]
    ease = np.clip((had / width - _OPEN_FROM) / (_OPEN_SURELY - _OPEN_FROM), 0, 1)
    wanted = np.where(now < had, ease * shared + (1 - ease) * added, added)
    step = (wanted - current)[:, :, None] * ring.down(xy)[:, None]
    upper, lower = np.array(ring.pairs).T
    moves = -upper_share * step, (1 - upper_share) * step
    xy[:, upper] += moves[0]
    xy[:, lower] += moves[1]
    return moves


class _Similarity(NamedTuple):
    size: float
    turn: Points
    """(2, 2) rotation."""


def _similarity(start: Points, end: Points) -> _Similarity:
    """Size ratio and rotation that bring points (r, 2) closest to others (Umeyama 1991)."""
    start, end = start - start.mean(axis=0), end - end.mean(axis=0)
    along = float((start * end).sum())
    across = float((start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]).sum())
    spread = max(float((start * start).sum()), 1e-12)
    length = max(float(np.hypot(along, across)), 1e-12)
    cosine, sine = along / length, across / length
    return _Similarity(length / spread, np.array([[cosine, -sine], [sine, cosine]]))


class _Pose(NamedTuple):
    """What the head did: a change of place that depends on x, y and depth about its pivot."""

    linear: Points
    """(n, 3, 2): change of xy for each unit of x, y and depth."""
    shift: Points
    """(n, 2) change of the pivot."""

    def at(self, places: Points) -> Points:
        """How far each of the places (k, 3) moves, (n, k, 2)."""
        return np.asarray(places @ self.linear + self.shift[:, None])

    def carried(self, turn: Points, size: float) -> "_Pose":
        """The same motion of a head that is turned and sized otherwise."""
        around = np.eye(3)
        around[:2, :2] = turn
        return _Pose(around @ self.linear @ turn.T, size * self.shift @ turn.T)

    def kept(self, limit_deg: float) -> Points:
        """Share of each turn that :meth:`within` keeps, (n,)."""
        return limited_turn(np.eye(3)[:2] + self.linear.transpose(0, 2, 1), limit_deg)[1]

    def within(self, limit_deg: float, places: Points) -> "_Pose":
        """The same with less of a turn; the middle of the places (r, 3) goes where it went."""
        flat = np.eye(3)[:2]
        maps, _ = limited_turn(flat + self.linear.transpose(0, 2, 1), limit_deg)
        linear = (maps - flat).transpose(0, 2, 1)
        return _Pose(linear, self.shift + places.mean(axis=0) @ (self.linear - linear))

    def undone(self, change: Points) -> Points:
        """Changes (n, k, 2) seen in the posed head, as they look in the anchor's.

        Turns and sizes them back by the closest similarity to each frame's 2 x 2 part.
        """
        maps = np.eye(2) + self.linear[:, :2].transpose(0, 2, 1)
        along = (maps[:, 0, 0] + maps[:, 1, 1]) / 2
        across = (maps[:, 1, 0] - maps[:, 0, 1]) / 2
        power = np.maximum(along**2 + across**2, 1e-6)
        back = np.stack([np.stack([along, across], -1), np.stack([-across, along], -1)], -2)
        back /= power[:, None, None]
        return np.asarray(change @ back.transpose(0, 2, 1))


def _pose_change(places: Points, start: Points, driving: Points, face: Face) -> _Pose:
    """Least squares over the rigid points, leaning towards no motion where they can't tell."""
    middle = places[face.rigid].mean(axis=0)
    deep = places[face.rigid] - middle
    moved = driving[:, face.rigid] - start[face.rigid]
    shift = moved.mean(axis=1)
    spread = float(np.square(deep[:, :2]).mean()) * len(deep)
    gram = deep.T @ deep + _RIDGE * max(spread, 1e-9) * np.eye(3)
    linear = np.linalg.solve(gram, deep.T) @ (moved - shift[:, None])
    return _Pose(linear, shift - middle @ linear)


def _feature_scales(start: Points, still: Points, face: Face, size: float) -> Points:
    """For each keypoint how much larger the source's feature is than the driver's, (k,)."""
    scales = np.full(len(start), size)
    owned = {
        "eye_l": ("eye_l", "iris_l", "brow_l"),
        "eye_r": ("eye_r", "iris_r", "brow_r"),
        "lip_outer": ("lip", "jaw"),
    }
    least, most = _SIZE_LIMITS
    for name, groups in owned.items():
        if name in face.rings:
            ring = face.rings[name]
            ratio = float(ring.width(still[None])[0] / ring.width(start[None])[0])
            scales[face.starting(*groups)] = np.clip(ratio, least * size, most * size)
    return scales
