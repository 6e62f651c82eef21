"""Videos in which the shipped heads move about at known places, and what tells them apart."""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from deepmeme.media.image import read_image
from deepmeme.pipelines.swap.extract_people import Embedder
from tests.pipelines.drawn import Frame, write_video

ASSETS = Path(str(files("deepmeme").joinpath("demo_assets")))
WIDE, TALL, HEAD = 480, 270, 200


@lru_cache(maxsize=8)
def head(name: str, side: int = HEAD) -> Frame:
    """One of the shipped pictures, which are squares."""
    picture = cv2.resize(read_image(ASSETS / f"{name}.png"), (side, side))
    return np.asarray(picture, np.uint8)


def stage(*heads: tuple[str, int, int], side: int = HEAD) -> Frame:
    """(270, 480, 3): heads whose upper left corners lie at (x, y) on a plain ground."""
    frame = np.full((TALL, WIDE, 3), (70, 90, 80), np.uint8)
    for name, x, y in heads:
        picture = head(name, side)[max(0, -y) : TALL - y, max(0, -x) : WIDE - x]
        rows, columns = picture.shape[:2]
        frame[max(0, y) : max(0, y) + rows, max(0, x) : max(0, x) + columns] = picture
    return frame


def two_heads(index: int, *, second_from: int = 4) -> Frame:
    """The painting moves to the right; from some frame on the statue is there, too."""
    heads = [("painting", 10 + 4 * index, 30 + index % 5)]
    if index >= second_from:
        heads.append(("statue", 270, 40 - 2 * (index % 7)))
    return stage(*heads)


def two_heads_video(path: Path, count: int = 12) -> Path:
    """At 10 frames a second."""
    return write_video(path, [two_heads(index) for index in range(count)])


def by_colour(square: Frame) -> np.ndarray:
    """A painted face is warm, the statue is not."""
    middle = square[square.shape[0] // 3 :, square.shape[1] // 3 :].astype(np.float32)
    warm = float((middle[..., 0] - middle[..., 2]).mean()) > 20
    return np.array([warm, not warm], np.float32)


TELLER = Embedder(by_colour, 0.5)
