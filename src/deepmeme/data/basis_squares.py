"""The faces of banks as aligned squares: what the shared encoder of a swap is taught on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import Bank, open_bank
from deepmeme.data.face_warp import feature_rows
from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.hull import hull_mask

HELD_OUT = 40
"""One group of so many is kept for looking at."""


@dataclass(frozen=True)
class BasisSquares:
    """Frames of a group show one person, in one light, on one background."""

    squares: NDArray[np.uint8]
    """(n, s, s, 3)"""
    masks: NDArray[np.uint8]
    """(n, s, s)"""
    points: NDArray[np.float32]
    """(n, k, 2) of eyes and mouth, in [-1, 1] from edge to edge."""
    group: NDArray[np.int32]
    """(n,) rising."""

    def groups(self, *, held_out: bool) -> list[NDArray[np.intp]]:
        """Rows of each group that has two frames at least."""
        starts = np.flatnonzero(np.diff(self.group, prepend=-1))
        rows = np.split(np.arange(len(self.group)), starts[1:])
        mine = [r for r in rows if (int(self.group[r[0]]) % HELD_OUT == 0) == held_out]
        return [r for r in mine if len(r) >= 2]


def basis_squares(folders: Sequence[Path], size: int) -> BasisSquares:
    """Cut the faces out of banks; groups of later banks are numbered on.

    Raises:
        InputError: no bank, or one without faces.
    """
    parts: list[BasisSquares] = []
    for folder in folders:
        first = int(parts[-1].group[-1]) + 1 if parts else 0
        bank = open_bank(folder)
        if not bank.shape.num_frames:
            raise InputError(f"{folder} holds no frames yet.")
        parts.append(_cut(bank, size, first))
    if not parts:
        raise InputError("Teaching the encoder needs at least one bank of frames: --banks DIR")
    fields = ("squares", "masks", "points", "group")
    return BasisSquares(*(np.concatenate([getattr(p, name) for p in parts]) for name in fields))


def _cut(bank: Bank, size: int, first: int) -> BasisSquares:
    names, side = bank.shape.keypoint_names, bank.shape.size
    rows = feature_rows(names)
    squares, masks, points = [], [], []
    for index in range(bank.shape.num_frames):
        xy = (np.asarray(bank.keypoints[index], np.float64) + 1) * (side - 1) / 2 + 0.5
        crop = align_face(xy, names)
        inside = in_square(xy, crop)
        squares.append(crop.quick_cut(np.asarray(bank.frames[index]), size))
        masks.append(hull_mask(inside, names, size))
        points.append(inside[rows])
    group = np.asarray(bank.group[: len(squares)], np.int32) + first
    return BasisSquares(np.stack(squares), np.stack(masks), np.asarray(points, np.float32), group)
