"""Whose faces they are: what was followed from frame to frame is one person's, as long as it looks
alike; then what looks alike is put together.

Single faces are hard to tell apart; the mean of many is not. Nobody is in one frame twice.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

_BEFORE, _AFTER = 6, 3
"""Faces whose means are compared where a track may have jumped from one person to another."""
_SHARED = 0.2
"""Share of the shorter one's frames in which two tracks are both seen, from which on they can't be
the same person's; less may be a picture on the wall."""
_MOST_MERGED = 400


class Embedder(NamedTuple):
    """What tells persons apart."""

    vector: Callable[[Frame], Vectors]
    """(n, n, 3) aligned square -> (d,) of length 1."""
    same_above: float
    """Cosine from which on two faces are taken for the same person's."""


class _Group:
    """Tracks of one person."""

    def __init__(self, rows: list[int], total: Vectors, frames: set[tuple[int, int]]) -> None:
        self.rows, self.total, self.frames = rows, total, frames

    @property
    def mean(self) -> Vectors:
        return _unit(self.total)

    def meets(self, other: "_Group") -> bool:
        shared = len(self.frames & other.frames)
        return shared > _SHARED * min(len(self.frames), len(other.frames))

    def take(self, other: "_Group") -> None:
        self.rows += other.rows
        self.total = self.total + other.total
        self.frames |= other.frames


def people_of(
    frames: Sequence[tuple[int, int]],
    tracks: Sequence[int],
    vectors: Vectors,
    weights: NDArray[np.float64],
    same_above: float,
) -> Numbers:
    """(n,) number of the person of each face: 0 is who is seen most.

    Args:
        frames: source and frame of each face, those of a track in the order of time.
        tracks: number of each face's track.
        vectors: (n, d) of length 1.
        weights: (n,) how much each face counts, at least 0.
        same_above: cosine from which on two are the same person.
    """
    groups: list[_Group] = []
    pieces = _pieces(tracks, vectors, same_above)
    for rows in sorted(pieces, key=lambda rows: (-len(rows), rows[0])):
        total = (vectors[rows] * (weights[rows, None] + 1e-3)).sum(axis=0)
        _join(groups, _Group(rows, total, {frames[row] for row in rows}), same_above)
    _merge(groups, same_above)
    groups.sort(key=lambda group: (-len(group.rows), min(group.rows)))
    people = np.zeros(len(tracks), np.int64)
    for number, group in enumerate(groups):
        people[group.rows] = number
    return people


def _pieces(tracks: Sequence[int], vectors: Vectors, same_above: float) -> list[list[int]]:
    """Rows of each track, cut where it jumps from one person to another."""
    rows_of: dict[int, list[int]] = {}
    for row, track in enumerate(tracks):
        rows_of.setdefault(track, []).append(row)
    pieces: list[list[int]] = []
    for rows in rows_of.values():
        start = 0
        for at in range(1, len(rows)):
            before = _unit(vectors[rows[max(start, at - _BEFORE) : at]].sum(axis=0))
            after = _unit(vectors[rows[at : at + _AFTER]].sum(axis=0))
            if before @ after < same_above:
                pieces.append(rows[start:at])
                start = at
        pieces.append(rows[start:])
    return pieces


def _join(groups: list[_Group], fresh: _Group, same_above: float) -> None:
    """Put a piece to the group that it is most like, or make a new one."""
    if groups:
        alike = np.stack([group.mean for group in groups]) @ fresh.mean
        for number in np.argsort(-alike, kind="stable"):
            if alike[number] < same_above:
                break
            if not groups[number].meets(fresh):
                groups[number].take(fresh)
                return
    groups.append(fresh)


def _merge(groups: list[_Group], same_above: float) -> None:
    """Put together groups that grew alike, most alike first."""
    apart: set[tuple[int, int]] = set()
    while 1 < len(groups) <= _MOST_MERGED:
        means = np.stack([group.mean for group in groups])
        alike = np.triu(means @ means.T, 1)
        order = np.argsort(-alike, axis=None, kind="stable")
        for first, second in zip(*np.unravel_index(order, alike.shape), strict=True):
            if alike[first, second] < same_above or first >= second:
                return
            pair = id(groups[first]), id(groups[second])
            if pair not in apart and not groups[first].meets(groups[second]):
                groups[first].take(groups.pop(second))
                break
            apart.add(pair)
        else:
            return


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
