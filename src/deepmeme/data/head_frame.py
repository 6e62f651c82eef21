"""A picture of a head that knows where everything in it is.

Rendered heads and re-rendered portraits come in this one form, so that training reads one format.
"""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.raster import NOTHING, Raster, interpolate, rasterize

Number = TypeVar("Number", bound=np.generic)

FLOW_SIZE = 64
"""Side of the grid on which correspondences are kept."""

DEPTH_TOLERANCE_CM = 0.7


class HeadFrame(NamedTuple):
    """One frame with its labels. Frames of one group share ``triangles``."""

    image: NDArray[np.uint8]  # (size, size, 3) RGB
    keypoints_px: NDArray[np.float32]  # (k, 2) in the picture's pixels
    visible: NDArray[np.bool_]  # (k,) inside the picture and in front
    mask: NDArray[np.uint8]  # (size, size) 255 = person, 0 = background
    vertices_px: NDArray[np.float32]  # (v, 2) in the picture's pixels
    depth: NDArray[np.float32]  # (v,) cm, smaller is nearer
    triangles: NDArray[np.int32]  # (t, 3)
    surface: Raster  # of the same mesh on the grid of FLOW_SIZE
    part: NDArray[np.uint8] | None = None
    """(t,) what a triangle belongs to (skin, eye, teeth...): a lid hides an eye too closely behind
    it for depth to tell."""


class Flow(NamedTuple):
    """Where the source shows what the driving frame shows."""

    grid: NDArray[np.float32]  # (FLOW_SIZE, FLOW_SIZE, 2) xy in [-1, 1], a sampling grid
    visible: NDArray[np.bool_]  # (FLOW_SIZE, FLOW_SIZE) the source shows that place


def coarse_surface(
    vertices_px: NDArray[np.float32],
    depth: NDArray[np.float32],
    triangles: NDArray[np.int32],
    size: int,
) -> Raster:
    """The mesh of a picture of ``size`` seen on the grid of FLOW_SIZE."""
    scale = np.float32((FLOW_SIZE - 1) / (size - 1))
    return rasterize(vertices_px * scale, depth, triangles, FLOW_SIZE, FLOW_SIZE)


def flow_between(driving: HeadFrame, source: HeadFrame) -> Flow:
    """Sampling grid that takes the source's pixels to where the driving frame has them.

    On the person the mesh tells; elsewhere the background stands still. A place is visible when it
    lies inside the source's picture and nothing is in front of it there.
    """
    size = source.image.shape[0]
    places = np.concatenate([source.vertices_px, source.depth[:, None]], axis=1)
    carried = interpolate(
        places, driving.triangles, driving.surface.triangle, driving.surface.barycentric
    )
    line = np.linspace(-1, 1, FLOW_SIZE, dtype=np.float32)
    still = np.stack(np.meshgrid(line, line), axis=-1)
    person = driving.surface.triangle != NOTHING
    grid = np.where(person[..., None], carried[..., :2] * np.float32(2 / (size - 1)) - 1, still)
    inside = (np.abs(grid) <= 1).all(-1)
    x, y = np.moveaxis(
        np.rint((grid.clip(-1, 1) + 1) * ((FLOW_SIZE - 1) / 2)).astype(np.intp), -1, 0
    )
    seen = np.where(
        person,
        carried[..., 2] <= _farthest_around(source.surface.depth)[y, x] + DEPTH_TOLERANCE_CM,
        source.surface.triangle[y, x] == NOTHING,
    )
    if driving.part is not None and source.part is not None:
        wanted = _with_empty(driving.part)[driving.surface.triangle]
        shown = _with_empty(source.part)[source.surface.triangle]
        seen &= (_around(shown)[:, y, x] == wanted).any(0) | ~person
    return Flow(grid.astype(np.float32), seen & inside)


def keypoint_visibility(
    keypoints_px: NDArray[np.float32],
    keypoint_depth: NDArray[np.float32],
    nearest: NDArray[np.float32],
    *,
    tolerance_cm: float = DEPTH_TOLERANCE_CM,
) -> NDArray[np.bool_]:
    """(k,) by depth test against a z-buffer (h, w) whose pixels are those of the keypoints."""
    height, width = nearest.shape
    x, y = np.rint(keypoints_px).astype(np.intp).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    front = keypoint_depth <= _farthest_around(nearest)[y, x] + tolerance_cm
    seen: NDArray[np.bool_] = inside & front
    return seen


def _with_empty(part: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(t + 1,): the last row answers for NOTHING."""
    return np.append(part, np.uint8(255))


def _around(values: NDArray[Number]) -> NDArray[Number]:
    """(5, h, w): each place and its four neighbours."""
    padded = np.pad(values, 1, mode="edge")
    return np.stack(
        [values, padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]]
    )


def _farthest_around(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w): the largest depth among the four neighbours and itself, so that rims count as seen.

    Empty pixels don't count, unless all are empty.
    """
    around = _around(depth)
    filled = np.where(np.isfinite(around), around, -np.inf).max(0)
    return np.where(np.isfinite(filled), filled, np.inf).astype(np.float32)
