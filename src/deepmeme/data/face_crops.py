"""Squares round the faces of banks, as a face finder would cut them: a little beside, turned."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.bank import normal_shares, open_bank
from deepmeme.data.scene_faces import Array, FaceBank, Picture, open_faces
from deepmeme.data.scene_grounds import blob
from deepmeme.data.scene_styles import degraded, lit, painted, recoloured
from deepmeme.errors import InputError
from deepmeme.faces.crop import crop_face
from deepmeme.faces.face import Box, Face
from deepmeme.models.motion.portrait_points import mirror_of, rows


class FaceCrop(NamedTuple):
    """One square and the points in it."""

    picture: Picture
    """(size, size, 3)"""
    xy: Array
    """(k, 2) in [-1, 1]."""
    visible: NDArray[np.bool_]
    """(k,)"""


@dataclass(frozen=True, eq=False)
class FaceCrops:
    """Draws crops; each is a pure function of the seed and its number."""

    banks: tuple[FaceBank, ...]
    shares: tuple[float, ...]
    names: tuple[str, ...]
    size: int = 128
    framing: float = 1.6
    seed: int = 0
    jitter: float = 1.0
    """How far the square strays: 1 is 20 % in size, 9 % of the box in place, 14 degrees."""
    harsh: bool = True
    """Whether crops are painted, lit, degraded and hidden in part."""

    def __call__(self, number: int) -> FaceCrop:
        """The crop of that number."""
        rng = np.random.default_rng((self.seed, number))
        bank = self.banks[int(rng.choice(len(self.banks), p=self.shares))]
        frame = int(rng.choice(bank.chosen))
        matrix, flipped = self._place(bank.faces[frame], rng)
        picture = self._cut(bank.bank.frames[frame], matrix)
        chosen = rows(bank.bank.shape.keypoint_names, self.names)
        side = bank.bank.shape.size
        px = (bank.bank.keypoints[frame, chosen] + 1) * (side - 1) / 2
        moved = px @ matrix[:, :2].T + matrix[:, 2]
        xy, visible = moved * (2 / (self.size - 1)) - 1, bank.bank.visible[frame, chosen]
        if flipped:
            partner = mirror_of(self.names)
            xy, visible = xy[partner], visible[partner]
        if self.harsh:
            picture = self._changed(picture, rng)
        return FaceCrop(picture, xy.astype(np.float32), np.asarray(visible, bool))

    def _place(self, row: Array, rng: np.random.Generator) -> tuple[Array, bool]:
        """(2, 3) from pixel indices of the frame to those of the crop, and whether it mirrors."""
        x, y, side = (float(value) for value in row[:3])
        side *= float(np.exp(rng.normal(0, 0.1) * self.jitter))
        x, y = (value + self.jitter * rng.normal(0, 0.045) * side for value in (x, y))
        lean = float(np.rad2deg(np.arctan2(-row[3], row[4]))) + self.jitter * rng.normal(0, 7)
        box = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        # crop_face leaves small leans; the network must read those too
        crop = crop_face(Face(box, 1.0, lean), framing=self.framing, upright=True)
        matrix = crop.matrix(self.size)
        flipped = bool(rng.random() < 0.5)
        if flipped:
            matrix[0] = -matrix[0] + (0, 0, self.size - 1)
        return matrix.astype(np.float32), flipped

    def _cut(self, frame: Picture, matrix: Array) -> Picture:
        size = (self.size, self.size)
        cut = cv2.warpAffine(
            frame, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(cut, np.uint8)

    def _changed(self, picture: Picture, rng: np.random.Generator) -> Picture:
        if rng.random() < 0.25:
            picture = lit(picture, rng)
        if rng.random() < 0.3:
            picture = painted(picture, rng)
        if rng.random() < 0.8:
            picture = recoloured(picture, rng)
        if rng.random() < 0.12:
            picture = np.ascontiguousarray(picture)
            blob(picture, rng, rng.uniform(0, self.size, 2), self.size * rng.uniform(0.1, 0.35))
        return degraded(picture, rng)


def open_crops(
    folders: Sequence[Path],
    names: Sequence[str],
    *,
    shares: Sequence[float] | None = None,
    size: int = 128,
    framing: float = 1.6,
    seed: int = 0,
    held_out: bool = False,
) -> FaceCrops:
    """Crops from the banks in these folders, as often from each unless ``shares`` says.

    Raises:
        InputError: no bank, or one that lacks some of the points.
    """
    banks = tuple(open_faces(open_bank(folder), held_out=held_out) for folder in folders)
    if not banks:
        raise InputError("Training landmarks needs at least one bank of heads: --banks DIR")
    for folder, bank in zip(folders, banks, strict=True):
        missing = set(names) - set(bank.bank.shape.keypoint_names)
        if missing:
            raise InputError(f"{folder} lacks the points {', '.join(sorted(missing))}.")
    normal = normal_shares(shares, [1.0] * len(banks))
    return FaceCrops(banks, normal, tuple(names), size, framing, seed)
