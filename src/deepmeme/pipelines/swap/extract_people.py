"""Whose faces they are: what was followed from frame to frame is one person's, as long as it looks
alike; then what looks alike is put together.

Single faces are hard to tell apart; the mean of many is not. Nobody is in one frame twice.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.identity import unit_length

Frame = NDArray[np.uint8]
Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]

_FEWEST, _MOST = 3, 8
"""Faces before and after a place that are compared to see whether a track passes there from one
person to another."""
_STRICTER = 0.5
"""Means of many faces of one person are more alike than single ones: by up to this share of what
``same_above`` leaves to 1 more is asked of them."""
_JUMP = 0.1
"""Mean change of the small grey pictures from look to look, of 1, that is one. Of faces that move
and speak nine in ten change by less than 0.05."""
_SHARED = 0.2
"""Share of the shorter one's frames in which two tracks are both seen, from which on they can't be
the same person's; less may be a picture on the wall."""
_MOST_MERGED, _MOST_PIECES = 400, 50


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
        return unit_length(self.total)

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
    thumbs: NDArray[np.uint8],
    same_above: float,
) -> Numbers:
    """(n,) number of the person of each face: 0 is who is seen most.

    Args:
        frames: source and frame of each face, those of a track in the order of time.
        tracks: number of each face's track.
        vectors: (n, d) of length 1.
        weights: (n,) how much each face counts, at least 0.
        thumbs: (n, ...) small grey pictures of the aligned faces.
        same_above: cosine from which on two are the same person.
    """
    groups: list[_Group] = []
    pieces = _pieces(tracks, vectors, thumbs)
    for rows in sorted(pieces, key=lambda rows: (-len(rows), rows[0])):
        total = (vectors[rows] * (weights[rows, None] + 1e-3)).sum(axis=0)
        _join(groups, _Group(rows, total, {frames[row] for row in rows}), same_above)
    _merge(groups, same_above)
    groups.sort(key=lambda group: (-len(group.rows), min(group.rows)))
    people = np.zeros(len(tracks), np.int64)
    for number, group in enumerate(groups):
        people[group.rows] = number
    return people


def _pieces(tracks: Sequence[int], vectors: Vectors, thumbs: NDArray[np.uint8]) -> list[list[int]]:
    """Rows of each track, cut where the face jumps and where it turns into another person's."""
    rows_of: dict[int, list[int]] = {}
    for row, track in enumerate(tracks):
        rows_of.setdefault(track, []).append(row)
    pieces: list[list[int]] = []
    for rows in rows_of.values():
        light = thumbs[rows].reshape(len(rows), -1).astype(np.float32) / 255
        jumps = np.flatnonzero(np.abs(np.diff(light, axis=0)).mean(axis=1) > _JUMP) + 1
        for start, end in pairwise([0, *jumps.tolist(), len(rows)]):
            pieces += _cut(rows[start:end], vectors)
    return pieces


def _cut(rows: list[int], vectors: Vectors) -> list[list[int]]:
    """A piece, cut where one person may take another's place. Too often is no harm: what is one
    person's is put together again."""
    waiting, done = [rows], list[list[int]]()
    while waiting:
        piece = waiting.pop()
        inner = range(_FEWEST, len(piece) - _FEWEST + 1)
        gaps = [_gap(vectors[piece], at) for at in inner]
        if gaps and max(gaps) > 0 and len(done) + len(waiting) < _MOST_PIECES:
            at = inner[int(np.argmax(gaps))]
            waiting += [piece[at:], piece[:at]]
        else:
            done.append(piece)
    return done


def _gap(vectors: Vectors, at: int) -> float:
    """How much more alike the faces on either side are than across; at most 0 if they aren't."""
    before, after = vectors[max(0, at - _MOST) : at], vectors[at : at + _MOST]
    across = before @ after.T
    inside = [side @ side.T for side in (before, after)]
    alike = np.concatenate([one[np.triu_indices(len(one), 1)] for one in inside])
    return float(np.quantile(alike, 0.1) - np.quantile(across, 0.9))


def _asked(same_above: float, first: int, second: int) -> float:
    """Cosine from which on the means of so many faces are one person's."""
    return same_above + _STRICTER * (1 - same_above) * (1 - 1 / min(first, second))


def _join(groups: list[_Group], fresh: _Group, same_above: float) -> None:
    """Put a piece to the group that it is most like, or make a new one."""
    if groups:
        alike = np.stack([group.mean for group in groups]) @ fresh.mean
        for number in np.argsort(-alike, kind="stable"):
            group = groups[number]
            if alike[number] < same_above:
                break
            if _belong(group, fresh, same_above):
                group.take(fresh)
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
            if pair not in apart and _belong(groups[first], groups[second], same_above):
                groups[first].take(groups.pop(second))
                apart.clear()
                break
            apart.add(pair)
        else:
            return


def _belong(first: _Group, second: _Group, same_above: float) -> bool:
    least = _asked(same_above, len(first.rows), len(second.rows))
    return float(first.mean @ second.mean) >= least and not first.meets(second)
