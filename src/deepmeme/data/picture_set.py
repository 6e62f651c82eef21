"""Pictures to learn faces from: labelled portraits, a faceset, or any folder of pictures."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.dream_faces import RECORD, open_faces
from deepmeme.errors import InputError
from deepmeme.faces.faceset import INDEX, open_faceset
from deepmeme.media.formats import PICTURE_SUFFIXES
from deepmeme.media.image import read_image
from deepmeme.media.montage import resize

Pictures = NDArray[np.uint8]

FEWEST = 16
"""Fewer pictures teach nothing."""
MOST = 60_000
"""More are left out, spread evenly; at 128 pixels these take 3 GB."""


def open_pictures(folder: Path | str, size: int) -> Pictures:
    """(n, size, size, 3): the middle square of every picture.

    Args:
        folder: what ``data.dream_faces`` rendered, a faceset (its kept faces), or a folder with
            pictures in it or in folders below.
        size: side in pixels.

    Raises:
        InputError: no such folder, too few pictures, or one that cannot be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root} is no folder. Give one with pictures of faces in it.")
    if (root / RECORD).is_file():
        stored = open_faces(root).pictures
        found = _checked([middle_square(stored[row], size) for row in _spread(len(stored))], root)
    elif (root / INDEX).is_file():
        faces = open_faceset(root).kept()
        records = [faces.records[row] for row in _spread(len(faces.records))]
        found = _checked([middle_square(faces.picture(record), size) for record in records], root)
    else:
        files = sorted(
            file for file in root.rglob("*")
            if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
        )  # fmt: skip
        files = [files[row] for row in _spread(len(files))]
        found = _checked([middle_square(read_image(file), size) for file in files], root)
    return found


class Labels(NamedTuple):
    """What is known of a set of pictures."""

    names: tuple[str, ...]
    values: NDArray[np.float32]
    """(n, k)"""


def open_labels(folder: Path | str) -> Labels | None:
    """Labels of the pictures of :func:`open_pictures`, in their order; None where there are none.

    Raises:
        InputError: as there.
    """
    if not (Path(folder) / RECORD).is_file():
        return None
    faces = open_faces(folder)
    return Labels(faces.names, np.array(faces.labels[_spread(len(faces.labels))]))


def _spread(count: int) -> list[int]:
    rows = np.linspace(0, count - 1, min(count, MOST)) if count else np.zeros(0)
    return [int(row) for row in rows]


def middle_square(picture: Pictures, size: int) -> Pictures:
    """(h, w, 3) -> (size, size, 3)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(np.asarray(picture[top : top + side, left : left + side]), size, size)


def _checked(pictures: list[Pictures], root: Path) -> Pictures:
    if len(pictures) < FEWEST:
        raise InputError(
            f"{root} holds {len(pictures)} pictures; learning faces needs {FEWEST} at least, and "
            "some thousands to be any good."
        )
    return np.stack(pictures)
