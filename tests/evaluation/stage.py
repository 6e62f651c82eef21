"""A drawn world with known answers: dots are the face, the stub model moves them exactly."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.evaluation.contenders import Model
from deepmeme.evaluation.judges import Anatomy
from deepmeme.evaluation.scoring import Judges
from deepmeme.runtime.engine import KeypointArrays
from tests.pipelines.drawn import dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.stub_engine import SIDE, StubEngine, StubHandle, dots

Frame = NDArray[np.uint8]


class DotLandmarks:
    """The red, green and blue dot's centres in pixels; None where there is no red."""

    name = "dots"
    anatomy = Anatomy([0], [1], 2, 2, 0, 1)

    def __call__(self, picture: Frame) -> NDArray[np.float32] | None:
        if not (picture[..., 0].astype(int) - picture[..., 1] > 80).any():
            return None
        return (dots(picture) + 1) / 2 * (picture.shape[0] - 1)

    def irises(self, picture: Frame, points: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return None


class MeanColour:
    """A person is the colour at the picture's corner."""

    name = "corner"
    same_below = 0.1

    def __call__(
        self, picture: Frame, points: NDArray[np.float32], anatomy: Anatomy
    ) -> NDArray[np.float32]:
        return picture[0, 0].astype(np.float32) / 255


class FlickeringEngine(StubEngine):
    """Every other frame is brighter."""

    def render_stream(
        self, source: StubHandle, motions: Iterable[KeypointArrays]
    ) -> Iterator[Frame]:
        for number, frame in enumerate(super().render_stream(source, motions)):
            yield np.clip(frame.astype(int) + 12 * (number % 2), 0, 255).astype(np.uint8)


def judges() -> Judges:
    return Judges(DotLandmarks(), MeanColour())


def model(name: str = "stub", engine: Any = None) -> Model:
    return Model(name, engine or StubEngine())


def write_clip(path: Path, *, count: int = 22, reach: float = 0.5) -> Path:
    return write_video(path, dots_clip(count, reach=reach, side=SIDE))


def write_still(path: Path) -> Path:
    return write_picture(path, dots_picture(SIDE, SIDE, x=-0.2, y=0.1))
