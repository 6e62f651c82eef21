"""Squares of many people, several of each, changed in all that does not make the person.

Light, colours, blur, noise, JPEG, an artist's hand, a mirror, things before the face, and now and
then another person's hair and background round it, as a face swap leaves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.face_squares import (
    Picture,
    Squares,
    Strayed,
    held_out,
    moved,
    open_squares,
    stray,
)
from deepmeme.data.mask_examples import restyled
from deepmeme.data.occluders import occluded
from deepmeme.errors import InputError
from deepmeme.faces.hull import hull_mask

_STRAYED = Strayed(turn_degrees=4.0, scale=0.05, shift=0.025)
_PAINTED, _HIDDEN, _TRANSPLANTED = 0.06, 0.1, 0.35
_AS_IT_IS = 0.2
"""Share whose colours and quality are left alone."""


@dataclass(frozen=True, eq=False)
class IdentityExamples:
    """Draws squares with the number of the person; each a pure function of seed and number."""

    sets: tuple[Squares, ...]
    size: int = 64
    seed: int = 0
    each: int = 3
    """Squares of one person that follow each other."""

    @property
    def first(self) -> tuple[int, ...]:
        """Number of the first person of each set, and at last how many people there are."""
        counts = [len(np.unique(squares.person)) for squares in self.sets]
        return tuple(np.cumsum([0, *counts]).tolist())

    def batch(self, number: int, size: int) -> tuple[Picture, NDArray[np.int64]]:
        """Pictures (size, r, r, 3) and who is in them (size,), ``each`` of one person."""
        rng = np.random.default_rng((self.seed, number))
        first = self.first
        pictures = np.empty((size, self.size, self.size, 3), np.uint8)
        people = np.empty(size, np.int64)
        for start in range(0, size, self.each):
            who = int(rng.integers(first[-1]))
            which = int(np.searchsorted(first, who, side="right")) - 1
            rows = self._rows(which, who - first[which])
            count = min(self.each, size - start)
            chosen = rng.choice(rows, count, replace=len(rows) < count)
            for slot, row in enumerate(chosen, start):
                pictures[slot], people[slot] = self._square(which, int(row), rng), who
        return pictures, people

    def _rows(self, which: int, order: int) -> NDArray[np.intp]:
        person = self.sets[which].person
        name = np.unique(person)[order]
        start, end = np.searchsorted(person, [name, name + 1])
        return np.arange(start, end)

    def _square(self, which: int, row: int, rng: np.random.Generator) -> Picture:
        squares = self.sets[which]
        picture = np.asarray(squares.pictures[row])
        hull: Picture | None = None
        if rng.random() < _TRANSPLANTED + _HIDDEN:
            hull = hull_mask(squares.xy[row].astype(np.float64), squares.names, picture.shape[0])
            if rng.random() < _TRANSPLANTED / (_TRANSPLANTED + _HIDDEN):
                picture = self._among_others(picture, hull, rng)
            else:
                picture, _ = occluded(picture, hull, rng)
        matrix = stray(rng, self.size, picture.shape[0], _STRAYED)
        picture = moved(picture, matrix, self.size)
        return picture if rng.random() < _AS_IT_IS else restyled(picture, rng, _PAINTED)

    def _among_others(self, picture: Picture, hull: Picture, rng: np.random.Generator) -> Picture:
        """The face within another's hair and background, its colours moved towards the other's."""
        other = self.sets[int(rng.integers(len(self.sets)))]
        row = int(rng.integers(len(other.person)))
        ground = np.asarray(other.pictures[row], np.float32)
        there = hull_mask(other.xy[row].astype(np.float64), other.names, picture.shape[0])
        own, its = picture[hull > 127].astype(np.float32), ground[there > 127]
        face = picture.astype(np.float32)
        if len(own) and len(its):
            share = np.float32(rng.uniform(0, 1))
            face = face + share * (its.mean(0) - own.mean(0))
        soft = cv2.GaussianBlur(hull, (0, 0), rng.uniform(0.5, 3)).astype(np.float32) / 255
        return np.asarray((ground + soft[..., None] * (face - ground)).clip(0, 255), np.uint8)


def open_identities(
    folders: Sequence[Path], *, size: int = 64, seed: int = 0, held: bool = False
) -> IdentityExamples:
    """The people of these folders: rendered squares, or banks whose groups are all other people.

    Args:
        folders: as ``data.face_masks`` or a bank's writer left them.
        size: side of the squares.
        seed: of everything random.
        held: those kept from training.

    Raises:
        InputError: a folder is neither, or fewer than two people are left.
    """
    sets = []
    for folder in folders:
        squares = open_squares(folder)
        sets.append(squares.kept(held_out(squares.person) == held))
    examples = IdentityExamples(tuple(sets), size, seed)
    if examples.first[-1] < 2:
        raise InputError(
            f"Telling people apart needs at least two; found {examples.first[-1]} in "
            f"{', '.join(str(folder) for folder in folders) or 'no folder'}."
        )
    return examples
