"""A face of nobody, drawn with light and shade, that detectors take for a face."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.clip import Clip

Frame = NDArray[np.uint8]
_FACE = (214, 170, 146)
_SIDE = 400


@lru_cache(maxsize=4)
def drawn_face(tone: float = 1.0) -> NDArray[np.float32]:
    """(400, 400, 4) RGB and cover in [0, 1]; the face spans 240 pixels about the middle."""
    rows, columns = np.mgrid[:_SIDE, :_SIDE].astype(np.float32)
    x, y = (columns - 200) / 100, (rows - 200) / 100
    picture = np.ones((_SIDE, _SIDE, 3), np.float32) * np.float32(_FACE) / 255 * tone
    light = 0.82 + 0.22 * np.exp(-((x + 0.2) ** 2 + (y + 0.3) ** 2) / 1.1)
    picture *= light[..., None]

    def shade(depth: float, at: tuple[float, float], wide: float, tall: float) -> None:
        spot = np.exp(-(((x - at[0]) / wide) ** 2 + ((y - at[1]) / tall) ** 2))
        picture[...] *= (1 - depth * spot)[..., None]

    for side in (-1, 1):
        shade(0.35, (0.42 * side, -0.28), 0.3, 0.2)  # socket
        shade(0.8, (0.45 * side, -0.5), 0.3, 0.055)  # brow
        shade(-0.6, (0.43 * side, -0.25), 0.17, 0.07)  # white of the eye
        shade(0.85, (0.42 * side, -0.25), 0.085, 0.085)  # iris
        shade(0.6, (0.43 * side, -0.34), 0.22, 0.035)  # lid
        shade(0.4, (0.13 * side, 0.28), 0.09, 0.06)  # nostril
        shade(0.3, (0.95 * side, 0.2), 0.3, 0.9)  # cheek turns away
    shade(-0.2, (0, 0.05), 0.1, 0.3)  # bridge of the nose
    shade(0.55, (0, 0.66), 0.36, 0.075)  # mouth
    shade(0.25, (0, 0.82), 0.3, 0.06)
    cover = np.clip((1.02 - np.hypot(x / 1.0, (y - 0.08) / 1.3)) * 25, 0, 1)
    hair = np.clip((1.12 - np.hypot(x / 1.1, (y + 0.15) / 1.35)) * 25, 0, 1)
    under = np.clip((-0.78 - y + 0.25 * x * x) * 12, 0, 1)
    picture = picture * (1 - under[..., None]) + np.float32((0.16, 0.1, 0.07)) * under[..., None]
    whole = np.maximum(cover, hair)
    colour = np.where(cover[..., None] >= hair[..., None] * 0.98, picture, (0.16, 0.1, 0.07))
    return np.dstack([np.clip(colour, 0, 1), whole]).astype(np.float32)


def scene(
    width: int,
    height: int,
    faces: Sequence[tuple[float, float, float]] = (),
    *,
    angle_deg: float = 0.0,
    seed: int = 0,
    tone: float = 1.0,
) -> Frame:
    """A smooth, grainy background with faces at (x, y, height of the face) in pixels."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(60, 200, (3, 4, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    face = drawn_face(tone)
    for x, y, size in faces:
        ratio = size / 240
        turn = np.deg2rad(angle_deg)
        a, b = ratio * np.cos(turn), ratio * np.sin(turn)
        map_ = np.array([[a, -b, x - a * 200 + b * 200], [b, a, y - b * 200 - a * 200]])
        pasted = cv2.warpAffine(face, map_, (width, height), flags=cv2.INTER_AREA)
        cover = pasted[..., 3:]
        picture = picture * (1 - cover) + pasted[..., :3] * 255 * cover
    picture = picture + random.normal(0, 2, picture.shape)
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)


def clip_of(count: int, draw: Callable[[int], Frame], fps: int = 25) -> Clip:
    """``draw(i)`` for each frame."""
    frames = [draw(index) for index in range(count)]
    height, width = frames[0].shape[:2]
    return Clip(width, height, Fraction(fps), count, lambda: iter(frames))
