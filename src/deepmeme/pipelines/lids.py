"""Lets a driver's blinks end with closed lids.

Keypoint networks are shy: on a closed eye they leave a slit, up to half of the open eye where the
network is small or the video blurred. Seen over a whole clip that shows, because eyes blink and
each person has a usual opening. So the clip's own slit is taken for closed, and what lies between
is stretched to fit.
"""

from collections.abc import Sequence

import numpy as np

from deepmeme.pipelines.face_rings import Points, Ring, openness, rings_of
from deepmeme.runtime.engine import KeypointArrays

_USUAL = 0.75
_BLINKED = 0.55
"""A clip whose least opening is below this share of the usual one has a blink in it."""
_SLIT_SHARE = 0.3
"""Closed where no blink was seen, over the usual opening; never more than ``_SLIT``."""
_SLIT = 0.07
_SHUT_NEAR = 0.1
"""What is this close to the least opening, of the way to the usual one, is shut too."""
_LEAST_USUAL = 0.1
_UPPER_SHARE = 0.8


def close_lids(keypoints: KeypointArrays, names: Sequence[str] | None) -> KeypointArrays:
    """A whole clip's keypoints (n, k, 2), with lids that meet where they were meant to.

    Eyes at their usual opening and wider stay as they are. Keypoints without eyes that are named,
    and people who never open theirs, come back unchanged.
    """
    if names is None or len(names) != keypoints.xy.shape[1] or len(keypoints.xy) < 2:
        return keypoints
    xy = keypoints.xy.astype(np.float64)
    for name, ring in rings_of(names).items():
        if name.startswith("eye"):
            _close(xy, ring)
    return KeypointArrays(xy.astype(np.float32), keypoints.jacobian)


def _close(xy: Points, ring: Ring) -> None:
    opened = openness(xy, ring)
    usual = float(np.quantile(opened, _USUAL))
    if usual < _LEAST_USUAL:
        return
    least = float(opened.min())
    shut = min(_SLIT, _SLIT_SHARE * usual)
    if least < _BLINKED * usual:
        shut = max(shut, least) if least > 0 else 0.0
        shut += _SHUT_NEAR * (usual - shut)
    # The curve leaves the usual opening in its own direction, so that trembling isn't enlarged.
    share = np.clip((opened - shut) / (usual - shut), 0, 1)
    wanted = np.where(opened < usual, usual * share ** ((usual - shut) / usual), opened)
    gaps = ring.gaps(xy)
    factor = np.where(opened < usual, wanted / np.maximum(opened, 1e-9), 1.0)
    step = (gaps * (factor[:, None] - 1))[:, :, None] * ring.down(xy)[:, None]
    upper, lower = np.array(ring.pairs).T
    xy[:, upper] -= _UPPER_SHARE * step
    xy[:, lower] += (1 - _UPPER_SHARE) * step
