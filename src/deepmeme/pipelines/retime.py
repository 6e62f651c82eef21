"""Cuts, turns, repeats and mirrors motion.

Order is edited as frame indices, so the same edit fits keypoints, frames and sound; speed and
mirror make new keypoints.
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.runtime.engine import KeypointArrays

MAX_FRAMES = 2_000_000
"""Longest motion that an edit may make: 18 hours at 30 frames a second."""

Indices = NDArray[np.int64]


def trim_indices(
    num_frames: int, fps: Fraction | float, start_s: float = 0.0, end_s: float | None = None
) -> Indices:
    """Frames whose time lies in [start_s, end_s).

    Raises:
        InputError: nothing is left, or the times are negative or swapped.
    """
    rate = _checked_fps(fps)
    last_s = num_frames / rate
    until_s = last_s if end_s is None else end_s
    if not (0 <= start_s < until_s):
        raise InputError(
            f"Trimming from {start_s} s to {until_s} s leaves nothing; the start must come before "
            f"the end and the motion is {last_s:.2f} s long."
        )
    # A hair of tolerance: 0.2 s at 25 frames a second is frame 5, whatever the float says.
    first = math.ceil(start_s * rate - 1e-6)
    stop = min(num_frames, math.ceil(min(until_s, last_s) * rate - 1e-6))
    if first >= stop:
        raise InputError(
            f"No frame lies between {start_s} s and {until_s} s; the motion has {num_frames} "
            f"frames in {last_s:.2f} s."
        )
    return np.arange(first, stop)


def loop_indices(num_frames: int, times: int) -> Indices:
    """The whole, ``times`` times over.

    Raises:
        InputError: fewer than one time, no frames, or the result would be too long.
    """
    _check_length(num_frames, num_frames * times, f"Looping {times} times")
    return np.tile(np.arange(num_frames), times)


def ping_pong_indices(num_frames: int) -> Indices:
    """There and back without showing the first or last frame twice in a loop.

    Length 2 n - 2 (and 1 for one frame), so playing it again and again has no hitch.

    Raises:
        InputError: no frames, or the result would be too long.
    """
    _check_length(num_frames, max(1, 2 * num_frames - 2), "Playing back and forth")
    there = np.arange(num_frames)
    return np.concatenate([there, there[-2:0:-1]])


def select(keypoints: KeypointArrays, indices: Sequence[int] | Indices) -> KeypointArrays:
    """The frames at ``indices``, in that order."""
    rows = np.asarray(indices, dtype=np.int64)
    jacobian = None if keypoints.jacobian is None else keypoints.jacobian[rows]
    return KeypointArrays(keypoints.xy[rows], jacobian)


def retime_positions(
    num_frames: int,
    from_fps: Fraction | float,
    to_fps: Fraction | float,
    *,
    speed: float = 1.0,
) -> NDArray[np.float64]:
    """For each frame at the new rate, where it lies among the old ones (0 .. n - 1, fractional).

    Args:
        num_frames: frames there are.
        from_fps: their rate.
        to_fps: the wanted rate.
        speed: 2 plays twice as fast, in half the frames.

    Raises:
        InputError: a rate or speed that isn't positive, or the result would be too long.
    """
    old, new = _checked_fps(from_fps), _checked_fps(to_fps)
    if not 0 < speed < math.inf:
        raise InputError(f"Speed must be above 0, such as 0.5 or 2; found {speed}.")
    wanted = num_frames / old * new / speed
    _check_length(num_frames, wanted, f"Speed {speed} at {new:g} frames a second")
    count = max(1, round(wanted))
    positions = np.arange(count) * (old * speed / new)
    return np.asarray(np.minimum(positions, num_frames - 1.0))


def retime(
    keypoints: KeypointArrays,
    from_fps: Fraction | float,
    to_fps: Fraction | float,
    *,
    speed: float = 1.0,
) -> KeypointArrays:
    """Keypoints at another rate or speed, in between ones interpolated linearly.

    Raises:
        InputError: as ``retime_positions``.
    """
    positions = retime_positions(len(keypoints.xy), from_fps, to_fps, speed=speed)
    before = np.floor(positions).astype(np.int64)
    after = np.minimum(before + 1, len(keypoints.xy) - 1)
    share = (positions - before).astype(np.float32)
    xy = _between(keypoints.xy, before, after, share)
    if keypoints.jacobian is None:
        return KeypointArrays(xy, None)
    return KeypointArrays(xy, _between(keypoints.jacobian, before, after, share))


def mirror(keypoints: KeypointArrays, names: Sequence[str] | None = None) -> KeypointArrays:
    """The motion seen in a mirror: x turned round and, for named keypoints, left and right swapped.

    Without names keypoint i stays keypoint i, which is only right for motion used as it is
    (absolute); for relative motion mirror the driving frames before their keypoints are found.

    Raises:
        InputError: as many names as keypoints are needed, and each side needs its other side.
    """
    flip = np.array([-1, 1], dtype=np.float32)
    order = np.arange(keypoints.xy.shape[1]) if names is None else mirror_order(names)
    if len(order) != keypoints.xy.shape[1]:
        raise InputError(f"Found {len(order)} names for {keypoints.xy.shape[1]} keypoints.")
    xy = keypoints.xy[:, order] * flip
    if keypoints.jacobian is None:
        return KeypointArrays(xy, None)
    return KeypointArrays(xy, keypoints.jacobian[:, order] * np.outer(flip, flip))


def mirror_order(names: Sequence[str]) -> Indices:
    """For each named keypoint the index of the one it becomes in a mirror; its own inverse.

    Names are ``group_number`` or ``group_l_number`` and ``group_r_number`` in the order of the
    68-point scheme (Sagonas et al. 2013): jaw and brows run across the picture, eyes and lips
    run round, starting from the corner on the picture's left.

    Raises:
        InputError: a keypoint's other side is missing.
    """
    place = {name: index for index, name in enumerate(names)}
    sizes: dict[str, int] = {}
    for name in names:
        group = _group_of(name)[0]
        sizes[group] = sizes.get(group, 0) + 1
    order = []
    for name in names:
        twin = _mirrored_name(name, sizes)
        if twin not in place:
            raise InputError(
                f"Keypoint {name!r} has no other side: {twin!r} isn't among the model's names."
            )
        order.append(place[twin])
    return np.asarray(order, dtype=np.int64)


_ROUND = {"eye": 3, "lip_outer": 6, "lip_inner": 4}
_NOSE_BRIDGE = 4


def _mirrored_name(name: str, sizes: dict[str, int]) -> str:
    group, number = _group_of(name)
    sided = re.fullmatch(r"(.+)_([lr])", group)
    stem = sided.group(1) if sided else group
    twin = f"{stem}_{'r' if sided.group(2) == 'l' else 'l'}" if sided else group
    if number is None:
        return twin
    size = sizes[group]
    if stem in _ROUND:
        across = (size // 2 - number) % size
    elif stem == "nose" and size == 9:
        across = number if number < _NOSE_BRIDGE else size - 1 + _NOSE_BRIDGE - number
    else:
        across = size - 1 - number
    return f"{twin}_{across}"


def _group_of(name: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.+?)_(\d+)", name)
    return (match.group(1), int(match.group(2))) if match else (name, None)


def _between(
    rows: NDArray[np.float32], before: Indices, after: Indices, share: NDArray[np.float32]
) -> NDArray[np.float32]:
    weight = share.reshape(-1, *[1] * (rows.ndim - 1))
    mixed = rows[before] * (1 - weight) + rows[after] * weight
    return np.asarray(mixed, dtype=np.float32)


def _checked_fps(fps: Fraction | float) -> float:
    if not 0 < fps <= 1000:
        raise InputError(f"Frames a second must be above 0 and at most 1000; found {fps}.")
    return float(fps)


def _check_length(num_frames: int, wanted: float, deed: str) -> None:
    if num_frames < 1:
        raise InputError("The motion has no frames.")
    if wanted <= 0:
        raise InputError(f"{deed} leaves no frames.")
    if wanted > MAX_FRAMES:
        raise InputError(
            f"{deed} makes {wanted:.0f} frames of {num_frames}; at most {MAX_FRAMES} are allowed."
        )
