"""A bank of labelled head frames on disk: flat arrays that training maps into memory.

A bank is a folder. Frames of one group (one person, background and light) lie side by side;
``flow[i, j]`` takes frame j of the group of i (the source) to frame i (the driving frame).
A bank that is still being written can be read: ``groups`` counts what is whole.

    bank.json          groups, frames_per_group, size, keypoint_names, origin
    frames.npy         (n, size, size, 3) uint8
    keypoints.npy      (n, k, 2) float32, [-1, 1]
    visible.npy        (n, k) bool
    group.npy          (n,) int32
    mask.npy           (n, 64, 64) uint8, coverage by the person
    flow.npy           (n, frames_per_group, 64, 64, 2) float16, sampling grid in [-1, 1]
    flow_visible.npy   (n, frames_per_group, 64, 8) uint8, bits along x (numpy.packbits)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.arrays import (
    Layout,
    arrays_to_fill,
    arrays_to_read,
    read_record,
    write_record,
)
from deepmeme.data.head_frame import FLOW_SIZE, HeadFrame, flow_between
from deepmeme.errors import InputError

_RECORD = "bank.json"


@dataclass(frozen=True)
class BankShape:
    """What a bank holds; written as bank.json."""

    groups: int  # whole groups so far
    capacity: int  # groups the files have room for
    frames_per_group: int
    size: int
    keypoint_names: tuple[str, ...]
    origin: str  # how it was made, so that a resume continues the same bank

    @property
    def num_frames(self) -> int:
        """Frames that are whole."""
        return self.groups * self.frames_per_group


@dataclass(frozen=True)
class Bank:
    """A bank opened for reading. Arrays are memory maps cut to the whole groups."""

    shape: BankShape
    frames: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    visible: NDArray[np.bool_]
    group: NDArray[np.int32]
    mask: NDArray[np.uint8]
    flow: NDArray[np.float16]
    flow_visible: NDArray[np.uint8]

    def pair(self, group: int, driving: int, source: int) -> tuple[int, int]:
        """Indices of two frames of a group among all frames."""
        start = group * self.shape.frames_per_group
        return start + driving, start + source

    def flow_of(
        self, driving: NDArray[np.intp], source: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Grids (b, 64, 64, 2) and visibility (b, 64, 64) for frame indices of equal groups."""
        slot = np.asarray(source) % self.shape.frames_per_group
        grid = np.asarray(self.flow[driving, slot], np.float32)
        bits = np.unpackbits(self.flow_visible[driving, slot], axis=-1)
        return grid, bits.astype(bool)


def open_bank(folder: Path | str) -> Bank:
    """Map a bank into memory.

    Raises:
        InputError: the folder is not a bank.
    """
    root = Path(folder)
    shape = read_record(root / _RECORD, BankShape)
    if shape is None:
        raise InputError(f"{root} is not a bank of head frames: it has no bank.json")
    return Bank(shape, **arrays_to_read(root, _layout(shape), shape.num_frames))


def normal_shares(shares: Sequence[float] | None, usual: Sequence[float]) -> tuple[float, ...]:
    """How often each bank is drawn from, as parts of 1: as ``shares`` says, else ``usual``."""
    parts = np.array(shares if shares else usual, float)
    return tuple(float(part) for part in parts / parts.sum())


class BankWriter:
    """Writes groups one after the other and can go on where an earlier run stopped.

    ``groups`` says how many are already there; start with that one.
    """

    def __init__(
        self,
        out: Path | str,
        capacity: int,
        *,
        keypoint_names: Sequence[str],
        frames_per_group: int = 6,
        size: int = 256,
        origin: str = "",
    ) -> None:
        """Open or create the bank in ``out``.

        Raises:
            InputError: another bank is there already.
        """
        self._root = Path(out)
        self._root.mkdir(parents=True, exist_ok=True)
        fresh = BankShape(0, capacity, frames_per_group, size, tuple(keypoint_names), origin)
        found = read_record(self._root / _RECORD, BankShape)
        self.shape = found or fresh
        if found and replace(found, groups=0) != fresh:
            raise InputError(
                f"{self._root} holds another bank ({found.origin!r}, {found.capacity} groups of "
                f"{found.frames_per_group}); choose another folder or delete it"
            )
        room = capacity * frames_per_group
        self._arrays = arrays_to_fill(self._root, _layout(self.shape), room, fresh=found is None)
        self._write_shape()

    @property
    def groups(self) -> int:
        """Whole groups in the bank."""
        return self.shape.groups

    def add_group(self, frames: Sequence[HeadFrame]) -> None:
        """Append the frames of one person before one background.

        Raises:
            InputError: the number or size of frames does not fit, or the bank is full.
        """
        shape = self.shape
        if len(frames) != shape.frames_per_group or frames[0].image.shape[0] != shape.size:
            raise InputError(
                f"This bank takes groups of {shape.frames_per_group} frames of {shape.size} px, "
                f"got {len(frames)} of {frames[0].image.shape[0]} px"
            )
        if shape.groups == shape.capacity:
            raise InputError(f"The bank in {self._root} is full ({shape.capacity} groups)")
        for offset, frame in enumerate(frames):
            self._put(shape.num_frames + offset, frame, frames)
        self.shape = replace(shape, groups=shape.groups + 1)
        self._write_shape()

    def _put(self, index: int, frame: HeadFrame, group: Sequence[HeadFrame]) -> None:
        arrays = self._arrays
        arrays["frames"][index] = frame.image
        arrays["keypoints"][index] = frame.keypoints_px * (2 / (self.shape.size - 1)) - 1
        arrays["visible"][index] = frame.visible
        arrays["group"][index] = self.shape.groups
        arrays["mask"][index] = cv2.resize(
            frame.mask, (FLOW_SIZE, FLOW_SIZE), interpolation=cv2.INTER_AREA
        )
        for slot, source in enumerate(group):
            flow = flow_between(frame, source)
            arrays["flow"][index, slot] = flow.grid.clip(-3, 3)
            arrays["flow_visible"][index, slot] = np.packbits(flow.visible, axis=-1)

    def _write_shape(self) -> None:
        write_record(self._root / _RECORD, self.shape)


def _layout(shape: BankShape) -> Layout:
    keypoints, side, slots = len(shape.keypoint_names), FLOW_SIZE, shape.frames_per_group
    return {
        "frames": (np.uint8, (shape.size, shape.size, 3)),
        "keypoints": (np.float32, (keypoints, 2)),
        "visible": (np.bool_, (keypoints,)),
        "group": (np.int32, ()),
        "mask": (np.uint8, (side, side)),
        "flow": (np.float16, (slots, side, side, 2)),
        "flow_visible": (np.uint8, (slots, side, side // 8)),
    }
