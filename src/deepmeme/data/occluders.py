"""Things held before a face: hands, cups, microphones, strips, strands of hair.

None is drawn well. They have the shapes, colours and rims by which a network learns that what is
in front of a face is not the face, whatever its colour.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.scene_styles import as_picture
from deepmeme.data.synthetic_heads.layers import noise
from deepmeme.data.synthetic_heads.person import SKIN_TONES

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]
Random = np.random.Generator

_FINE = 2
"""Things are drawn so many times finer than the picture."""
_SHADOW_CHANCE = 0.6
_SHIFT = 4
_SUBPIXEL = 1 << _SHIFT


class Thing(NamedTuple):
    """What lies over a picture."""

    colour: Array
    """(h, w, 3) 0..255"""
    cover: Array
    """(h, w) 0..1"""


def occluded(picture: Picture, seen: Picture, rng: Random) -> tuple[Picture, Picture]:
    """The picture (n, n, 3) with something before the face, and what is left of its mask (n, n)."""
    thing = _THINGS[int(rng.integers(len(_THINGS)))](picture, seen, rng)
    soft = cv2.GaussianBlur(thing.cover, (0, 0), rng.uniform(0.3, 0.9))
    below = picture.astype(np.float32)
    if rng.random() < _SHADOW_CHANCE:
        below = below * _shadow(thing.cover, rng)
    mixed = below + soft[..., None] * (thing.colour - below)
    return as_picture(mixed), as_picture(seen * (1 - soft))


def _shadow(cover: Array, rng: Random) -> Array:
    size = cover.shape[0]
    away = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    away[:, 2] = rng.normal(0, 0.05, 2) * size
    cast = cv2.warpAffine(cover, away, (size, size))
    dark = cv2.GaussianBlur(cast, (0, 0), size * rng.uniform(0.01, 0.05))
    return np.asarray(1 - rng.uniform(0.1, 0.6) * dark[..., None], np.float32)


def _hand(picture: Picture, seen: Picture, rng: Random) -> Thing:
    """A palm with fingers; half of the hands have the face's own colour."""
    size = picture.shape[0]
    fine = _FINE * size
    cover, dark = np.zeros((fine, fine), np.uint8), np.ones((fine, fine), np.float32)
    middle = _towards_face(rng) * fine
    away = middle - 0.5 * fine
    turn = float(np.arctan2(away[1], away[0])) + np.pi + rng.normal(0, 0.6)
    across = fine * rng.uniform(0.12, 0.2)
    palm = tuple(int(v) for v in (across, across * rng.uniform(0.9, 1.2)))
    centre = (int(middle[0]), int(middle[1]))
    cv2.ellipse(cover, centre, palm, np.degrees(turn), 0, 360, 255, -1)
    wrist = middle - 3 * across * np.array([np.cos(turn), np.sin(turn)])
    _capsule(cover, middle, wrist, 1.3 * across, 255)
    spread, bend = rng.uniform(0.12, 0.4), rng.normal(0, 0.5)
    for finger in np.linspace(-1.5, 1.5, 4):
        angle = turn + spread * finger
        start = middle + across * 0.8 * np.array([np.cos(angle), np.sin(angle)])
        middle_joint = start + across * rng.uniform(0.5, 0.9) * _direction(angle)
        tip = middle_joint + across * rng.uniform(0.4, 0.9) * _direction(angle + bend)
        wide = across * rng.uniform(0.32, 0.42)
        for a, b in ((start, middle_joint), (middle_joint, tip)):
            _capsule(dark, a, b, wide + 2.5, 0.68)
        for a, b in ((start, middle_joint), (middle_joint, tip)):
            _capsule(cover, a, b, wide, 255)
            _capsule(dark, a, b, wide, 1.0)
    if rng.random() < 0.6:  # a thumb
        angle = turn + rng.choice([-1.0, 1.0]) * rng.uniform(0.8, 1.4)
        _capsule(cover, middle, middle + across * 1.7 * _direction(angle), across * 0.45, 255)
    skin = _skin(picture, seen, rng) * np.float32(rng.uniform(0.75, 1.2))
    dark = cv2.GaussianBlur(dark, (0, 0), _FINE * 0.8)
    light = 1 + 0.12 * noise(rng, size, size, size / 5) + 0.04 * noise(rng, size, size, 3)
    shade = _small(dark, size) * light * _slope(size, rng, 0.25)
    return Thing(skin * shade[..., None], _share(cover, size))


def _cup(picture: Picture, seen: Picture, rng: Random) -> Thing:
    """A box that narrows, round at its ends, with a band round it."""
    size = picture.shape[0]
    fine = _FINE * size
    middle = _towards_face(rng) * fine
    wide, high = fine * rng.uniform(0.15, 0.35), fine * rng.uniform(0.2, 0.45)
    narrow = wide * rng.uniform(0.65, 1.0)
    corners = np.array([[-wide, 0], [wide, 0], [narrow, high * 2], [-narrow, high * 2]])
    turn = rng.normal(0, 0.4)
    places = corners @ _turning(turn).T + middle
    cover = np.zeros((fine, fine), np.uint8)
    cv2.fillPoly(cover, [np.rint(places * _SUBPIXEL).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    for (left, right), round_ in (((0, 1), 0.25), ((3, 2), 0.2)):
        centre = (places[left] + places[right]) / 2
        axes = (int(np.linalg.norm(places[right] - places[left]) / 2), int(wide * round_))
        where = (int(centre[0]), int(centre[1]))
        cv2.ellipse(cover, where, axes, np.degrees(turn), 0, 360, 255, -1, cv2.LINE_AA)
    colour = np.full((size, size, 3), rng.uniform(10, 250, 3), np.float32)
    if rng.random() < 0.5:
        row = int(rng.integers(0, size))
        colour[row : row + size // 6] = rng.uniform(0, 255, 3)
    return Thing(colour * _slope(size, rng, 0.5)[..., None], _share(cover, size))


def _microphone(picture: Picture, seen: Picture, rng: Random) -> Thing:
    """A ball of wire on a stick that comes from below."""
    size = picture.shape[0]
    fine = _FINE * size
    ball = np.array([rng.normal(0.5, 0.15), rng.normal(0.78, 0.1)]) * fine
    foot = np.array([rng.normal(0.5, 0.25), 1.3]) * fine
    radius = fine * rng.uniform(0.06, 0.16)
    cover = np.zeros((fine, fine), np.uint8)
    _capsule(cover, ball, foot, radius * rng.uniform(0.8, 1.4), 255)
    stick = _share(cover, size)
    head = np.zeros((fine, fine), np.uint8)
    _capsule(head, ball, ball, 2 * radius, 255)
    round_ = _share(head, size)
    grey = rng.uniform(10, 200)
    wire = 1 + rng.uniform(0, 0.4) * rng.standard_normal((size, size)).astype(np.float32)
    metal = grey * wire[..., None] * np.array([1.0, 1.0, rng.uniform(0.9, 1.05)])
    shaft = rng.uniform(5, 120) * _slope(size, rng, 0.4)[..., None] * np.ones(3)
    colour = np.where(round_[..., None] > 0.5, metal, shaft).astype(np.float32)
    return Thing(colour, np.maximum(stick, round_))


def _strip(picture: Picture, seen: Picture, rng: Random) -> Thing:
    """A bar of any angle: a banner, an arm, a railing; plain, striped or speckled."""
    size = picture.shape[0]
    fine = _FINE * size
    cover = np.zeros((fine, fine), np.uint8)
    middle, angle = _towards_face(rng) * fine, rng.uniform(0, np.pi)
    reach = 2 * fine * _direction(angle)
    _capsule(cover, middle - reach, middle + reach, fine * rng.uniform(0.04, 0.3), 255)
    sleeve = rng.random() < 0.3
    base = _skin(picture, seen, rng) if sleeve else rng.uniform(0, 255, 3)
    texture = 1 + rng.uniform(0, 0.5) * noise(rng, size, size, rng.uniform(2, 20))
    colour = base * texture[..., None] * _slope(size, rng, 0.3)[..., None]
    return Thing(np.asarray(colour, np.float32), _share(cover, size))


def _fringe(picture: Picture, seen: Picture, rng: Random) -> Thing:
    """Strands from the hair above, to the brows, over the eyes or down one side."""
    size = picture.shape[0]
    fine = _FINE * size
    cover, tone = np.zeros((fine, fine), np.uint8), np.ones((fine, fine), np.float32)
    left, right = np.sort(rng.uniform(0.05, 0.95, 2))
    low, lean, bow = rng.uniform(0.2, 0.75), rng.normal(0, 0.25), rng.normal(0, 0.15)
    dense = rng.uniform(0.4, 1.0)
    for start in np.arange(left, max(right, left + 0.1), 0.012):
        if rng.random() > dense:
            continue
        length = low * rng.uniform(0.75, 1.1) + 0.1
        t = np.linspace(0, 1, 12)[:, None]
        x = start + lean * t * length + bow * t * (1 - t) + 0.01 * rng.standard_normal()
        line = np.concatenate([x, -0.1 + length * t], 1) * fine
        points = [np.rint(line * _SUBPIXEL).astype(np.int32)]
        thick = int(rng.integers(1, 5))
        cv2.polylines(cover, points, False, 255, thick, cv2.LINE_AA, _SHIFT)
        shade = float(rng.uniform(0.6, 1.35))
        cv2.polylines(tone, points, False, shade, thick, cv2.LINE_AA, _SHIFT)
    top = picture[: size // 6].reshape(-1, 3).astype(np.float32)
    own = rng.random() < 0.6
    base = np.median(top, axis=0) if own else rng.uniform(0, 1) ** 2 * rng.uniform(120, 230, 3)
    return Thing(_small(tone, size)[..., None] * base.astype(np.float32), _share(cover, size))


_THINGS: tuple[Callable[[Picture, Picture, Random], Thing], ...] = (
    _hand,
    _hand,
    _cup,
    _microphone,
    _strip,
    _fringe,
    _fringe,
)


def _skin(picture: Picture, seen: Picture, rng: Random) -> Array:
    """(3,) the face's own colour, or anybody's."""
    face = picture[seen > 200]
    if len(face) and rng.random() < 0.6:
        return np.asarray(np.median(face, axis=0) * rng.normal(1, 0.06, 3), np.float32)
    tone = np.array(SKIN_TONES[int(rng.integers(len(SKIN_TONES)))], np.float32)
    return np.asarray(tone * rng.normal(1, 0.08, 3), np.float32)


def _towards_face(rng: Random) -> NDArray[np.float64]:
    """A place in the square, more often at the face's rim than in its middle."""
    angle = rng.uniform(0, 2 * np.pi)
    away = rng.uniform(0.1, 0.42)
    return np.array([0.5 + away * np.cos(angle), 0.55 + away * np.sin(angle)])


def _direction(angle: float) -> NDArray[np.float64]:
    return np.array([np.cos(angle), np.sin(angle)])


def _turning(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def _capsule(
    canvas: NDArray[np.generic],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    wide: float,
    value: float,
) -> None:
    a, b = ([int(v) for v in np.clip(np.rint(p), -4000, 4000)] for p in (start, end))
    cv2.line(canvas, a, b, value, max(1, round(wide)))
    for place in (a, b):
        cv2.circle(canvas, place, max(1, round(wide / 2)), value, -1)


def _slope(size: int, rng: Random, strength: float) -> Array:
    """(n, n) light that falls off across the thing."""
    corners = 1 + rng.uniform(-strength, strength, (2, 2))
    return np.asarray(cv2.resize(corners.astype(np.float32), (size, size)), np.float32)


def _share(fine: Picture, size: int) -> Array:
    return np.asarray(_small(fine, size) / 255, np.float32)


def _small(fine: NDArray[np.generic], size: int) -> Array:
    shrunk = cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk, np.float32)
