"""Takes movement apart: the pose of the head as one affine map, the expression as what is left."""

import numpy as np
from numpy.typing import NDArray

from deepmeme.pipelines.transfer import inverse_2x2
from deepmeme.runtime.engine import KeypointArrays

_MOBILE = ("lip", "mouth", "brow", "lid", "eye", "iris", "pupil", "chin", "jaw")
"""Groups of named keypoints that expressions move; what is left shows the pose."""
_FEWEST = 4


def steady_points(names: tuple[str, ...] | None, count: int) -> NDArray[np.int64]:
    """Indices of the keypoints that move with the head; all where that is not known."""
    if names is None:
        return np.arange(count)
    steady = [i for i, name in enumerate(names) if not name.startswith(_MOBILE)]
    return np.asarray(steady if len(steady) >= _FEWEST else range(count), np.int64)


def only(
    part: str, driving: KeypointArrays, anchor: KeypointArrays, steady: NDArray[np.int64]
) -> KeypointArrays:
    """Driving keypoints with the other part's movement since the anchor taken out.

    The pose is the similarity (turn, size, place) that brings the anchor's steady keypoints
    closest to the frame's in least squares. ``pose`` is the anchor moved by it; ``expression`` is
    the frame moved back by it.
    """
    linear, offset = similarity(anchor.xy[0][steady], driving.xy[:, steady])
    if part == "pose":
        xy = anchor.xy @ linear.transpose(0, 2, 1) + offset[:, None]
        jacobian = None
        if anchor.jacobian is not None:
            jacobian = (linear[:, None] @ anchor.jacobian).astype(np.float32)
        return KeypointArrays(xy.astype(np.float32), jacobian)
    back = inverse_2x2(linear)
    xy = (driving.xy - offset[:, None]) @ back.transpose(0, 2, 1)
    jacobian = None
    if driving.jacobian is not None:
        jacobian = (back[:, None] @ driving.jacobian).astype(np.float32)
    return KeypointArrays(xy.astype(np.float32), jacobian)


def similarity(
    fixed: NDArray[np.float32], moved: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Least-squares similarities from points (k, 2) to each of (n, k, 2).

    Returns linear maps (n, 2, 2) and offsets (n, 2), as in ``moved = linear @ fixed + offset``.
    """
    centre, centres = fixed.mean(axis=0), moved.mean(axis=1)
    a, b = fixed - centre, moved - centres[:, None]
    spread = max(float((a * a).sum()), 1e-12)
    cos = (b * a).sum(axis=(1, 2)) / spread
    sin = (b[..., 1] * a[:, 0] - b[..., 0] * a[:, 1]).sum(axis=1) / spread
    linear = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    offset = centres - (linear @ centre[:, None])[..., 0]
    return linear.astype(np.float32), offset.astype(np.float32)
