"""Which part of a motion is carried over: all of it, the pose alone, or the expression alone.

Models whose keypoints are named parts of a face know the two apart (``face_motion``). For others
the pose is the one affine map that most keypoints follow, and the expression is what the rest does.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from deepmeme.errors import InputError
from deepmeme.faces.shape import is_face
from deepmeme.pipelines.face_motion import FaceMotion, Points, face_of
from deepmeme.pipelines.transfer import (
    check_alike,
    hull_scale,
    inverse_2x2,
    transfer,
    transfer_jacobian,
)
from deepmeme.runtime.engine import KeypointArrays

Part = Literal["whole", "pose", "expression"]
PARTS: tuple[Part, ...] = ("whole", "pose", "expression")

_ROUNDS = 20
_STRETCH_RIDGE = 0.01
_FINEST = 2e-3


def transfer_parts(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    names: Sequence[str] | None = None,
    part: Part = "whole",
    eyes: bool = True,
    mouth: bool = True,
    relative: bool = True,
    adapt_scale: bool = True,
    multiplier: float = 1.0,
    scale: float | None = None,
    max_turn_deg: float | None = None,
) -> KeypointArrays:
    """The motion of n driving frames, or a part of it, carried over to one source.

    The best that is known for the model's keypoints: ``transfer_face`` where they are named parts
    of a face, ``transfer`` and ``transfer_unnamed`` elsewhere. Arguments as in ``transfer_face``.

    Raises:
        InputError: the keypoints don't fit together, or eyes and mouth of a model that doesn't
            name them are to be kept.
    """
    if part not in PARTS:
        raise InputError(f"A motion's part is one of {', '.join(PARTS)}; found {part!r}.")
    if names is not None and is_face(names):
        return transfer_face(
            source, driving, anchor, names=names, part=part, eyes=eyes, mouth=mouth,
            relative=relative, adapt_scale=adapt_scale, multiplier=multiplier, scale=scale,
            max_turn_deg=max_turn_deg,
        )  # fmt: skip
    if not (eyes and mouth):
        raise InputError(
            "Eyes and mouth can only be left out by a model whose keypoints are named parts of a "
            "face, and this model's aren't. Use a model such as the one that ships with deepmeme."
        )
    if part == "whole":
        return transfer(
            source, driving, anchor, relative=relative, adapt_scale=adapt_scale,
            multiplier=multiplier, scale=scale,
        )  # fmt: skip
    return transfer_unnamed(
        source, driving, anchor, part=part, relative=relative, adapt_scale=adapt_scale,
        multiplier=multiplier, scale=scale,
    )  # fmt: skip


def transfer_face(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    names: Sequence[str],
    part: Part = "whole",
    eyes: bool = True,
    mouth: bool = True,
    relative: bool = True,
    adapt_scale: bool = True,
    multiplier: float = 1.0,
    scale: float | None = None,
    max_turn_deg: float | None = None,
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
        max_turn_deg: bend turns of the head since the anchor back, so that they stay below this;
            a source seen from the side turns less. None: as driven. Only for relative motion.

    Raises:
        InputError: too few keypoints are known parts of a face, or they don't fit together.
    """
    face = face_of(names, source.xy.shape[1])
    check_alike(source, driving, anchor)
    if not relative:
        if part == "whole" and eyes and mouth and multiplier == 1.0:
            return driving
        anchor = source
    if not (relative and adapt_scale):
        scale = 1.0
    limit = max_turn_deg if relative else None
    motion = FaceMotion(source, anchor, face, scale=scale, max_turn_deg=limit)
    wide = driving.xy.astype(np.float64)
    if part == "pose":
        xy = motion.pose(wide, multiplier)
    elif part == "expression":
        xy = motion.expression(wide, multiplier, eyes=eyes, mouth=mouth)
    else:
        xy = motion.whole(wide, multiplier, eyes=eyes, mouth=mouth)
    return KeypointArrays(
        xy.astype(np.float32), transfer_jacobian(source, driving, anchor, multiplier=multiplier)
    )


def transfer_unnamed(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    part: Literal["pose", "expression"],
    relative: bool = True,
    adapt_scale: bool = True,
    multiplier: float = 1.0,
    scale: float | None = None,
) -> KeypointArrays:
    """Pose or expression alone, where nothing is known about the keypoints.

    The pose is a map that brings the anchor's keypoints onto the frame's in least absolute
    distances, so that the few on a moving mouth don't pull it: turning, sizing and shifting, and
    at a price stretching. It moves the source about its own middle. Of a turn in depth it only
    sees the foreshortening; what near and far keypoints do differently counts as expression.

    Raises:
        InputError: as ``transfer``.
    """
    check_alike(source, driving, anchor)
    if not relative:
        anchor = source
    if scale is None:
        scale = hull_scale(source, anchor) if adapt_scale and relative else 1.0
    start = anchor.xy[0].astype(np.float64)
    pose = _common_pose(start, driving.xy.astype(np.float64))
    still = source.xy[0].astype(np.float64)
    identity = np.eye(2)
    if part == "pose":
        xy = still + multiplier * pose.change(still, scale)
        local = (identity + multiplier * (pose.linear - identity))[:, None]
    else:
        back = inverse_2x2(pose.linear.astype(np.float32))
        left = driving.xy - start - pose.change(start)
        xy = still + multiplier * scale * left @ back.transpose(0, 2, 1)
        local = identity[None, None]
        if anchor.jacobian is not None and driving.jacobian is not None:
            turned = back[:, None] @ driving.jacobian @ inverse_2x2(anchor.jacobian)
            local = identity + multiplier * (turned - identity)
    jacobian = None
    if source.jacobian is not None:
        jacobian = (local @ source.jacobian).astype(np.float32)
        jacobian = np.broadcast_to(jacobian, (len(xy), *jacobian.shape[1:]))
    return KeypointArrays(xy.astype(np.float32), jacobian)


class _CommonPose(NamedTuple):
    linear: Points
    """(n, 2, 2)"""
    shift: Points
    """(n, 2) of the middle."""

    def change(self, xy: Points, scale: float = 1.0) -> Points:
        """How far the points (k, 2) move, (n, k, 2)."""
        about = xy - xy.mean(axis=0)
        moved = about @ (self.linear - np.eye(2)).transpose(0, 2, 1)
        return np.asarray(moved + scale * self.shift[:, None])


def _common_pose(start: Points, driving: Points) -> _CommonPose:
    """What most of the points (k, 2) follow to each of (n, k, 2)."""
    about = start - start.mean(axis=0)
    x, y = about.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    # Columns: size, turn, two stretches, shift; rows: x of all points, then y.
    columns = [[x, -y, x, y, one, zero], [y, x, -y, x, zero, one]]
    design = np.concatenate([np.stack(rows, axis=1) for rows in columns])
    moved = np.concatenate([driving[..., 0] - start[:, 0], driving[..., 1] - start[:, 1]], axis=1)
    spread = max(float(np.square(about).sum()), 1e-12)
    dear, free = [_STRETCH_RIDGE * spread] * 2, [1e-9 * spread] * 2
    ridge = np.diag([*free, *dear, 1e-9, 1e-9])
    finest = _FINEST * np.sqrt(spread / len(start))
    weights = np.ones((len(driving), len(start)))
    solution = np.zeros((len(driving), design.shape[1]))
    for _ in range(_ROUNDS):
        weights /= weights.mean(axis=1, keepdims=True)
        weighted = design.T * np.tile(weights, 2)[:, None]
        solution = np.linalg.solve(weighted @ design + ridge, weighted @ moved[..., None])[..., 0]
        left = (moved - solution @ design.T).reshape(len(driving), 2, -1)
        weights = 1 / np.maximum(np.hypot(left[:, 0], left[:, 1]), finest)
    size, turn, wide, slant = solution[:, :4].T
    across = np.stack([1 + size + wide, slant - turn], -1)
    down = np.stack([turn + slant, 1 + size - wide], -1)
    return _CommonPose(np.stack([across, down], -2), solution[:, 4:])
