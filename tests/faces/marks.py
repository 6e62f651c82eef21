"""A keypoint network whose faces are two marks: a red right eye and a green left one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.faces import Finder
from deepmeme.faces.shape import average_face

Frame = NDArray[np.uint8]
NAMES = tuple(average_face())
RED, GREEN = (250, 10, 10), (10, 250, 10)


def marked(
    width: int, height: int, faces: list[tuple[float, float, float, float]], seed: int = 0
) -> Frame:
    """A wall with faces: (x, y) between the eyes, distance of the eyes, lean in degrees."""
    wall = np.random.default_rng(seed).uniform(90, 160, (3, 4, 3)).astype(np.float32)
    picture = cv2.resize(wall, (width, height), interpolation=cv2.INTER_CUBIC)
    for x, y, apart, lean in faces:
        turn = np.deg2rad(lean)
        step = np.array([np.cos(turn), np.sin(turn)]) * apart / 2
        for side, colour in ((-1, RED), (1, GREEN)):
            middle = np.round((np.array([x, y]) + side * step) * 16).astype(int)
            cv2.circle(picture, middle.tolist(), round(apart * 16 * 0.16), colour, -1, shift=4)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


class Marks:
    """Counts how many frames it has looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.finder = Finder(self.detect, 64, NAMES)

    def detect(self, frames: Frame) -> NDArray[np.float32]:
        """The average face on the two marks; points all over the place where there are none."""
        self.looks += len(frames)
        return np.stack([self._one(frame.astype(np.float32)) for frame in frames])

    def _one(self, frame: NDArray[np.float32]) -> NDArray[np.float32]:
        red = frame[..., 0] - frame[..., 1:].max(axis=2) > 120
        green = frame[..., 1] - np.maximum(frame[..., 0], frame[..., 2]) > 120
        eyes = [np.argwhere(mask) for mask in (red, green)]
        if min(map(len, eyes)) < 2:
            scattered = np.random.default_rng(int(frame.sum())).uniform(-1, 1, (len(NAMES), 2))
            return scattered.astype(np.float32)
        right, left = (2 * place.mean(axis=0)[::-1] / (len(frame) - 1) - 1 for place in eyes)
        shape = np.array([average_face()[name][:2] for name in NAMES])
        ends = shape[[NAMES.index("iris_r"), NAMES.index("iris_l")]]
        along, across = (left - right) / (ends[1, 0] - ends[0, 0]), ends.mean(axis=0)
        turn = np.array([[along[0], along[1]], [-along[1], along[0]]])
        return np.asarray((shape - across) @ turn + (right + left) / 2, np.float32)
