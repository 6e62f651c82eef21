"""Moves a source's keypoints the way a driving face moves (Siarohin et al. 2019, section 3.3).

Relative transfer adds to the source what changed since the anchor frame, so the source keeps its
own shape and place; absolute transfer takes the driving keypoints as they are. All functions work
on n frames at once.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.runtime.engine import KeypointArrays

_TINY_DETERMINANT = 1e-9
_TINY_AREA = 1e-9


def transfer(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    relative: bool = True,
    adapt_scale: bool = True,
    multiplier: float = 1.0,
    scale: float | None = None,
) -> KeypointArrays:
    """The motion of n driving frames carried over to one source.

    Args:
        source: keypoints of the source, n = 1.
        driving: keypoints of n driving frames.
        anchor: keypoints of the driving frame that counts as "no motion yet", n = 1.
        relative: False takes the driving keypoints unchanged.
        adapt_scale: multiply movements by ``hull_scale(source, anchor)``. Relative only.
        multiplier: 1 = as driven, 0 = still, above 1 = exaggerated. It scales movements, and
            moves each local affine map along the line from the identity. Relative only.
        scale: use this instead of ``hull_scale``, which then isn't computed again a call.

    Raises:
        InputError: the three don't have the same number of keypoints, or only some have jacobians.
    """
    check_alike(source, driving, anchor)
    if not relative:
        return driving
    if scale is None:
        scale = hull_scale(source, anchor) if adapt_scale else 1.0
    movement = (driving.xy - anchor.xy) * np.float32(scale * multiplier)
    return KeypointArrays(
        (source.xy + movement).astype(np.float32),
        transfer_jacobian(source, driving, anchor, multiplier=multiplier),
    )


def transfer_jacobian(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    multiplier: float = 1.0,
) -> NDArray[np.float32] | None:
    """J_driving · J_anchor^-1 · J_source of each keypoint, (n, k, 2, 2); None without jacobians."""
    if source.jacobian is None or driving.jacobian is None or anchor.jacobian is None:
        return None
    change = driving.jacobian @ inverse_2x2(anchor.jacobian)
    if multiplier != 1.0:
        identity = np.eye(2, dtype=np.float32)
        change = identity + np.float32(multiplier) * (change - identity)
    return np.asarray(change @ source.jacobian, dtype=np.float32)


def hull_scale(source: KeypointArrays, anchor: KeypointArrays) -> float:
    """How much larger the source's keypoints spread: sqrt of the ratio of convex hull areas.

    1.0 where either hull has no area (all keypoints on a line), because no size can be compared.
    """
    source_area = hull_area(source.xy[0])
    anchor_area = hull_area(anchor.xy[0])
    if min(source_area, anchor_area) < _TINY_AREA:
        return 1.0
    return float(np.sqrt(source_area) / np.sqrt(anchor_area))


def hull_area(xy: NDArray[np.float32]) -> float:
    """Area of the convex hull of points (k, 2); 0 for fewer than three."""
    if len(xy) < 3:
        return 0.0
    points = np.ascontiguousarray(xy, dtype=np.float32)
    hull = cv2.convexHull(points, returnPoints=False).ravel()
    x, y = points[hull].astype(np.float64).T
    # Shoelace formula, about the first corner: no loss of digits far from the origin.
    x, y = x - x[0], y - y[0]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def inverse_2x2(matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inverse of (..., 2, 2) in closed form. A singular one is kept finite, not refused."""
    wide = matrices.astype(np.float64)
    a, b, c, d = wide[..., 0, 0], wide[..., 0, 1], wide[..., 1, 0], wide[..., 1, 1]
    determinant = a * d - b * c
    singular = np.abs(determinant) < _TINY_DETERMINANT
    determinant = np.where(singular, np.copysign(_TINY_DETERMINANT, determinant), determinant)
    adjugate = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2)
    return np.asarray(adjugate / determinant[..., None, None], dtype=np.float32)


def check_alike(source: KeypointArrays, driving: KeypointArrays, anchor: KeypointArrays) -> None:
    """Refuse keypoints that come from different models.

    Raises:
        InputError: counts differ, only some have jacobians, or source or anchor isn't one frame.
    """
    shapes = {part.xy.shape[1:] for part in (source, driving, anchor)}
    if len(shapes) != 1:
        raise InputError(
            "Source, driving and anchor must come from the same model; found "
            f"{source.xy.shape[1]}, {driving.xy.shape[1]} and {anchor.xy.shape[1]} keypoints. "
            "Extract the motion again with the model that animates."
        )
    if len({part.jacobian is None for part in (source, driving, anchor)}) != 1:
        raise InputError(
            "Only some of source, driving and anchor have jacobians, so they come from different "
            "models. Extract the motion again with the model that animates."
        )
    if len(source.xy) != 1 or len(anchor.xy) != 1:
        raise InputError(
            f"Source and anchor must be one frame each; found {len(source.xy)} and "
            f"{len(anchor.xy)}. Take one with KeypointArrays.frame(index)."
        )
