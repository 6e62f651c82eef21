"""Pictures without faces for a face finder to be wrong about: grounds and what stands on them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.scene_styles import as_picture
from deepmeme.data.synthetic_heads.background import paint_background
from deepmeme.errors import InputError

Picture = NDArray[np.uint8]
Random = np.random.Generator

_LARGEST_PX = 768
_LETTERS = "ABCDEFGHKMNOPQRSTUVXYZabcdefghknopqstuvxyz0123456789&%?!@"
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def read_faceless(folder: Path | None) -> tuple[Picture, ...]:
    """Photographs without faces, for grounds; none without a folder.

    Raises:
        InputError: the folder holds no picture.
    """
    if folder is None:
        return ()
    found = []
    for path in sorted(folder.iterdir()):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is not None:
            ratio = min(1.0, _LARGEST_PX / max(picture.shape[:2]))
            small = cv2.resize(picture, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
            found.append(np.ascontiguousarray(np.asarray(small, np.uint8)[..., ::-1]))
    if not found:
        raise InputError(f"{folder} holds no picture; give a folder of pictures without faces.")
    return tuple(found)


def ground(rng: Random, size: int, faceless: Sequence[Picture]) -> Picture:
    """(size, size, 3) of something: a photograph's part, a room, colours, texture or pattern."""
    kind = rng.random()
    if kind < 0.5 and faceless:
        return window(faceless[int(rng.integers(len(faceless)))], rng, size)
    if kind < 0.65:
        # Drawn small, for speed
        linear = paint_background(int(rng.integers(2**31)), 96)
        drawn = as_picture(np.sqrt(np.clip(linear, 0, 1)) * 255)
        return np.asarray(cv2.resize(drawn, (size, size)), np.uint8)
    if kind < 0.85:
        return _clouds(rng, size)
    return _pattern(rng, size)


def window(picture: Picture, rng: Random, size: int) -> Picture:
    """A part of a picture, (size, size, 3): turned, mirrored, larger or smaller."""
    height, width = picture.shape[:2]
    side = min(height, width) * rng.uniform(0.15, 1.0)
    turn = rng.choice([0.0, rng.uniform(-0.6, 0.6)])
    ratio = size / side
    c, s = ratio * np.cos(turn), ratio * np.sin(turn)
    linear = np.array([[c, -s], [s, c]]) @ np.diag([rng.choice([-1.0, 1.0]), 1.0])
    middle = [rng.uniform(side / 2, length - side / 2 + 1e-6) for length in (width, height)]
    matrix = np.column_stack([linear, size / 2 - linear @ middle])
    if ratio < 0.6:
        step = round(1 / ratio)
        picture = cv2.resize(picture, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= step
    cut = cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cut, np.uint8)


def clutter(picture: Picture, rng: Random, most: int = 7) -> Picture:
    """Things that are no faces, drawn over a copy: some round, some with holes, limbs or marks."""
    picture = np.ascontiguousarray(picture).copy()
    size = picture.shape[0]
    for _ in range(int(rng.integers(0, most + 1))):
        extent = size * float(np.exp(rng.uniform(np.log(0.04), np.log(0.5))))
        place = rng.uniform(0, size, 2)
        _THINGS[int(rng.integers(len(_THINGS)))](picture, rng, place, extent)
    return picture


def colour(rng: Random) -> tuple[int, int, int]:
    """Skin, wood and stone more often than chance."""
    if rng.random() < 0.45:
        skin = np.array([224, 178, 150]) * rng.uniform(0.25, 1.1)
        r, g, b = np.clip(skin + rng.normal(0, 14, 3), 0, 255)
    else:
        r, g, b = rng.uniform(0, 255, 3)
    return int(r), int(g), int(b)


def blob(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    """A lump with a soft or wavy outline: a stone, a hand's heel, a loaf."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    waves = [
        rng.normal(0, 0.16 / k) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in (1, 2, 3, 4)
    ]
    reach = 1 + np.sum(waves, axis=0)
    ring = np.stack([np.cos(angles), np.sin(angles) * rng.uniform(0.5, 1.4)], -1)
    _fill(picture, place + ring * reach[:, None] * extent / 2, colour(rng))


def _fill(picture: Picture, outline: NDArray[np.floating], shade: tuple[int, ...]) -> None:
    cv2.fillPoly(picture, [np.round(outline * 8).astype(np.int32)], shade, cv2.LINE_AA, 3)


def _spot(at: NDArray[np.floating]) -> tuple[int, int]:
    return round(float(at[0])), round(float(at[1]))


def _rings(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    """Wheels, clocks, plates, buttons."""
    middle, radius = _spot(place), max(2, int(extent / 2))
    cv2.circle(picture, middle, radius, colour(rng), -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 3))):
        inner = max(1, int(radius * rng.uniform(0.2, 0.95)))
        cv2.circle(picture, middle, inner, colour(rng), int(rng.integers(1, 4)), cv2.LINE_AA)
    dark, count = colour(rng), int(rng.choice([0, 2, 6, 12]))
    for angle in np.arange(count) * 2 * np.pi / max(count, 1) + rng.uniform(0, 6.3):
        ray = np.array([np.cos(angle), np.sin(angle)]) * radius
        ends = (0.0, 0.9) if count < 8 else (0.75, 0.92)
        start, end = (_spot(place + ray * share) for share in ends)
        cv2.line(picture, start, end, dark, max(1, radius // 14), cv2.LINE_AA)


def _words(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    text = "".join(rng.choice(list(_LETTERS), int(rng.integers(1, 9))))
    font, shade = _FONTS[int(rng.integers(len(_FONTS)))], colour(rng)
    thick = max(1, int(extent / 30 * rng.uniform(0.5, 2)))
    for line in range(int(rng.integers(1, 4))):
        at = _spot(place + np.array([-0.5, 0.4 * line]) * extent)
        cv2.putText(picture, text[line:], at, font, extent / 70, shade, thick, cv2.LINE_AA)


def _hand(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    shade, turn = colour(rng), rng.uniform(0, 2 * np.pi)
    cv2.ellipse(
        picture, _spot(place), (max(1, int(extent * 0.22)), max(1, int(extent * 0.26))),
        float(np.rad2deg(turn)), 0, 360, shade, -1, cv2.LINE_AA,
    )  # fmt: skip
    for finger in np.linspace(-0.7, 0.7, int(rng.integers(3, 6))) + rng.normal(0, 0.1):
        ray = np.array([np.cos(turn + finger), np.sin(turn + finger)]) * extent
        start, end = _spot(place + 0.15 * ray), _spot(place + rng.uniform(0.35, 0.6) * ray)
        cv2.line(picture, start, end, shade, max(1, int(extent * 0.1)), cv2.LINE_AA)


def _boxes(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    """Windows, books, shelves, cars from far."""
    wide, tall = extent * rng.uniform(0.4, 1.6), extent * rng.uniform(0.4, 1.6)
    corner = place - np.array([wide, tall]) / 2
    cv2.rectangle(picture, _spot(corner), _spot(corner + np.array([wide, tall])), colour(rng), -1)
    columns, lines = rng.integers(1, 5, 2)
    shade, share = colour(rng), rng.uniform(0.4, 0.9)
    cell = np.array([wide / columns, tall / lines])
    for x in range(columns):
        for y in range(lines):
            start = corner + cell * (np.array([x, y]) + (1 - share) / 2)
            cv2.rectangle(picture, _spot(start), _spot(start + cell * share), shade, -1)


def _animal(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    """Body, legs, head and tail, seen from the side."""
    shade = colour(rng)
    body = np.array([0.5, rng.uniform(0.18, 0.3)]) * extent
    cv2.ellipse(picture, _spot(place), _spot(body), 0, 0, 360, shade, -1, cv2.LINE_AA)
    side, thick = rng.choice([-1.0, 1.0]), max(1, int(extent * 0.08))
    for share in (-0.7, -0.45, 0.45, 0.7):
        hip = place + body * (share, 0.6)
        foot = hip + extent * np.array([rng.normal(0, 0.08), rng.uniform(0.25, 0.5)])
        cv2.line(picture, _spot(hip), _spot(foot), shade, thick, cv2.LINE_AA)
    head = place + extent * np.array([0.6 * side, -rng.uniform(0.1, 0.4)])
    cv2.circle(picture, _spot(head), max(1, int(extent * 0.16)), shade, -1, cv2.LINE_AA)
    tail = place + extent * np.array([-0.8 * side, -rng.uniform(0, 0.3)])
    cv2.line(picture, _spot(place + body * (-side, 0)), _spot(tail), shade, thick, cv2.LINE_AA)


def _dots(picture: Picture, rng: Random, place: NDArray[np.floating], extent: float) -> None:
    """A few dots near each other: buttons, berries, sockets; now and then a pair of them."""
    shade, radius = colour(rng), max(1, int(extent * rng.uniform(0.04, 0.14)))
    for _ in range(int(rng.integers(2, 9))):
        at = _spot(place + rng.uniform(-0.5, 0.5, 2) * extent)
        cv2.circle(picture, at, radius, shade, -1, cv2.LINE_AA)


_THINGS: tuple[Callable[[Picture, Random, NDArray[np.floating], float], None], ...] = (
    blob,
    _rings,
    _words,
    _hand,
    _boxes,
    _animal,
    _dots,
)


def _clouds(rng: Random, size: int) -> Picture:
    """Noise of several sizes about a colour: plaster, leaves, cloth, sky."""
    picture = np.full((size, size, 3), colour(rng), np.float32)
    tall = rng.choice([1.0, rng.uniform(0.2, 5)])
    for cells in (3, 7, 16, 40, 90):
        shape = (cells, max(2, int(cells * tall)), 3 if rng.random() < 0.4 else 1)
        noise = rng.normal(0, rng.uniform(0, 28), shape).astype(np.float32)
        grown = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
        picture += grown.reshape(size, size, -1)
    return as_picture(picture)


def _pattern(rng: Random, size: int) -> Picture:
    """Stripes, checks and waves."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    waves = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        turn, length = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(80)))
        waves += np.sin((np.cos(turn) * x + np.sin(turn) * y) * np.float32(2 * np.pi / length))
    share = 1 / (1 + np.exp(-waves * np.float32(rng.choice([1.5, 12.0]))))
    first, second = (np.array(colour(rng), np.float32) for _ in range(2))
    return as_picture(first + (second - first) * share[..., None])
