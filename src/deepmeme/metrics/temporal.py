"""How steady moving pictures are. Frames are (h, w, 3) uint8; results in grey levels, 0 to 255.

A flow (h, w, 2) tells for each pixel of the earlier frame how far (x, y) in pixels its content goes
until the later one.
"""

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Flow = NDArray[np.floating]
Mask = NDArray[np.bool_]

_SLACK, _SHARE = 0.5, 0.01


def warp_error(before: Frame, after: Frame, flow: Flow, seen: Mask | None = None) -> float:
    """Mean |after(x + flow(x)) - before(x)| over the pixels that stay in the frame.

    ``seen`` (h, w) leaves out what is hidden in one of the two. NaN where nothing is left.
    """
    moved, inside = sampled(after, flow)
    where = inside if seen is None else inside & seen
    return _mean_change(moved, before.astype(np.float32), where)


def sampled(frame: NDArray[np.generic], flow: Flow) -> tuple[NDArray[np.float32], Mask]:
    """``frame`` (h, w, ...) looked up at x + flow(x), bilinear, and where that is inside of it."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x + flow[..., 0].astype(np.float32), y + flow[..., 1].astype(np.float32)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left = np.minimum(x.astype(np.int64), width - 2)
    top = np.minimum(y.astype(np.int64), height - 2)
    across, down = (x - left)[..., None], (y - top)[..., None]
    values = frame.reshape(height, width, -1).astype(np.float32)
    upper = values[top, left] * (1 - across) + values[top, left + 1] * across
    lower = values[top + 1, left] * (1 - across) + values[top + 1, left + 1] * across
    found = upper * (1 - down) + lower * down
    return found.reshape(frame.shape), np.asarray(inside)


def unhidden(forward: Flow, backward: Flow) -> Mask:
    """(h, w): where going there and back ends near the start (Sundaram et al. 2010).

    |f(x) + b(x + f(x))|^2 < 0.01 (|f|^2 + |b|^2) + 0.5; what fails is hidden in one frame.
    """
    back, inside = sampled(np.asarray(backward), forward)
    gap = np.square(forward + back).sum(-1)
    size = np.square(forward).sum(-1) + np.square(back).sum(-1)
    return np.asarray(inside & (gap < _SHARE * size + _SLACK))


def mean_change(before: Frame, after: Frame, where: Mask) -> float:
    """Mean |after - before| over the pixels of ``where`` (h, w); NaN where it is empty."""
    return _mean_change(after.astype(np.float32), before.astype(np.float32), where)


def outside_head(points: NDArray[np.floating], shape: tuple[int, int]) -> Mask:
    """(h, w): where neither head nor shoulders are, by landmarks (k, 2) in pixels of one face.

    The head is an ellipse, 1.6 times as wide and 1.9 times as high as the landmarks' box and
    moved up for the hair; below its chin everything is person.
    """
    low, high = points.min(0), points.max(0)
    wide, tall = np.maximum(high - low, 1.0)
    middle_x, middle_y = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2 - 0.2 * tall
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    head = np.square((x - middle_x) / (0.8 * wide)) + np.square((y - middle_y) / (0.95 * tall)) <= 1
    return np.asarray(~head & (y < high[1] - 0.1 * tall))


def _mean_change(a: NDArray[np.float32], b: NDArray[np.float32], where: Mask) -> float:
    if not where.any():
        return float("nan")
    return float(np.abs(a[where] - b[where]).mean())
