"""What of an aligned square is the face: inside its landmarks' outline, and not hidden.

The outline (``hull.py``) says where the face would be; a small network says what is seen of it.
Skin from the forehead to the chin counts, with eyes, mouth, beard and glasses; hair over it, hats,
hands, cups and whatever else is in front do not. Glasses count because a person wears them in every
frame, so that a pair of autoencoders learns to draw them; cut out, their thin frames would be torn.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.crop import at_size
from deepmeme.faces.finder import compiled
from deepmeme.faces.hull import Mask, Points, hull_mask
from deepmeme.media.clip import Frame
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.weights.catalogue import BUNDLED
from deepmeme.weights.folder import read_card

PEOPLE = BUNDLED / "people"
LEAST_SEEN = 0.12
"""Share of the outline below which the network is taken to have failed, and the outline counts."""


class Segmenter(NamedTuple):
    """The network."""

    share: Callable[[Frame], NDArray[np.float32]]
    """(r, r, 3) -> (r, r) in [0, 1]: how much of each pixel is face."""
    resolution: int


def knows_masks(folder: Path = PEOPLE) -> bool:
    """Whether the network is there; without it the outline alone counts."""
    return (folder / "model.json").is_file() and "mask" in read_card(folder)["stages"]


def face_mask(square: Frame, xy: Points, names: Sequence[str], *, folder: Path = PEOPLE) -> Mask:
    """(n, n) 0..255: how much of each pixel is visible face.

    Args:
        square: (n, n, 3), cut out by :func:`deepmeme.faces.align.align_face`.
        xy: (k, 2) landmarks in it, [-1, 1] from edge to edge.
        names: what each of them is.
        folder: where the network is.

    Raises:
        InputError: the picture is no square, or the landmarks show no outline.
        WeightsError: the network's files are damaged.
    """
    if square.ndim != 3 or square.shape[0] != square.shape[1] or square.shape[2] != 3:
        raise InputError(f"A face's mask needs a square of RGB pixels; found {square.shape}.")
    size = square.shape[0]
    hull = hull_mask(xy, names, size)
    network = _if_there(folder)
    if network is None:
        return hull
    share = network.share(at_size(square, network.resolution))
    seen = at_size(share, size).clip(0, 1) * hull
    if seen.sum() < LEAST_SEEN * hull.sum():
        return hull
    return np.asarray(np.rint(seen), np.uint8)


@lru_cache(maxsize=2)
def open_segmenter(folder: Path = PEOPLE) -> Segmenter:
    """The network, ready to run.

    Raises:
        WeightsError: its files are missing or damaged.
    """
    resolution = int(read_card(folder)["mask"]["resolution"])
    network = compiled(folder, "mask")

    def share(square: Frame) -> NDArray[np.float32]:
        return np.asarray(network(as_unit_nchw(square[None], resolution))[0, 0], np.float32)

    return Segmenter(share, resolution)


@lru_cache(maxsize=2)
def _if_there(folder: Path) -> Segmenter | None:
    return open_segmenter(folder) if knows_masks(folder) else None
