"""Whose face it is, as a vector: tells the people of one video apart.

A small network of our own, trained on rendered people and on re-rendered portraits. It is far
weaker than the published networks, which learnt from millions of photographs: two people who look
alike may share a vector, and one person in two lights may have two. It says nothing about who
somebody is. Measured figures stand in the card beside its weights.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.crop import at_size
from deepmeme.faces.finder import compiled
from deepmeme.faces.mask import PEOPLE
from deepmeme.media.clip import Frame
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.weights.folder import read_card

Vector = NDArray[np.float32]

SAME_ABOVE = 0.7
"""Cosine of two vectors above which they are called one person's."""


class Namer(NamedTuple):
    """The network."""

    vector: Callable[[Frame], Vector]
    """(r, r, 3) -> (d,) of length 1."""
    resolution: int


def knows_people(folder: Path = PEOPLE) -> bool:
    """Whether the network is there."""
    return (folder / "model.json").is_file() and "identity" in read_card(folder)["stages"]


def identity_vector(square: Frame, *, folder: Path = PEOPLE) -> Vector:
    """(d,) of length 1; the cosine of two of them tells how alike two faces are.

    Args:
        square: (n, n, 3), cut out by :func:`deepmeme.faces.align.align_face`. Only the oval of the
            face in it is looked at.
        folder: where the network is.

    Raises:
        InputError: the picture is no square.
        WeightsError: the network's files are missing or damaged.
    """
    if square.ndim != 3 or square.shape[0] != square.shape[1] or square.shape[2] != 3:
        raise InputError(f"A face's identity needs a square of RGB pixels; found {square.shape}.")
    network = open_namer(folder)
    return network.vector(at_size(square, network.resolution))


def unit_length(vector: NDArray[np.floating]) -> Vector:
    """The same direction at length 1: of one vector, of a sum, of a mean."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


@lru_cache(maxsize=2)
def open_namer(folder: Path = PEOPLE) -> Namer:
    """The network, ready to run.

    Raises:
        WeightsError: its files are missing or damaged.
    """
    resolution = int(read_card(folder)["identity"]["resolution"])
    network = compiled(folder, "identity")

    def vector(square: Frame) -> Vector:
        return np.asarray(network(as_unit_nchw(square[None], resolution))[0], np.float32)

    return Namer(vector, resolution)
