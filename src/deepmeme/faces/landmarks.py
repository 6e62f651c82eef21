"""The light landmark network: 68 landmarks, irises, forehead and ears of one face, in a moment."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import crop_face
from deepmeme.faces.face import Face
from deepmeme.faces.finder import FOLDER, Frame, compiled
from deepmeme.faces.refine import Finder
from deepmeme.runtime.engine import as_unit_nchw
from deepmeme.weights.folder import read_card


class Landmarks(NamedTuple):
    """Named points of a face."""

    names: tuple[str, ...]
    """As the portrait model's: ``jaw_0`` .. ``lip_inner_7``, ``iris_r``, ``iris_l`` and others."""
    xy_px: NDArray[np.float64]
    """(k, 2) in picture pixels, (0, 0) being the picture's upper left corner."""


@lru_cache(maxsize=2)
def light_finder(folder: Path = FOLDER) -> Finder:
    """The network as ``refine`` wants a model's keypoints.

    Raises:
        WeightsError: its files are missing or damaged.
    """
    facts = read_card(folder)["landmarks"]
    network, resolution = compiled(folder, "landmarks"), int(facts["resolution"])

    def detect(frames: Frame) -> NDArray[np.float32]:
        unit = as_unit_nchw(frames, resolution)
        return np.concatenate([network(row[None]) for row in unit])

    return Finder(detect, resolution, tuple(facts["names"]), float(facts["framing"]))


def find_landmarks(image: Frame, face: Face, *, folder: Path = FOLDER) -> Landmarks:
    """Where the parts of a found face are.

    Args:
        image: the picture (h, w, 3).
        face: as ``detect_faces`` returns it; its lean is undone first.
        folder: where the network is.

    Raises:
        WeightsError: the network's files are missing or damaged.
    """
    finder = light_finder(folder)
    crop = crop_face(face, framing=finder.framing, upright=True)
    xy = finder.detect(crop.cut(image, finder.resolution)[None])[0].astype(np.float64)
    inside = (xy + 1) * (finder.resolution - 1) / 2
    back = crop.inverse(finder.resolution)
    return Landmarks(finder.names, inside @ back[:, :2].T + back[:, 2] + 0.5)
