"""Moves named face keypoints: the head's motion and the face's expression, apart or together.

Adding raw differences of keypoints (``transfer``) is right where driver and source have the same
proportions. Otherwise a blink leaves a slit or folds the lids over, and a turned head bends. Here
the motion since the anchor is split in two: the head's, an affine camera fitted to what only the
skull moves, applied to the source about its own place and depth; and the rest, scaled by the size
of the feature it belongs to, with lids and lips brought together by ratio, so that they meet when
the driver's do.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.pipelines.face_shape import rigid_rows, view_depth
from deepmeme.pipelines.transfer import check_alike, transfer_jacobian
from deepmeme.runtime.engine import KeypointArrays

Part = Literal["whole", "pose", "expression"]
PARTS: tuple[Part, ...] = ("whole", "pose", "expression")

_Points = NDArray[np.float64]
_RINGS = {"eye_l": 6, "eye_r": 6, "lip_inner": 8, "lip_outer": 12}
_RIDGE = 1e-4
_SIZE_LIMITS = (0.5, 2.0)
_OPEN_FROM, _OPEN_SURELY = 0.02, 0.08


def transfer_face(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    names: Sequence[str] | None,
    part: Part = "whole",
    eyes: bool = True,
    mouth: bool = True,
    relative: bool = True,
    adapt_scale: bool = True,
    multiplier: float = 1.0,
    scale: float | None = None,
) -> KeypointArrays:
    """As ``transfer``, for models whose keypoints are named parts of a face.

    A source equal to the anchor reproduces the driving, and driving equal to the anchor returns
    the source.

    Args:
        source: keypoints of the source, n = 1.
        driving: keypoints of n driving frames.
        anchor: keypoints of the driving frame that counts as "no motion yet", n = 1.
        names: the model's ``keypoint_names``.
        part: the whole motion, the head's pose alone, or the expression alone.
        eyes: False keeps the source's eyes as they are in the head.
        mouth: False keeps the source's mouth and jaw as they are in the head.
        relative: False measures the motion from the source itself, so that with all parts the
            driving keypoints come out unchanged.
        adapt_scale: scale the head's movements by the two faces' sizes.
        multiplier: 1 = as driven, 0 = still, above 1 = exaggerated.
        scale: use this ratio of face sizes instead of the measured one.

    Raises:
        InputError: the keypoints aren't named, too few are known, or the parts don't fit together.
    """
    rows = _face_rows(names, source.xy.shape[1])
    check_alike(source, driving, anchor)
    if part not in PARTS:
        raise InputError(f"A motion's part is one of {', '.join(PARTS)}; found {part!r}.")
    if not relative:
        if part == "whole" and eyes and mouth and multiplier == 1.0:
            return driving
        anchor, scale = source, 1.0
    start, still = anchor.xy[0].astype(np.float64), source.xy[0].astype(np.float64)
    fitted = _similarity(start[rows.rigid], still[rows.rigid])
    size = scale if scale is not None else fitted.size if adapt_scale else 1.0
    pose = _pose_change(start, driving.xy.astype(np.float64), rows)
    on_anchor = start + pose.apply(start, rows)
    change = driving.xy - on_anchor
    moved = still + multiplier * pose.carried(fitted.turn, size).apply(still, rows)
    if part == "expression":
        change = _unposed(change, pose)
        on_anchor, moved = (
            np.broadcast_to(start, change.shape),
            np.broadcast_to(still, change.shape),
        )
    if part == "pose":
        xy = moved
    else:
        scales = _feature_scales(start, still, rows, size)
        added = (change * scales[:, None]) @ fitted.turn.T
        xy = moved + multiplier * _switched(added, rows, eyes, mouth)
        motion = _Closing(start, on_anchor, on_anchor + change, still, moved, multiplier)
        for ring in rows.rings:
            if eyes if ring.name.startswith("eye") else mouth:
                xy = _closed(xy, ring, motion, float(scales[ring.rows[0]]))
    return KeypointArrays(
        xy.astype(np.float32), transfer_jacobian(source, driving, anchor, multiplier=multiplier)
    )


class _Ring(NamedTuple):
    name: str
    rows: list[int]
    """From one corner over the upper side to the other and back along the lower side."""

    @property
    def corners(self) -> tuple[int, int]:
        return self.rows[0], self.rows[len(self.rows) // 2]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Each point of the upper side with the one below it."""
        half = len(self.rows) // 2
        return [(self.rows[i], self.rows[-i]) for i in range(1, half)]


class _Rows(NamedTuple):
    names: tuple[str, ...]
    rigid: NDArray[np.int64]
    rings: list[_Ring]

    def starting(self, *starts: str) -> list[int]:
        return [row for row, name in enumerate(self.names) if name.startswith(starts)]


def _face_rows(names: Sequence[str] | None, num_keypoints: int) -> _Rows:
    if names is None:
        raise InputError(
            "Pose and expression can only be told apart by a model whose keypoints are named "
            "parts of a face, and this model's aren't. Use the whole motion, or a model such as "
            "the one that ships with deepmeme."
        )
    if len(names) != num_keypoints:
        raise InputError(f"Found {len(names)} names for {num_keypoints} keypoints.")
    place = {name: row for row, name in enumerate(names)}
    rings = []
    for name, count in _RINGS.items():
        rows = [place[f"{name}_{i}"] for i in range(count) if f"{name}_{i}" in place]
        if len(rows) == count:
            rings.append(_Ring(name, rows))
    rigid = rigid_rows(names)
    if len(rigid) < 6:
        raise InputError(
            "The head's pose needs at least 6 keypoints on nose, eye corners and upper jaw "
            f"(nose_0, eye_l_0, eye_l_3, jaw_0, ...); this model names {len(rigid)} of them. "
            "Use the whole motion."
        )
    return _Rows(tuple(names), rigid, rings)


class _Similarity(NamedTuple):
    size: float
    turn: _Points
    """(2, 2) rotation."""


def _similarity(start: _Points, end: _Points) -> _Similarity:
    """Size ratio and rotation that bring points (r, 2) closest to others (Umeyama 1991)."""
    start, end = start - start.mean(axis=0), end - end.mean(axis=0)
    along = float((start * end).sum())
    across = float((start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]).sum())
    spread = max(float((start * start).sum()), 1e-12)
    length = max(float(np.hypot(along, across)), 1e-12)
    cosine, sine = along / length, across / length
    return _Similarity(length / spread, np.array([[cosine, -sine], [sine, cosine]]))


class _Pose(NamedTuple):
    """What the head did: a change of place that depends on x, y and depth about the middle."""

    linear: _Points
    """(n, 3, 2): change of xy for each unit of x, y and depth."""
    shift: _Points
    """(n, 2) change of the middle."""

    def apply(self, xy: _Points, rows: _Rows) -> _Points:
        """How far each of the points (k, 2) moves, (n, k, 2)."""
        return _in_space(xy, rows) @ self.linear + self.shift[:, None]

    def carried(self, turn: _Points, size: float) -> "_Pose":
        """The same motion of a head that is turned and sized otherwise."""
        around = np.eye(3)
        around[:2, :2] = turn
        return _Pose(around @ self.linear @ turn.T, size * self.shift @ turn.T)


def _in_space(xy: _Points, rows: _Rows) -> _Points:
    """Points (k, 2) with their depth, (k, 3), about the middle of the rigid ones."""
    deep = np.column_stack([xy, view_depth(xy, rows.names)])
    return np.asarray(deep - deep[rows.rigid].mean(axis=0))


def _pose_change(start: _Points, driving: _Points, rows: _Rows) -> _Pose:
    """Least squares over the rigid points, leaning towards no motion where they can't tell."""
    deep = _in_space(start, rows)[rows.rigid]
    moved = driving[:, rows.rigid] - start[rows.rigid]
    shift = moved.mean(axis=1)
    spread = float(np.square(deep[:, :2]).mean()) * len(deep)
    gram = deep.T @ deep + _RIDGE * max(spread, 1e-9) * np.eye(3)
    solve = np.linalg.solve(gram, deep.T)
    return _Pose(solve @ (moved - shift[:, None]), shift)


def _unposed(change: _Points, pose: _Pose) -> _Points:
    """Changes (n, k, 2) seen in the posed head, as they look in the anchor's."""
    # Rotation and size of each frame's map: the closest similarity to its 2 x 2 part.
    maps = np.eye(2) + pose.linear[:, :2].transpose(0, 2, 1)
    along = (maps[:, 0, 0] + maps[:, 1, 1]) / 2
    across = (maps[:, 1, 0] - maps[:, 0, 1]) / 2
    power = np.maximum(along**2 + across**2, 1e-6)
    back = np.stack([np.stack([along, across], -1), np.stack([-across, along], -1)], -2)
    back /= power[:, None, None]
    return np.asarray(change @ back.transpose(0, 2, 1))


def _feature_scales(start: _Points, still: _Points, rows: _Rows, size: float) -> _Points:
    """For each keypoint how much larger the source's feature is than the driver's, (k,)."""
    scales = np.full(len(start), size)
    owned = {
        "eye_l": ("eye_l", "iris_l", "brow_l"),
        "eye_r": ("eye_r", "iris_r", "brow_r"),
        "lip_outer": ("lip", "jaw"),
    }
    for ring in rows.rings:
        if ring.name in owned:
            first, last = ring.corners
            width = max(float(np.linalg.norm(start[last] - start[first])), 1e-9)
            ratio = float(np.linalg.norm(still[last] - still[first])) / width
            least, most = _SIZE_LIMITS
            scales[rows.starting(*owned[ring.name])] = np.clip(ratio, least * size, most * size)
    return scales


def _switched(change: _Points, rows: _Rows, eyes: bool, mouth: bool) -> _Points:
    change = change.copy()
    if not eyes:
        change[:, rows.starting("eye", "iris")] = 0
    if not mouth:
        change[:, rows.starting("lip", "jaw")] = 0
    return change


class _Closing(NamedTuple):
    start: _Points
    """(k, 2) the driver in the anchor frame."""
    posed: _Points
    """(n, k, 2) the driver with the expression of the anchor."""
    driven: _Points
    """(n, k, 2) the driver with the expression of now, in the same pose."""
    still: _Points
    """(k, 2) the source."""
    moved: _Points
    """(n, k, 2) the source with its own expression, in its new pose."""
    multiplier: float


def _closed(xy: _Points, ring: _Ring, motion: _Closing, scale: float) -> _Points:
    """Sets the gap between the two sides of a ring so that it closes when the driver's does.

    Opening adds the driver's change, scaled. Closing multiplies by the share of the gap that the
    driver has left. Where the driver was closed in the anchor there is no share to speak of, and
    closing adds too.
    """
    xy = xy.copy()
    first, last = ring.corners
    width = max(float(np.linalg.norm(motion.start[last] - motion.start[first])), 1e-9)
    for upper, lower in ring.pairs:
        had, _ = _gap(motion.posed, upper, lower, ring)
        now, _ = _gap(motion.driven, upper, lower, ring)
        now = had + motion.multiplier * (now - had)
        own, _ = _gap(motion.moved, upper, lower, ring)
        current, down = _gap(xy, upper, lower, ring)
        added = np.maximum(own + scale * (now - had), np.minimum(0, np.minimum(own, now * scale)))
        shared = own * now / np.maximum(had, 1e-9)
        ease = np.clip((had / width - _OPEN_FROM) / (_OPEN_SURELY - _OPEN_FROM), 0, 1)
        closing = ease * shared + (1 - ease) * added
        wanted = np.where(now < had, closing, added)
        step = ((wanted - current) / 2)[:, None] * down
        xy[:, upper] -= step
        xy[:, lower] += step
    return xy


def _gap(xy: _Points, upper: int, lower: int, ring: _Ring) -> tuple[_Points, _Points]:
    """How far the lower point lies below the upper one, (n,), across the line of the corners.

    Also that direction, (n, 2).
    """
    first, last = ring.corners
    along = xy[:, last] - xy[:, first]
    down = np.stack([-along[:, 1], along[:, 0]], axis=1)
    down /= np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-9)
    return np.asarray(((xy[:, lower] - xy[:, upper]) * down).sum(axis=1)), down
