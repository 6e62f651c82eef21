"""The faces of banks as aligned squares: what the shared encoder of a swap is taught on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.face_squares import Squares, open_squares
from deepmeme.data.face_warp import feature_rows
from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.hull import hull_mask

HELD_OUT = 40
"""One group of so many is kept for looking at, with all who do the same."""


@dataclass(frozen=True)
class BasisSquares:
    """Frames of a group show one person, in one light, on one background."""

    squares: NDArray[np.uint8]
    """(n, s, s, 3)"""
    masks: NDArray[np.uint8]
    """(n, s, s)"""
    points: NDArray[np.float32]
    """(n, k, 2) of eyes and mouth, in [-1, 1] from edge to edge."""
    group: NDArray[np.int64]
    """(n,) rising."""
    moment: NDArray[np.int64]
    """(n,) equal where several people do the same."""

    def groups(self, *, held_out: bool) -> list[NDArray[np.intp]]:
        """Rows of each group that has two frames at least."""
        starts = np.flatnonzero(np.diff(self.group, prepend=-1))
        rows = np.split(np.arange(len(self.group)), starts[1:])
        mine = [r for r in rows if bool(self._held[r[0]]) == held_out]
        return [r for r in mine if len(r) >= 2]

    def doing_the_same(self, row: int) -> NDArray[np.intp]:
        """Rows of other people in that moment; none in clips and portraits."""
        first, last = np.searchsorted(self._sorted, (self.moment[row], self.moment[row] + 1))
        rows = self._order[first:last]
        others: NDArray[np.intp] = rows[rows != row]
        return others

    @cached_property
    def _held(self) -> NDArray[np.bool_]:
        """Who does the same is held out together."""
        _, first, number = np.unique(self.moment, return_index=True, return_inverse=True)
        return np.asarray(self.group[first][number] % HELD_OUT == 0)

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(self.moment, kind="stable")

    @cached_property
    def _sorted(self) -> NDArray[np.int64]:
        return self.moment[self._order]


def basis_squares(folders: Sequence[Path], size: int) -> BasisSquares:
    """The faces of banks and of folders of rendered squares, numbered through.

    Raises:
        InputError: no folder, or one without faces.
    """
    parts: list[BasisSquares] = []
    for folder in folders:
        squares = open_squares(folder)
        if not len(squares.person):
            raise InputError(f"{folder} holds no frames yet.")
        last = parts[-1] if parts else None
        parts.append(
            _aligned(
                squares, size,
                int(last.group[-1]) + 1 if last else 0,
                int(last.moment.max()) + 1 if last else 0,
            )
        )  # fmt: skip
    if not parts:
        raise InputError("Teaching the encoder needs at least one bank of frames: --banks DIR")
    names = [field.name for field in fields(BasisSquares)]
    return BasisSquares(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def _aligned(found: Squares, size: int, group: int, moment: int) -> BasisSquares:
    """Cut anew, without the margin; groups and moments count on from these."""
    side = found.pictures.shape[1]
    squares, masks, points = [], [], []
    rows = feature_rows(found.names)
    for picture, xy in zip(found.pictures, found.xy, strict=True):
        places = (xy.astype(np.float64) + 1) * side / 2
        crop = align_face(places, found.names)
        inside = in_square(places, crop)
        squares.append(crop.quick_cut(picture, size))
        masks.append(hull_mask(inside, found.names, size))
        points.append(inside[rows])
    return BasisSquares(
        np.stack(squares), np.stack(masks), np.asarray(points, np.float32),
        found.person + group, found.moment + moment,
    )  # fmt: skip
