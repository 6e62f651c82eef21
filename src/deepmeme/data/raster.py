"""A z-buffer rasteriser for meshes of many small triangles, on one core.

It answers "which triangle is seen at this pixel, and where inside it"; everything else (colour,
normals, flow to another frame) is an interpolation of values at the vertices. Pixel centres lie on
whole numbers, so pixel i of n is the coordinate 2 i / (n - 1) - 1.
"""

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Cull = Literal["none", "back"]

NOTHING = -1
"""The triangle number of a pixel that no triangle covers."""


class Raster(NamedTuple):
    """What is seen at each pixel."""

    triangle: NDArray[np.int32]  # (h, w), NOTHING where empty
    barycentric: NDArray[np.float32]  # (h, w, 3), sums to 1 inside, 0 where empty
    depth: NDArray[np.float32]  # (h, w), +inf where empty


def rasterize(
    xy_px: NDArray[np.float32],
    depth: NDArray[np.float32],
    triangles: NDArray[np.int32],
    height: int,
    width: int,
    *,
    cull: Cull = "none",
) -> Raster:
    """Nearest triangle and barycentric coordinates at each pixel; smaller ``depth`` is nearer.

    ``cull="back"`` drops triangles whose corners do not run counter-clockwise on the screen as seen
    by the viewer (y down), which is how the face kit winds those that look at the camera.
    A triangle with a corner that is not finite is dropped.
    """
    return Raster(
        *_fill(
            np.ascontiguousarray(xy_px, np.float32),
            np.ascontiguousarray(depth, np.float32),
            np.ascontiguousarray(triangles, np.int32),
            height,
            width,
            cull == "back",
        )
    )


def interpolate(
    values: NDArray[np.float32],
    triangles: NDArray[np.int32],
    triangle: NDArray[np.int32],
    barycentric: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Carry values (v, c) from the vertices to the pixels (h, w, c); 0 where nothing is seen."""
    pixels: NDArray[np.float32] = _interpolate(
        np.ascontiguousarray(values, np.float32), triangles, triangle, barycentric
    )
    return pixels


@njit(cache=True, nogil=True)
def _fill(xy_px, depth, triangles, height, width, cull_back):  # type: ignore[no-untyped-def]
    seen = np.full((height, width), -1, np.int32)
    nearest = np.full((height, width), np.inf, np.float32)
    barycentric = np.zeros((height, width, 3), np.float32)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = xy_px[a, 0], xy_px[a, 1]
        bx, by = xy_px[b, 0], xy_px[b, 1]
        cx, cy = xy_px[c, 0], xy_px[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if not (np.isfinite(area) and abs(area) > 1e-9) or (cull_back and area > 0):
            continue
        left, right = min(ax, bx, cx), max(ax, bx, cx)
        top, bottom = min(ay, by, cy), max(ay, by, cy)
        if right < 0 or bottom < 0 or left > width - 1 or top > height - 1:
            continue
        first_x, last_x = int(np.ceil(max(left, 0))), int(np.floor(min(right, width - 1)))
        first_y, last_y = int(np.ceil(max(top, 0))), int(np.floor(min(bottom, height - 1)))
        inverse = 1.0 / area
        za, zb, zc = depth[a], depth[b], depth[c]
        for y in range(first_y, last_y + 1):
            for x in range(first_x, last_x + 1):
                wa = ((bx - x) * (cy - y) - (by - y) * (cx - x)) * inverse
                wb = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) * inverse
                wc = 1.0 - wa - wb
                if min(wa, wb, wc) < -1e-5:  # a hair wide, so that neighbours leave no crack
                    continue
                z = wa * za + wb * zb + wc * zc
                if z < nearest[y, x]:
                    nearest[y, x] = z
                    seen[y, x] = t
                    barycentric[y, x, 0] = wa
                    barycentric[y, x, 1] = wb
                    barycentric[y, x, 2] = wc
    return seen, barycentric, nearest


@njit(cache=True, nogil=True)
def _interpolate(values, triangles, triangle, barycentric):  # type: ignore[no-untyped-def]
    height, width = triangle.shape
    channels = values.shape[1]
    out = np.zeros((height, width, channels), np.float32)
    for y in range(height):
        for x in range(width):
            t = triangle[y, x]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            wa, wb, wc = barycentric[y, x, 0], barycentric[y, x, 1], barycentric[y, x, 2]
            for i in range(channels):
                out[y, x, i] = wa * values[a, i] + wb * values[b, i] + wc * values[c, i]
    return out
