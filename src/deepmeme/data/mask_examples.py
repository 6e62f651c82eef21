"""Squares of rendered faces, hidden in part, in any style, with the mask of what is seen."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from deepmeme.data.face_squares import (
    Picture,
    Squares,
    Strayed,
    held_out,
    moved,
    open_rendered,
    stray,
)
from deepmeme.data.occluders import occluded
from deepmeme.data.scene_styles import degraded, lit, painted, recoloured
from deepmeme.errors import InputError

_STRAYED = Strayed(turn_degrees=5.0, scale=0.06, shift=0.03)


class MaskExample(NamedTuple):
    """One square."""

    picture: Picture
    """(size, size, 3)"""
    seen: Picture
    """(size, size) 255 = visible face."""


@dataclass(frozen=True, eq=False)
class MaskExamples:
    """Draws squares; each is a pure function of the seed and its number."""

    squares: Squares
    size: int = 96
    seed: int = 0
    hidden: float = 0.5
    """Share that has something before the face."""
    harsh: bool = True
    """Whether squares are painted, lit and degraded."""

    def __call__(self, number: int) -> MaskExample:
        """The square of that number."""
        rng = np.random.default_rng((self.seed, number))
        squares = self.squares
        assert squares.seen is not None
        row = int(rng.integers(len(squares.person)))
        matrix = stray(rng, self.size, squares.pictures.shape[1], _STRAYED)
        picture = moved(squares.pictures[row], matrix, self.size)
        seen = moved(squares.seen[row], matrix, self.size, flat=True)
        if rng.random() < self.hidden:
            picture, seen = occluded(picture, seen, rng)
            if rng.random() < 0.2:
                picture, seen = occluded(picture, seen, rng)
        if self.harsh:
            picture = restyled(picture, rng)
        return MaskExample(picture, seen)


def restyled(picture: Picture, rng: np.random.Generator, paint: float = 0.25) -> Picture:
    """In another light, colour, hand and quality."""
    if rng.random() < 0.25:
        picture = lit(picture, rng)
    if rng.random() < paint:
        picture = painted(picture, rng)
    if rng.random() < 0.8:
        picture = recoloured(picture, rng)
    return degraded(picture, rng)


def open_masks(
    folder: Path | str, *, size: int = 96, seed: int = 0, held: bool = False
) -> MaskExamples:
    """The squares in this folder; ``held``: those of people kept from training.

    Raises:
        InputError: the folder holds none, or too few people to hold one out.
    """
    squares = open_rendered(folder)
    chosen = squares.kept(held_out(squares.person) == held)
    if not len(chosen.person):
        raise InputError(f"{folder} holds too few people: at least two are needed.")
    return MaskExamples(chosen, size, seed)
