"""Takes the jitter out of a face's track with known future: no lag, and fast turns stay fast.

Local parabolas (Savitzky and Golay, 1964) over half a second calm a face at rest, and would round
off a jerk. So where a shorter window disagrees with a longer one by more than the noise explains,
the shorter one counts; where even the shortest is off, the landmarks as they were seen.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_LONGEST_S, _SHORTEST_S = 0.84, 0.2
"""Longest window at the strongest and the weakest smoothing."""
_SHORTER = (0.7, 0.4)
_AT_REST, _ROOM = 0.003, 0.005
"""Disagreement, in sides of the face, from which a shorter window begins to count, and how much
more makes it count alone."""
_OVER_NOISE = 1.5
_GATE_FRAMES = 5
_BLOCK_ROWS = 2048


def calm_points(points: NDArray[np.float32], fps: float, amount: float) -> NDArray[np.float32]:
    """A track's landmarks (n, k, 2) without jitter.

    Args:
        points: in pixels, a row a frame, without gaps.
        fps: frames a second.
        amount: 0 leaves them as they are, 1 is calmest.
    """
    if amount <= 0 or len(points) < 3:
        return points
    side = max(1e-6, float(np.median(np.ptp(points, axis=1).mean(axis=1))))
    longest = _frames(_SHORTEST_S + (_LONGEST_S - _SHORTEST_S) * min(1.0, amount), fps)
    from_ = max(_AT_REST, _OVER_NOISE * _noise(points) / side)
    calmed = np.empty_like(points)
    margin = 2 * longest  # farther rows have no say, so that the seams of blocks don't show
    for start in range(0, len(points), _BLOCK_ROWS):
        end = start + _BLOCK_ROWS
        before = max(0, start - margin)
        block = _calmed(points[before : end + margin].astype(np.float64), longest, side, from_)
        calmed[start:end] = block[start - before :][:_BLOCK_ROWS]
    return calmed


def _calmed(seen: Points, longest: int, side: float, from_: float) -> Points:
    calmed = local_parabola(seen, longest)
    for share in _SHORTER:
        shorter = local_parabola(seen, _odd(share * longest))
        calmed = _mixed(calmed, shorter, _apart(shorter, calmed) / side, from_)
    near = local_mean(seen, 3)
    return _mixed(calmed, seen, _apart(near, calmed) / side, from_)


def local_parabola(rows: Points, window: int) -> Points:
    """Each row replaced by a parabola's value, fitted to the ``window`` (odd) rows around it.

    At both ends the first and the last parabola go on.
    """
    window = min(window, len(rows) - (len(rows) + 1) % 2)
    if window < 4:
        return rows
    half = window // 2
    times = np.arange(-half, half + 1)
    fit = np.linalg.pinv(np.vander(times, 3, increasing=True).astype(np.float64))
    count = len(rows) - window + 1
    middle = np.zeros((count, *rows.shape[1:]))
    for tap in range(window):
        middle += fit[0, tap] * rows[tap : tap + count]
    ends = np.vander(np.arange(1, half + 1), 3, increasing=True).astype(np.float64)
    flat = rows.reshape(len(rows), -1)
    after = ends @ (fit @ flat[-window:])
    before = (ends * (1, -1, 1))[::-1] @ (fit @ flat[:window])
    shape = (half, *rows.shape[1:])
    return np.concatenate([before.reshape(shape), middle, after.reshape(shape)])


def local_mean(rows: Points, window: int) -> Points:
    """Mean of the ``window`` (odd) rows around each; the ends are repeated."""
    half = window // 2
    wide = np.concatenate([rows[:1].repeat(half, 0), rows, rows[-1:].repeat(half, 0)])
    parts = [wide[tap : tap + len(rows)] for tap in range(window)]
    return np.asarray(sum(parts[1:], parts[0]) / window)


def _frames(seconds: float, fps: float) -> int:
    return _odd(seconds * fps)


def _odd(number: float) -> int:
    return 2 * round(number / 2 - 0.5) + 1


def _apart(first: Points, other: Points) -> Points:
    """Distance of the faces' middles, frame by frame."""
    return np.asarray(np.linalg.norm((first - other).mean(axis=1), axis=1))


def _mixed(calmed: Points, quick: Points, apart: Points, from_: float) -> Points:
    gate = np.clip((local_mean(apart, _GATE_FRAMES) - from_) / _ROOM, 0, 1)[:, None, None]
    return np.asarray(calmed * (1 - gate) + quick * gate)


def _noise(seen: NDArray[np.float32]) -> float:
    """Standard deviation in pixels of the middle's tremble, from second differences."""
    bends = np.diff(seen.mean(axis=1, dtype=np.float64), 2, axis=0)
    return float(1.4826 * np.median(np.abs(bends)) / np.sqrt(6))
