"""Finds faces: with our own network, and with OpenCV's cascades where that is missing."""

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.cascade import cascade_faces
from deepmeme.faces.face import Face
from deepmeme.faces.finder import is_here, sight_faces

Frame = NDArray[np.uint8]


def detect_faces(image: Frame, *, leaning: bool = True) -> tuple[Face, ...]:
    """All faces in an RGB picture (h, w, 3), largest first. The same picture gives the same faces.

    Args:
        image: the picture.
        leaning: where nothing is found, look harder: for small faces and for leaning heads. Takes
            several times as long for a picture without faces.

    Raises:
        InputError: not an RGB picture of uint8.
        WeightsError: the network that comes with the package is damaged.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise InputError(
            f"Faces are found in RGB pictures (h, w, 3) of uint8; found {image.shape} of "
            f"{image.dtype}."
        )
    if not is_here():
        return cascade_faces(image, leaning=leaning)
    return tuple(seen.face for seen in sight_faces(image, finer=leaning))
