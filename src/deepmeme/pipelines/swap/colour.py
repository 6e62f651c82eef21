"""Gives a swapped face the colours of the face whose place it takes, by statistics inside a mask.

``lab`` and ``rct`` shift and stretch each channel to the other's mean and standard deviation
(Reinhard, Ashikhmin, Gooch and Shirley, "Color Transfer between Images", 2001): ``lab`` in CIELAB,
``rct`` in the paper's own l-alpha-beta (Ruderman, Cronin and Chiao, 1998). ``histogram`` takes each
of red, green and blue to the other's distribution.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Transfer = Callable[[Floats, Floats, Floats], Floats]

_LEAST_WEIGHT = 24.0
"""Pixels below which statistics say nothing."""
_STRETCH = (0.6, 1.7)
"""Contrast is changed by at most so much: a shadow or a lamp in one of the faces is no colour."""
_BINS, _BIN_BLUR = 128, 2.5
_SLOPE = (0.4, 2.0)

# RGB to LMS, and log LMS to l-alpha-beta: equations 4 and 6 of the paper
_LMS = np.array(
    [[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]], np.float32
)
_RUDERMAN = np.diag(1 / np.sqrt([3.0, 6.0, 2.0])).astype(np.float32) @ np.array(
    [[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32
)
_DARKEST = 1 / 64


def match_colour(face: Floats, like: Floats, mask: Floats, how: str) -> Floats:
    """``face`` in the colours of ``like``.

    Args:
        face: (n, n, 3) in [0, 1].
        like: the same, the face that is replaced.
        mask: (n, n) in [0, 1]: what counts; with hardly anything in it nothing is changed.
        how: one of ``convert_options.COLOURS``.

    Returns:
        (n, n, 3) in [0, 1].
    """
    transfer = _TRANSFERS[how]
    if transfer is None or float(mask.sum()) < _LEAST_WEIGHT:
        return face
    weights = (mask / mask.sum()).astype(np.float32)
    return np.asarray(np.clip(transfer(face, like, weights), 0, 1), np.float32)


def _lab(face: Floats, like: Floats, weights: Floats) -> Floats:
    one, other = (cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in (face, like))
    return np.asarray(cv2.cvtColor(_moved(one, other, weights), cv2.COLOR_LAB2RGB), np.float32)


def _rct(face: Floats, like: Floats, weights: Floats) -> Floats:
    moved = _moved(_to_ruderman(face), _to_ruderman(like), weights)
    lms = np.exp(moved @ np.linalg.inv(_RUDERMAN).T.astype(np.float32))
    return np.asarray(lms @ np.linalg.inv(_LMS).T.astype(np.float32), np.float32)


def _to_ruderman(picture: Floats) -> Floats:
    lms = np.maximum(picture @ _LMS.T, np.float32(_DARKEST))
    return np.asarray(np.log(lms) @ _RUDERMAN.T, np.float32)


def _moved(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Mean and standard deviation of each channel taken over: equations 10 and 11."""
    mean, spread = _statistics(one, weights)
    wanted, wide = _statistics(other, weights)
    stretch = np.clip(wide / np.maximum(spread, 1e-4), *_STRETCH)
    return np.asarray((one - mean) * stretch + wanted, np.float32)


def _statistics(picture: Floats, weights: Floats) -> tuple[Floats, Floats]:
    flat, share = picture.reshape(-1, 3), weights.reshape(-1)
    mean = share @ flat
    return mean, np.sqrt(np.maximum(share @ np.square(flat - mean), 0))


def _histogram(face: Floats, like: Floats, weights: Floats) -> Floats:
    """Each channel through its own cumulative distribution and back through the other's."""
    matched = np.empty_like(face)
    edges = np.linspace(0, 1, _BINS + 1)
    for channel in range(3):
        one, other = (_cumulative(p[..., channel], weights, edges) for p in (face, like))
        steps = np.diff(np.interp(one, other, edges)) * _BINS
        # Neither bands nor contours: no tone is spread or squeezed too far
        curve = np.concatenate([[0.0], np.cumsum(np.clip(steps, *_SLOPE)) / _BINS])
        moved = np.interp(face[..., channel], edges, curve).astype(np.float32)
        matched[..., channel] = moved + ((like[..., channel] - moved) * weights).sum()
    return matched


def _cumulative(values: Floats, weights: Floats, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the weight below each edge, strictly rising from 0 to 1."""
    counts, _ = np.histogram(values, bins=edges, weights=weights)
    smooth = cv2.GaussianBlur(counts[None], (0, 0), _BIN_BLUR, borderType=cv2.BORDER_REPLICATE)[0]
    rising = np.concatenate([[0.0], np.cumsum(smooth + 1e-6)])
    return np.asarray(rising / rising[-1])


_TRANSFERS: dict[str, Transfer | None] = {
    "lab": _lab,
    "rct": _rct,
    "histogram": _histogram,
    "none": None,
}
