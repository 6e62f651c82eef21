"""Two people's faces in memory, and what should be said about them before they are learnt."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.face_warp import feature_rows
from deepmeme.errors import InputError
from deepmeme.faces.faceset import FaceRecord, Faceset, open_faceset
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.identity import identity_vector, knows_people, unit_length
from deepmeme.media.montage import resize

FEWEST = 8
"""Fewer faces teach nothing."""
FEW = 100
MANY_TIMES = 4.0
NARROW_DEG = 12.0
ALIKE = 0.02
"""Mean difference of the faces of a set, in [0, 1], below which they hardly differ."""


@dataclass(frozen=True)
class PersonFaces:
    """The kept faces of one person, at one size."""

    name: str
    squares: NDArray[np.uint8]
    """(n, s, s, 3)"""
    masks: NDArray[np.uint8]
    """(n, s, s)"""
    points: NDArray[np.float32]
    """(n, k, 2) of eyes and mouth, in [-1, 1] from edge to edge."""
    yaw_deg: NDArray[np.float32]
    """(n,)"""

    def __len__(self) -> int:
        return len(self.squares)


class People(NamedTuple):
    """Whose faces are learnt."""

    a: PersonFaces
    b: PersonFaces


def open_person(folder: Path | str, size: int, *, most: int = 6000) -> PersonFaces:
    """The kept faces of a faceset at ``size`` pixels, the ``most`` of them spread evenly.

    Raises:
        InputError: no faceset, too few faces, or a picture that cannot be read.
    """
    faceset = open_faceset(folder).kept()
    people = {record.person for record in faceset.records}
    if len(people) > 1:
        raise InputError(
            f"{folder} keeps the faces of {len(people)} people. Choose one of them: deepmeme swap "
            f"extract -o {folder} --person {min(people)}"
        )
    if len(faceset.records) < FEWEST:
        raise InputError(
            f"{folder} keeps {len(faceset.records)} faces; {FEWEST} are the least, some hundreds "
            "are good. Extract faces of more pictures, or of a longer video."
        )
    step = max(1.0, len(faceset.records) / most)
    records = [faceset.records[int(i * step)] for i in range(int(len(faceset.records) / step))]
    loaded = [_load(faceset, record, size) for record in records]
    rows = feature_rows(faceset.names)
    points = np.array([record.points for record in records], np.float32)[:, rows]
    return PersonFaces(
        Path(folder).resolve().name,
        np.stack([square for square, _ in loaded]),
        np.stack([mask for _, mask in loaded]),
        points,
        np.array([record.yaw_deg for record in records], np.float32),
    )


def _load(
    faceset: Faceset, record: FaceRecord, size: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One face and its mask; its outline, where the mask is missing."""
    picture, mask = faceset.picture(record), faceset.mask(record)
    if mask is None:
        mask = hull_mask(np.array(record.points, np.float64), faceset.names, size)
    return resize(picture, size, size), resize(mask, size, size)


def identity_of(person: PersonFaces, most: int = 64) -> tuple[float, ...] | None:
    """The mean of a person's identity vectors, at length 1; None where no network knows people."""
    if not knows_people():
        return None
    rows = np.linspace(0, len(person) - 1, min(most, len(person))).astype(int)
    total = np.sum([identity_vector(person.squares[row]) for row in rows], axis=0)
    return tuple(round(float(value), 5) for value in unit_length(total))


def concerns(people: People) -> tuple[str, ...]:
    """What will make the swap worse than it could be, in plain sentences."""
    found: list[str] = []
    for person in people:
        found += _of_one(person)
    more, fewer = sorted(people, key=len, reverse=True)
    if len(more) > MANY_TIMES * len(fewer):
        found.append(
            f"{more.name} has {len(more)} faces, {fewer.name} only {len(fewer)}: both are drawn "
            f"equally often, so {fewer.name}'s will be learnt by heart. Extract more of them."
        )
    low, high = (np.quantile(person.yaw_deg, (0.05, 0.95)) for person in people)
    shared = min(low[1], high[1]) - max(low[0], high[0])
    wide = max(low[1] - low[0], high[1] - high[0])
    if wide > NARROW_DEG and shared < wide / 3:
        found.append(
            f"{people.a.name} looks {low[0]:.0f} to {low[1]:.0f} degrees sideways, "
            f"{people.b.name} {high[0]:.0f} to {high[1]:.0f}: turns that only one of them shows "
            "will look wrong. Extract faces in the same poses."
        )
    return tuple(found)


def _of_one(person: PersonFaces) -> list[str]:
    found = []
    if len(person) < FEW:
        found.append(
            f"{person.name} has {len(person)} faces. It works from about {FEW} on, and well from "
            "some hundreds: in other poses, with other expressions."
        )
    if variety(person.squares) < ALIKE:
        found.append(
            f"The faces of {person.name} hardly differ from each other: what is not shown cannot "
            "be learnt. Take a video in which more happens."
        )
    return found


def variety(squares: NDArray[np.uint8]) -> float:
    """Mean difference between faces and their mean, in [0, 1], the light left out."""
    small = [cv2.resize(square, (32, 32), interpolation=cv2.INTER_AREA) for square in squares]
    values = np.stack([cv2.cvtColor(face, cv2.COLOR_RGB2GRAY) for face in small]).astype(np.float32)
    values /= 255
    values -= values.mean(axis=(1, 2), keepdims=True)
    return float(np.abs(values - values.mean(axis=0)).mean())
