"""Finds the driving frame that is most like the source, where relative motion should start."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.shape import head_rotations, is_face
from deepmeme.pipelines.face_motion import FaceMotion, face_of
from deepmeme.pipelines.face_rings import openness, rings_of
from deepmeme.pipelines.transfer import hull_area
from deepmeme.runtime.engine import KeypointArrays

Points = NDArray[np.float64]

STRONG_TURN_DEG = 30.0
"""Difference of two heads' directions from which one can hardly be animated like the other."""
STRONG_DISTANCE = 0.16
"""The same for other keypoints: RMS distance, hull of area 1."""

_TINY_SIZE = 1e-6
# What counts as one step away from the source, for each thing that is compared.
_TURN_STEP_DEG = 8.0
_EYE_STEP = 0.3
_MOUTH_STEP = 0.15
_FACE_STEP = 0.06
_EYE_OPEN, _EYE_CLOSED = 0.15, 0.06
_EXPRESSIVE = ("eye", "brow", "lip")


def normalise_shape(xy: NDArray[np.float32]) -> Points:
    """Points (k, 2) without place and size: centred, hull of area 1."""
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    size = float(np.sqrt(hull_area(centred.astype(np.float32))))
    return np.asarray(centred / max(size, _TINY_SIZE))


def shape_distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Squared distance of two point sets (k, 2) after ``normalise_shape``, summed over points."""
    return float(np.square(normalise_shape(first) - normalise_shape(second)).sum())


def pose_gap(
    source: KeypointArrays, anchor: KeypointArrays, names: Sequence[str] | None = None
) -> float:
    """How differently two are posed: 0 is alike, from 1 on the gap is strong.

    Named faces: the angle between their directions, roll left out, over ``STRONG_TURN_DEG``.
    Other keypoints: RMS distance after ``normalise_shape`` over ``STRONG_DISTANCE``.
    """
    if names is not None and is_face(names):
        ahead = head_rotations(_wide([source.frame(0), anchor.frame(0)]), names)
        # Rolling the picture doesn't change how far a face looks away from the viewer.
        directions = [_without_roll(turn)[:, 2] for turn in ahead]
        cosine = np.clip(directions[0] @ directions[1], -1, 1)
        return float(np.rad2deg(np.arccos(cosine))) / STRONG_TURN_DEG
    distance = shape_distance(source.xy[0], anchor.xy[0]) / source.xy.shape[1]
    return float(np.sqrt(distance)) / STRONG_DISTANCE


def find_anchor(
    source: KeypointArrays,
    driving: Iterable[KeypointArrays],
    names: Sequence[str] | None = None,
) -> int:
    """Index of the driving frame whose pose and face are closest to the source's.

    Where the keypoints are named parts of a face: the head turned alike, eyes as open as the
    source's (each measured by what is usual for that person), mouth open alike, and a face that
    is usual for the driver. Otherwise the least distance of the keypoints after
    ``normalise_shape``. The first of several equals wins.

    Args:
        source: keypoints of the source, n = 1.
        driving: keypoints in order, any number of frames an item.
        names: the model's ``keypoint_names``.

    Raises:
        InputError: there are no frames, or they come from another model.
    """
    named = names is not None and is_face(names)
    kept: list[KeypointArrays] = []
    costs: list[float] = []
    for batch in driving:
        if batch.xy.shape[1:] != source.xy.shape[1:]:
            raise InputError(
                f"The source has {source.xy.shape[1]} keypoints and driving frame {len(costs)} "
                f"has {batch.xy.shape[1]}; both must come from the same model."
            )
        kept += [batch] if named else []
        costs += [0.0 if named else shape_distance(source.xy[0], xy) for xy in batch.xy]
    if not costs:
        raise InputError("The driving video has no frames, so there is no anchor to find.")
    if names is not None and named:
        costs = list(_face_costs(_wide([source])[:1], _wide(kept), names))
    return int(np.argmin(costs))


def _face_costs(source: Points, driving: Points, names: Sequence[str]) -> Points:
    """How unlike the source (1, k, 2) each of n frames is, in squared steps."""
    own, turns = head_rotations(source, names)[0], head_rotations(driving, names)
    cosine = (np.einsum("nij,ij->n", turns, own) - 1) / 2
    costs = np.square(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))) / _TURN_STEP_DEG)
    costs += np.square(_unusual(driving, int(np.argmin(costs)), names) / _FACE_STEP)
    rings = rings_of(names)
    for name in ("eye_r", "eye_l"):
        if name in rings:
            theirs, mine = openness(driving, rings[name]), openness(source, rings[name])[0]
            usual = max(float(np.quantile(theirs, 0.75)), _EYE_OPEN)
            share = np.clip((mine - _EYE_CLOSED) / (_EYE_OPEN - _EYE_CLOSED), 0, 1)
            costs += np.square((np.minimum(theirs / usual, 1) - share) / _EYE_STEP) / 2
    if "lip_inner" in rings:
        theirs, mine = openness(driving, rings["lip_inner"]), openness(source, rings["lip_inner"])
        costs += np.square((theirs - mine) / _MOUTH_STEP)
    return np.asarray(costs)


def _unusual(driving: Points, base: int, names: Sequence[str]) -> Points:
    """How far each frame's expression is from the driver's median one, in eye distances, (n,)."""
    start = KeypointArrays(driving[base : base + 1].astype(np.float32))
    face = face_of(names, driving.shape[1])
    faces = FaceMotion(start, start, face).expression(driving)
    rows = face.starting(*_EXPRESSIVE)
    eyes = [faces[base, face.starting(side)].mean(axis=0) for side in ("eye_r", "eye_l")]
    apart = max(float(np.linalg.norm(eyes[1] - eyes[0])), _TINY_SIZE)
    off = faces[:, rows] - np.median(faces[:, rows], axis=0)
    return np.asarray(np.sqrt(np.square(off).sum(axis=2).mean(axis=1)) / apart)


def _without_roll(turn: Points) -> Points:
    roll = np.arctan2(-turn[0, 1], turn[1, 1])
    cosine, sine = np.cos(roll), np.sin(roll)
    return np.asarray(np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]) @ turn)


def _wide(parts: Sequence[KeypointArrays]) -> Points:
    return np.concatenate([part.xy for part in parts]).astype(np.float64)


def outward_order(num_frames: int, anchor: int) -> tuple[range, range]:
    """Frame indices forwards and backwards from the anchor, both starting with it.

    What follows time (smoothing, tracking) runs along each; put together again as
    ``[*reversed(backward), *forward[1:]]`` they are the clip in order.

    Raises:
        InputError: the anchor isn't a frame of the clip.
    """
    if not 0 <= anchor < num_frames:
        raise InputError(
            f"The anchor is frame {anchor}, but the driving video has {num_frames} frames; "
            f"choose one from 0 to {num_frames - 1}, or let it be found."
        )
    return range(anchor, num_frames), range(anchor, -1, -1)
