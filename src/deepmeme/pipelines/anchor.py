"""Finds the driving frame that is most like the source, where relative motion should start."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.pipelines.transfer import hull_area
from deepmeme.runtime.engine import KeypointArrays

_TINY_SIZE = 1e-6


def normalise_shape(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Points (k, 2) without place and size: centred, hull of area 1."""
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    size = float(np.sqrt(hull_area(centred.astype(np.float32))))
    return np.asarray(centred / max(size, _TINY_SIZE))


def shape_distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Squared distance of two point sets (k, 2) after ``normalise_shape``, summed over points."""
    return float(np.square(normalise_shape(first) - normalise_shape(second)).sum())


def find_anchor(source: KeypointArrays, driving: Iterable[KeypointArrays]) -> int:
    """Index of the driving frame whose pose is closest to the source's.

    Streams: holds one frame (or one batch) at a time. The first of several equals wins.

    Args:
        source: keypoints of the source, n = 1.
        driving: keypoints in order, any number of frames an item.

    Raises:
        InputError: there are no frames, or they come from another model.
    """
    best, best_distance, position = -1, np.inf, 0
    for batch in driving:
        if batch.xy.shape[1:] != source.xy.shape[1:]:
            raise InputError(
                f"The source has {source.xy.shape[1]} keypoints and driving frame {position} has "
                f"{batch.xy.shape[1]}; both must come from the same model."
            )
        for xy in batch.xy:
            distance = shape_distance(source.xy[0], xy)
            if distance < best_distance or best < 0:
                best, best_distance = position, distance
            position += 1
    if best < 0:
        raise InputError("The driving video has no frames, so there is no anchor to find.")
    return best


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
