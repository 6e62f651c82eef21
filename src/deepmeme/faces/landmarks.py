"""The light landmark network: 68 landmarks, irises, forehead and ears of one face, in a moment."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import crop_face
from deepmeme.faces.face import Face
from deepmeme.faces.finder import FOLDER, Frame, compiled
from deepmeme.faces.refine import face_from_landmarks
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.weights.folder import read_card

_WORTH_A_LOOK = 0.3
"""Misfit up to which landmarks tell where to look again."""


class Landmarks(NamedTuple):
    """Named points of a face."""

    names: tuple[str, ...]
    """As the portrait model's: ``jaw_0`` .. ``lip_inner_7``, ``iris_r``, ``iris_l`` and others."""
    xy_px: NDArray[np.float64]
    """(k, 2) in picture pixels, (0, 0) being the picture's upper left corner."""
    misfit: float
    """RMS distance of the average face laid over them, in distances of the eyes: large where there
    is no face."""
    face: Face
    """Placed by them; the score tells how well the average face fits."""


class Reader(NamedTuple):
    """The network; as fields of ``refine.Finder``."""

    detect: Callable[[Frame], NDArray[np.float32]]
    """(n, r, r, 3) frames -> (n, k, 2) in [-1, 1]."""
    resolution: int
    names: tuple[str, ...]
    framing: float


@lru_cache(maxsize=2)
def open_reader(folder: Path = FOLDER) -> Reader:
    """The network, ready to run.

    Raises:
        WeightsError: its files are missing or damaged.
    """
    facts = read_card(folder)["landmarks"]
    network, resolution = compiled(folder, "landmarks"), int(facts["resolution"])

    def detect(frames: Frame) -> NDArray[np.float32]:
        unit = as_unit_nchw(frames, resolution)
        return np.concatenate([network(row[None]) for row in unit])

    return Reader(detect, resolution, tuple(facts["names"]), float(facts["framing"]))


def find_landmarks(image: Frame, face: Face, *, looks: int = 2, folder: Path = FOLDER) -> Landmarks:
    """Where the parts of a found face are.

    Args:
        image: the picture (h, w, 3).
        face: as ``detect_faces`` returns it; its lean is undone first.
        looks: each one where the last has seen the face. The second one halves the error of a box
            that lies a little beside it.
        folder: where the network is.

    Raises:
        WeightsError: the network's files are missing or damaged.
    """
    reader = open_reader(folder)
    while True:
        crop = crop_face(face, framing=reader.framing, upright=True)
        xy = reader.detect(crop.quick_cut(image, reader.resolution)[None])[0].astype(np.float64)
        misfit, face = face_from_landmarks(xy, reader.names, crop, reader.resolution)
        looks -= 1
        if looks <= 0 or misfit > _WORTH_A_LOOK:
            break
    inside = (xy + 1) * (reader.resolution - 1) / 2
    back = crop.inverse(reader.resolution)
    places = inside @ back[:, :2].T + back[:, 2] + 0.5
    return Landmarks(reader.names, places, misfit, face)
