"""Aligned squares of many people's faces, in memory: what masks and identities are learnt from.

The squares are cut a little wider than ``faces.align`` cuts them, so that training may move, turn
and scale them without running out of picture. Rendered ones with their masks lie in a folder:

    squares.json       people, frames, side, names, origin
    pictures.npy       (n, side, side, 3) uint8
    seen.npy           (n, side, side) uint8, 255 = visible face
    xy.npy             (n, k, 2) float32 landmarks, [-1, 1] from edge to edge of the stored square
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.arrays import Layout, arrays_to_read, read_record, write_record
from deepmeme.data.bank import open_bank
from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.crop import Crop

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]

MARGIN = 1.2
"""Side of a stored square over that of an aligned one."""
SIDE = 112
HELD_OUT = 10
"""One person in so many is never trained on."""
MIRROR_CHANCE = 0.5
RECORD = "squares.json"


@dataclass(frozen=True)
class SquaresShape:
    """What a folder of rendered squares holds; written as squares.json."""

    people: int  # whole ones
    capacity: int
    frames: int  # of each
    side: int
    names: tuple[str, ...]
    origin: str
    together: int = 1  # so many people, one after another, do the same in their frames


@dataclass(frozen=True, eq=False)
class Squares:
    """Squares of many people, frames of one person side by side."""

    pictures: Picture
    """(n, side, side, 3)"""
    seen: Picture | None
    """(n, side, side) visible face, where the renderer told it."""
    xy: Array
    """(n, k, 2) in [-1, 1] of the stored square."""
    person: NDArray[np.int64]
    """(n,) who is in it; equal only within one folder."""
    moment: NDArray[np.int64]
    """(n,) equal where several people do the same; equal only within one folder."""
    names: tuple[str, ...]

    def kept(self, chosen: NDArray[np.bool_]) -> "Squares":
        """Only these squares."""
        seen = None if self.seen is None else self.seen[chosen]
        return Squares(
            self.pictures[chosen], seen, self.xy[chosen], self.person[chosen],
            self.moment[chosen], self.names,
        )  # fmt: skip


@dataclass(frozen=True)
class Strayed:
    """How far a square lies beside the true one, as landmarks that are read wrong place it."""

    turn_degrees: float = 3.5
    scale: float = 0.045
    shift: float = 0.025
    """Share of the side."""


def open_squares(folder: Path | str) -> Squares:
    """The squares of a folder that ``data.face_masks`` rendered, or of a bank.

    Raises:
        InputError: the folder is neither.
    """
    rendered = (Path(folder) / RECORD).is_file()
    return open_rendered(folder) if rendered else squares_of_bank(folder)


def open_rendered(folder: Path | str) -> Squares:
    """The squares that ``write_faces`` rendered; a folder still being filled can be read.

    Raises:
        InputError: the folder holds none.
    """
    root = Path(folder)
    shape = read_shape(root)
    if shape is None:
        raise InputError(
            f"{root} holds no rendered faces: it has no {RECORD}. Render them with "
            "`python -m deepmeme.data.face_masks -o DIR`."
        )
    count = shape.people * shape.frames
    arrays = arrays_to_read(root, layout(shape), count)
    person, frame = np.divmod(np.arange(count), shape.frames)
    moment = np.arange(count)
    if shape.together > 1:
        moment = person // shape.together * shape.frames + frame
    return Squares(arrays["pictures"], arrays["seen"], arrays["xy"], person, moment, shape.names)


def squares_of_bank(folder: Path | str, people: int | None = None) -> Squares:
    """Aligned squares of a bank's frames, cut anew: about a millisecond each.

    Args:
        folder: the bank.
        people: how many people its groups go round; by default every group is another one.
            Banks of clips or portraits begin again when all had their turn.

    Raises:
        InputError: the folder is not a bank, or its frames lack landmarks to align by.
    """
    bank = open_bank(folder)
    names, size = bank.shape.keypoint_names, bank.shape.size
    count = bank.shape.num_frames
    pictures = np.empty((count, SIDE, SIDE, 3), np.uint8)
    xy = np.empty((count, len(names), 2), np.float32)
    for row in range(count):
        px = (bank.keypoints[row].astype(np.float64) + 1) * (size - 1) / 2 + 0.5
        pictures[row], xy[row] = cut_square(bank.frames[row], px, names)
    person = np.asarray(bank.group, np.int64) % (people or max(bank.shape.groups, 1))
    order = np.argsort(person, kind="stable")
    return Squares(pictures[order], None, xy[order], person[order], np.arange(count), names)


def cut_square(
    frame: Picture, xy_px: NDArray[np.float64], names: Sequence[str], side: int = SIDE
) -> tuple[Picture, Array]:
    """The wider square of a face, and its landmarks in it.

    Raises:
        InputError: landmarks are missing or unusable.
    """
    crop = wider(align_face(xy_px, names))
    return crop.quick_cut(frame, side), in_square(xy_px, crop).astype(np.float32)


def wider(crop: Crop) -> Crop:
    """The stored square of an aligned one."""
    return Crop(crop.centre_x, crop.centre_y, MARGIN * crop.side, crop.angle_deg, found_face=True)


def stray(rng: np.random.Generator, size: int, side: int, strayed: Strayed) -> Array:
    """(2, 3) from pixel indices of a stored square to those of a cut of ``size``, now and then
    mirrored."""
    turn = math.radians(rng.normal(0, strayed.turn_degrees))
    ratio = size / side * MARGIN * math.exp(rng.normal(0, strayed.scale))
    c, s = ratio * math.cos(turn), ratio * math.sin(turn)
    linear = np.array([[c, -s], [s, c]])
    middle = (size - 1) / 2 * (1 + 2 * rng.normal(0, strayed.shift, 2))
    matrix = np.column_stack([linear, middle - linear @ ((side - 1) / 2, (side - 1) / 2)])
    if rng.random() < MIRROR_CHANCE:
        matrix[0] = -matrix[0] + (0, 0, size - 1)
    return matrix.astype(np.float32)


def moved(picture: Picture, matrix: Array, size: int, *, flat: bool = False) -> Picture:
    """A picture or a mask laid out anew; what lies beyond its rim is the rim again, or 0."""
    border = cv2.BORDER_CONSTANT if flat else cv2.BORDER_REPLICATE
    cut = cv2.warpAffine(
        np.asarray(picture), matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border
    )
    return np.asarray(cut, np.uint8)


def held_out(person: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) which of these people are kept from training."""
    return np.asarray(person % HELD_OUT == 0)


def layout(shape: SquaresShape) -> Layout:
    """Type and shape of one square's entry in each file."""
    side = shape.side
    return {
        "pictures": (np.uint8, (side, side, 3)),
        "seen": (np.uint8, (side, side)),
        "xy": (np.float32, (len(shape.names), 2)),
    }


def read_shape(root: Path) -> SquaresShape | None:
    """What the folder holds; None where it holds no squares."""
    return read_record(root / RECORD, SquaresShape)


def write_shape(root: Path, shape: SquaresShape) -> None:
    """Whole or not at all."""
    write_record(root / RECORD, shape)
