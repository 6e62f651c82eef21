"""The 64 bits of the invisible watermark, and the tile of signs that spells them.

A payload is a version (4 bits), a work id (44) and a checksum (16). Each of its eight bytes picks
one of 256 biorthogonal words of 128 signs (the rows of a Hadamard matrix and their negatives);
272 more signs are the same in every work and tell where a tile begins. All of it is scrambled and
laid out as a square of 36 x 36 signs, which the watermark repeats over the picture.
"""

import hashlib
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError

Signs = NDArray[np.float32]

VERSION = 1
ID_DIGITS = 11
"""Hexadecimal digits of a work id."""
ID_BITS = 4 * ID_DIGITS
SIDE = 36
"""Signs along each side of a tile."""
_BYTES, _WORD = 8, 128
_CANDIDATES = 3  # for each byte
_COMBINATIONS = 64


class Decoded(NamedTuple):
    """The most likely payload of a tile of soft signs."""

    work_id: str
    score: float
    """Standard deviations by which the tile agrees with this payload; N(0, 1) without a mark."""


def tile(work_id: str) -> Signs:
    """The (36, 36) signs of a work.

    Raises:
        InputError: not 11 hexadecimal digits.
    """
    return _spelt(payload(work_id))


def payload(work_id: str) -> bytes:
    """Version, id and checksum: 8 bytes.

    Raises:
        InputError: not 11 hexadecimal digits.
    """
    if len(work_id) != ID_DIGITS or set(work_id) - set("0123456789abcdef"):
        raise InputError(f"{work_id!r} is no work id: expected {ID_DIGITS} hexadecimal digits.")
    head = bytes.fromhex(f"{VERSION:x}{work_id}")
    return head + checksum(head).to_bytes(2, "big")


def decode(soft: NDArray[np.floating]) -> Decoded | None:
    """What a tile (36, 36) of soft signs says, or None if no payload with a right checksum is near.

    For each byte the three likeliest values are looked at, and of their combinations the likeliest
    64, so a few bytes may be read wrongly at first.
    """
    descrambled = np.asarray(soft, np.float64).ravel() * _layout().scramble
    for values in _likeliest(descrambled[_layout().words] @ _hadamard().T):
        head, said = values[:6], int.from_bytes(values[6:], "big")
        if head[0] >> 4 == VERSION and checksum(head) == said:
            return Decoded(head.hex()[1:], agreement(soft, _spelt(values)))
    return None


def agreement(soft: NDArray[np.floating], signs: Signs) -> float:
    """sum(signs * soft) / |soft|.

    For random signs it exceeds z with a probability of at most exp(-z^2 / 2) (Hoeffding 1963).
    """
    length = float(np.sqrt(np.square(soft, dtype=np.float64).sum()))
    return float((signs * soft).sum(dtype=np.float64)) / length if length else 0.0


def pilot() -> Signs:
    """(36, 36): the signs that all tiles have in common, 0 elsewhere."""
    layout = _layout()
    signs = np.zeros(SIDE * SIDE, np.float32)
    signs[layout.pilots] = layout.scramble[layout.pilots]
    return signs.reshape(SIDE, SIDE)


def checksum(head: bytes) -> int:
    """CRC-16 with the polynomial 0x1021, begun at 0xFFFF."""
    rest = 0xFFFF
    for byte in head:
        rest ^= byte << 8
        for _ in range(8):
            rest = ((rest << 1) ^ 0x1021 if rest & 0x8000 else rest << 1) & 0xFFFF
    return rest


class _Layout(NamedTuple):
    scramble: Signs
    words: NDArray[np.intp]  # (8, 128): where each byte's signs lie
    pilots: NDArray[np.intp]


@cache
def _layout() -> _Layout:
    count = SIDE * SIDE
    order = np.argsort(np.frombuffer(_stream(b"order", 8 * count), "<u8"), kind="stable")
    bits = np.unpackbits(np.frombuffer(_stream(b"scramble", count // 8), np.uint8))
    words = order[: _BYTES * _WORD].reshape(_BYTES, _WORD)
    return _Layout(2 * bits.astype(np.float32) - 1, words, order[_BYTES * _WORD :])


def _stream(what: bytes, length: int) -> bytes:
    """The same bytes on every machine and with every version of NumPy."""
    return hashlib.shake_256(b"deepmeme watermark 1 " + what).digest(length)


@cache
def _hadamard() -> Signs:
    """(128, 128), Sylvester's."""
    rows = np.ones((1, 1), np.float32)
    while len(rows) < _WORD:
        rows = np.block([[rows, rows], [rows, -rows]])
    return rows


def _spelt(values: bytes) -> Signs:
    layout = _layout()
    signs = np.ones(SIDE * SIDE, np.float32)
    for place, value in zip(layout.words, values, strict=True):
        signs[place] = _hadamard()[value % _WORD] * (1 if value < _WORD else -1)
    return (signs * layout.scramble).reshape(SIDE, SIDE)


def _likeliest(likeness: NDArray[np.floating]) -> list[bytes]:
    """Payloads by falling likelihood, from each byte's likeness (8, 128) to the rows."""
    both = np.concatenate([likeness, -likeness], axis=1)
    best = np.argsort(-both, axis=1)[:, :_CANDIDATES]
    lost = both.max(1, keepdims=True) - np.take_along_axis(both, best, axis=1)
    ranks = np.array(list(product(range(_CANDIDATES), repeat=_BYTES)))
    loss = lost[np.arange(_BYTES), ranks].sum(1)
    chosen = ranks[np.argsort(loss, kind="stable")[:_COMBINATIONS]]
    return [bytes(best[np.arange(_BYTES), rank].tolist()) for rank in chosen]
