"""Who finds landmarks and tells people apart: independent of the models that are judged."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.teacher import EYE_CORNERS, Teacher
from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces.crop import Crop, crop_centre
from deepmeme.faces.refine import LIKELY, face_from_landmarks
from deepmeme.media.montage import resize
from deepmeme.metrics.expression import Pair
from deepmeme.runtime.engine import MotionEngine

Frame = NDArray[np.uint8]
Points = NDArray[np.float32]


class Anatomy(NamedTuple):
    """Rows of landmarks whose mean is a part of the face; right is the picture's left."""

    eye_right: Sequence[int]
    eye_left: Sequence[int]
    nose_tip: int
    nose_base: int
    mouth_right: int
    mouth_left: int
    corners: Sequence[Pair] = ()
    """Of each eye, the picture's left end first."""
    lids: Sequence[Sequence[Pair]] = ()
    """Of each eye, upper and lower."""
    lips: Sequence[Pair] = ()
    """Inner rims, upper and lower."""

    def eyes(self, points: Points) -> Points:
        """(2, 2) centres of the eyes, the picture's left one first."""
        return np.stack([points[list(rows)].mean(0) for rows in (self.eye_right, self.eye_left)])

    def five(self, points: Points) -> Points:
        """(5, 2): both eyes, the nose's tip, both corners of the mouth."""
        rest = points[[self.nose_tip, self.mouth_right, self.mouth_left]]
        return np.concatenate([self.eyes(points), rest])

    def three(self, points: Points) -> Points:
        """(3, 2): both eyes and where the nose meets the lip."""
        return np.concatenate([self.eyes(points), points[[self.nose_base]]])


def anatomy_of(names: Sequence[str]) -> Anatomy:
    """Which of our landmarks are what."""
    row = {name: index for index, name in enumerate(names)}
    eyes = [[row[f"eye_{side}_{i}"] for i in range(6)] for side in ("r", "l")]
    return Anatomy(
        eyes[0], eyes[1], row["nose_3"], row["nose_6"], row["lip_outer_0"], row["lip_outer_6"],
        corners=[(eye[0], eye[3]) for eye in eyes],
        lids=[((eye[1], eye[5]), (eye[2], eye[4])) for eye in eyes],
        lips=[(row[f"lip_inner_{i}"], row[f"lip_inner_{8 - i}"]) for i in (1, 2, 3)],
    )  # fmt: skip


class Landmarker(Protocol):
    """Finds the landmarks of the one face in a picture."""

    name: str
    anatomy: Anatomy

    def __call__(self, picture: Frame) -> Points | None:
        """(k, 2) in pixels, or None where no face is found."""
        ...

    def irises(self, picture: Frame, points: Points) -> Points | None:
        """(2, 2) centres in pixels, the picture's left one first; None if it doesn't know."""
        ...


class MediaPipeLandmarks:
    """MediaPipe's 468 landmarks, found anew in each picture.

    Raises:
        InputError: its model files are nowhere; ``deepmeme.data.teacher`` says where they may be.
    """

    name = "MediaPipe, 468 landmarks"
    anatomy = Anatomy(
        *EYE_CORNERS, 4, 2, 61, 291,
        corners=EYE_CORNERS,
        lids=(((160, 144), (159, 145), (158, 153)), ((385, 380), (386, 374), (387, 373))),
        lips=((82, 87), (13, 14), (312, 317)),
    )  # fmt: skip

    def __init__(self) -> None:
        self._teacher = Teacher()

    def __call__(self, picture: Frame) -> Points | None:
        found = self._teacher.landmarks468(picture)
        return None if found is None else found[:, :2]

    def irises(self, picture: Frame, points: Points) -> Points | None:
        return np.asarray(self._teacher.irises(picture, points)[:, 0])


class OwnLandmarks:
    """The named keypoints of a deepmeme model, where the average face fits them.

    A model judged by its own keypoints looks better than it is: they are what it was made to
    follow.
    """

    def __init__(self, engine: MotionEngine) -> None:
        info = engine.info()
        names = info.keypoint_names or ()
        self.name = f"the keypoints of {info.name}, {len(names)} landmarks"
        self._engine, self._names = engine, names
        self._irises = [names.index("iris_r"), names.index("iris_l")]
        self.anatomy = anatomy_of(names)

    def __call__(self, picture: Frame) -> Points | None:
        side = self._engine.resolution
        xy = self._engine.detect(resize(picture, side, side)[None]).xy[0]
        crop: Crop = crop_centre(picture.shape)
        misfit, _ = face_from_landmarks(xy.astype(np.float64), self._names, crop, side)
        if misfit > LIKELY:
            return None
        return np.asarray((xy + 1) / 2 * (picture.shape[0] - 1), np.float32)

    def irises(self, picture: Frame, points: Points) -> Points | None:
        return points[self._irises]


def choose_landmarker(wanted: str = "auto") -> Landmarker | None:
    """``mediapipe``, ``own`` (the shipped model's), ``none``, or ``auto``: the first that is here.

    Raises:
        InputError: no such word, or MediaPipe was asked for and its files are nowhere.
    """
    if wanted == "none":
        return None
    if wanted in ("mediapipe", "auto"):
        try:
            return MediaPipeLandmarks()
        except InputError:
            if wanted == "mediapipe":
                raise
    elif wanted != "own":
        raise InputError(f"Landmarks are found by mediapipe, own, none or auto; found {wanted!r}.")
    from deepmeme.runtime.load import load_engine

    return OwnLandmarks(load_engine("portrait", engine="openvino", precision="fp32"))


def found_eyes(landmarker: Landmarker, points: Points | None, what: str) -> Points:
    """The eyes of landmarks that must be there.

    Raises:
        NoFaceFound: they aren't.
    """
    if points is None:
        raise NoFaceFound(f"{landmarker.name} finds no face in {what}.")
    return landmarker.anatomy.eyes(points)
