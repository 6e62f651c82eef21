"""Eyes and mouths as rings of named keypoints, and how far they are open."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_COUNTS = {"eye_r": 6, "eye_l": 6, "lip_inner": 8, "lip_outer": 12}


class Ring(NamedTuple):
    """Keypoints from one corner over the upper side to the other and back along the lower side."""

    name: str
    rows: tuple[int, ...]

    @property
    def corners(self) -> tuple[int, int]:
        """The one on the picture's left, then the other."""
        return self.rows[0], self.rows[len(self.rows) // 2]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Each point of the upper side with the one below it, from left to right."""
        half = len(self.rows) // 2
        return [(self.rows[i], self.rows[-i]) for i in range(1, half)]

    def width(self, xy: Points) -> Points:
        """Distance of the corners in each frame of ``xy`` (n, k, 2), (n,), above 0."""
        first, last = self.corners
        return np.asarray(np.maximum(np.linalg.norm(xy[:, last] - xy[:, first], axis=1), 1e-9))

    def down(self, xy: Points) -> Points:
        """Unit vectors (n, 2) across the line of the corners, from the upper to the lower side."""
        first, last = self.corners
        along = xy[:, last] - xy[:, first]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        return np.asarray(across / self.width(xy)[:, None])

    def gaps(self, xy: Points) -> Points:
        """How far each lower point lies below its upper one, (n, pairs); below 0 if crossed."""
        upper, lower = np.array(self.pairs).T
        apart = xy[:, lower] - xy[:, upper]
        return np.asarray((apart * self.down(xy)[:, None]).sum(axis=2))


def rings_of(names: Sequence[str]) -> dict[str, Ring]:
    """The rings that are complete among ``names``: eye_r, eye_l, lip_inner, lip_outer."""
    place = {name: row for row, name in enumerate(names)}
    rings = {}
    for name, count in _COUNTS.items():
        rows = [place[f"{name}_{i}"] for i in range(count) if f"{name}_{i}" in place]
        if len(rows) == count:
            rings[name] = Ring(name, tuple(rows))
    return rings


def openness(xy: Points, ring: Ring) -> Points:
    """Mean gap over the ring's width in each frame of ``xy`` (n, k, 2), (n,).

    About 0.3 for an open eye, 0 for a closed one.
    """
    return np.asarray(ring.gaps(xy).mean(axis=1) / ring.width(xy))
