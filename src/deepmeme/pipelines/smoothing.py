"""Takes the jitter out of keypoints with the One Euro filter (Casiez, Roussel and Vogel, 2012).

A low-pass filter whose cutoff rises with speed: still points stop trembling, fast ones don't lag.
"""

import math

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.runtime.engine import KeypointArrays

_SPEED_CUTOFF_HZ = 2.0


class OneEuro:
    """Filters keypoints as they come. Call it with one or more frames, in order of time."""

    def __init__(self, min_cutoff: float = 1.5, beta: float = 8.0, *, fps: float = 25.0) -> None:
        """Set up an empty filter.

        Args:
            min_cutoff: cutoff in Hz for a keypoint at rest; lower is steadier.
            beta: Hz of cutoff won for each unit a second of speed, where the picture is two units
                wide; higher follows fast motion more closely.
            fps: frames a second of what will come.

        Raises:
            InputError: a value that no filter can have.
        """
        if not (0 < min_cutoff < math.inf and 0 <= beta < math.inf and 0 < fps < math.inf):
            raise InputError(
                "Smoothing needs min_cutoff > 0, beta >= 0 and fps > 0, all finite; found "
                f"min_cutoff={min_cutoff}, beta={beta}, fps={fps}."
            )
        self._min_cutoff, self._beta, self._fps = min_cutoff, beta, fps
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame comes out as it is."""
        self._value: NDArray[np.float64] | None = None
        self._speed: NDArray[np.float64] | None = None

    def __call__(self, keypoints: KeypointArrays, *, fps: float | None = None) -> KeypointArrays:
        """The same frames, steadier. Same shapes. ``fps`` where they come at another rate now."""
        self._fps = fps or self._fps
        num_frames, num_keypoints = keypoints.xy.shape[:2]
        rows = keypoints.xy.astype(np.float64)
        if keypoints.jacobian is not None:
            flat = keypoints.jacobian.reshape(num_frames, num_keypoints, 4)
            rows = np.concatenate([rows, flat], axis=2)
        steady = np.empty_like(rows)
        for index, row in enumerate(rows):
            steady[index] = self._step(row)
        xy = steady[..., :2].astype(np.float32)
        if keypoints.jacobian is None:
            return KeypointArrays(xy, None)
        jacobian = steady[..., 2:].astype(np.float32).reshape(num_frames, num_keypoints, 2, 2)
        return KeypointArrays(xy, jacobian)

    def _step(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._value is None or self._speed is None:
            self._value, self._speed = row, np.zeros_like(row)
            return row
        speed = (row - self._value) * self._fps
        self._speed = self._speed + self._gain(_SPEED_CUTOFF_HZ) * (speed - self._speed)
        # One cutoff for each keypoint, by the speed of its xy, so that x, y and its jacobian
        # stay in step with each other.
        pace = np.linalg.norm(self._speed[:, :2], axis=1, keepdims=True)
        gain = self._gain(self._min_cutoff + self._beta * pace)
        self._value = self._value + gain * (row - self._value)
        return self._value

    def _gain(self, cutoff_hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
        turn = 2 * np.pi * np.asarray(cutoff_hz) / self._fps
        return np.asarray(turn / (turn + 1))


def smooth(
    keypoints: KeypointArrays,
    *,
    min_cutoff: float = 1.5,
    beta: float = 8.0,
    fps: float = 25.0,
) -> KeypointArrays:
    """Known motion without jitter and without lag: the mean of a forward and a backward pass.

    Raises:
        InputError: as ``OneEuro``.
    """
    forward = OneEuro(min_cutoff, beta, fps=fps)(keypoints)
    backward = _reverse(OneEuro(min_cutoff, beta, fps=fps)(_reverse(keypoints)))
    jacobian = None
    if forward.jacobian is not None and backward.jacobian is not None:
        jacobian = (forward.jacobian + backward.jacobian) / np.float32(2)
    return KeypointArrays((forward.xy + backward.xy) / np.float32(2), jacobian)


def _reverse(keypoints: KeypointArrays) -> KeypointArrays:
    jacobian = None if keypoints.jacobian is None else keypoints.jacobian[::-1]
    return KeypointArrays(keypoints.xy[::-1], jacobian)
