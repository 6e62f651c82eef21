"""Which of the faces are worth keeping, and in plain words why the others are not."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.faceset import FaceRecord
from deepmeme.pipelines.swap.extract_options import ExtractOptions
from deepmeme.pipelines.swap.extract_row import FaceRow
from deepmeme.pipelines.swap.extract_watch import FACE

Numbers = NDArray[np.int64]

GONE = "picture deleted"
HARDLY_A_FACE = "hardly a face"
HALF_OUT = "half out of the picture"
TOO_SMALL = "too small"
BLURRED = "blurred"
ANOTHER = "another person"
DUPLICATE = "duplicate"
BY_HAND = "left out by hand"

_INSIDE = 0.85
_NEAR_DEG = 4.0
"""Faces whose heads are turned further from each other are no duplicates."""


class Verdict(NamedTuple):
    """On one face."""

    keep: bool
    why: str
    """Why not; empty if it is kept, unless somebody wants it all the same."""


def faults(row: FaceRow, options: ExtractOptions, pictures: Collection[str]) -> str:
    """What is wrong with a face by itself; empty if nothing is."""
    if row.file not in pictures:
        return GONE
    if row.misfit > FACE:
        return HARDLY_A_FACE
    if row.inside < _INSIDE:
        return HALF_OUT
    if row.crop.side < options.min_side:
        return TOO_SMALL
    if row.sharpness < options.min_sharpness:
        return BLURRED
    return ""


def judge(
    rows: Sequence[FaceRow],
    people: Numbers,
    options: ExtractOptions,
    pictures: Collection[str],
    edits: Mapping[str, Verdict],
) -> list[Verdict]:
    """A verdict on each face.

    Args:
        rows: the faces.
        people: (n,) whose they are.
        options: the limits, and whom to keep.
        pictures: names of those that are there.
        edits: verdicts by hand, by name; they stand.
    """
    why = [faults(row, options, pictures) for row in rows]
    for row, person in enumerate(people):
        if not why[row] and person not in options.people:
            why[row] = ANOTHER
    for row, face in enumerate(rows):
        if face.file in edits and not edits[face.file].keep:
            why[row] = why[row] or BY_HAND
    left = [row for row, reason in enumerate(why) if not reason]
    for row in _duplicates([rows[row] for row in left], options.difference):
        why[left[row]] = DUPLICATE
    return [
        edits.get(face.file, Verdict(not reason, reason))
        for face, reason in zip(rows, why, strict=True)
    ]


def edits_of(records: Sequence[FaceRecord]) -> dict[str, Verdict]:
    """What somebody has changed in an index: keeps without a reason against it are ours."""
    return {
        record.file: Verdict(record.keep, record.why)
        for record in records
        if record.keep == bool(record.why)
    }


def _duplicates(rows: Sequence[FaceRow], difference: float) -> list[int]:
    """Faces that differ by less than ``difference`` from one that is sharper."""
    if not difference or len(rows) < 2:
        return []
    order = sorted(range(len(rows)), key=lambda row: (-rows[row].sharpness, row))
    light = np.stack([row.thumb.ravel() for row in rows]).astype(np.float32) / 255
    points = np.stack([row.points.ravel() for row in rows])
    yaw = np.array([row.yaw_deg for row in rows])
    kept = np.zeros(len(rows), bool)
    dropped = []
    for row in order:
        near = np.flatnonzero(kept & (np.abs(yaw - yaw[row]) < _NEAR_DEG))
        apart = _apart(light[near] - light[row], points[near] - points[row])
        if len(near) and apart.min() < difference:
            dropped.append(row)
        else:
            kept[row] = True
    return dropped


def _apart(light: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The larger of two differences of each face: in grey values, of 1, and in places, of half a
    side of the square."""
    grey = np.abs(light).mean(axis=1)
    places = np.sqrt(np.square(points).sum(axis=1) / (points.shape[1] / 2))
    return np.asarray(np.maximum(grey, places), np.float32)
