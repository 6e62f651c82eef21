"""What happens to a whole picture: light, the hand of an artist, a bad lens, a small file.

Quick changes of uint8 pictures (h, w, 3), thousands a minute, where ``data.augment`` changes
tensors.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]
Random = np.random.Generator


def recoloured(picture: Picture, rng: Random, strength: float = 1.0) -> Picture:
    """Gamma, gain and contrast of each channel; sometimes paler, grey or with turned colours."""
    level = np.linspace(0, 1, 256, dtype=np.float32)
    shared, own = rng.normal(0, 0.28 * strength), rng.normal(0, 0.07 * strength, 3)
    gains = np.exp(rng.normal(0, 0.12 * strength, 3) + rng.normal(0, 0.12 * strength))
    steep = np.exp(rng.normal(0, 0.2 * strength))
    curves = [
        ((level ** np.exp(shared + one) - 0.5) * steep + 0.5) * gain
        for one, gain in zip(own, gains, strict=True)
    ]
    table = as_picture(np.stack(curves, -1) * 255)
    changed = np.asarray(cv2.LUT(picture, table[None]), np.uint8)
    kind = rng.random()
    if kind < 0.15:
        return _grey(changed, rng)
    if kind < 0.3:
        return _blend(changed, cv2.cvtColor(changed, cv2.COLOR_RGB2GRAY), rng.uniform(0.2, 0.8))
    if kind < 0.36:
        return np.ascontiguousarray(changed[..., rng.permutation(3)])
    return changed


def lit(picture: Picture, rng: Random) -> Picture:
    """Light from one side."""
    height, width = picture.shape[:2]
    corners = np.exp(rng.normal(0, 0.35, (2, 2))).astype(np.float32)
    light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    return as_picture(picture * light[..., None])


def painted(picture: Picture, rng: Random) -> Picture:
    """As an artist of one kind or another would have it."""
    return _HANDS[int(rng.integers(len(_HANDS)))](picture, rng)


def degraded(picture: Picture, rng: Random) -> Picture:
    """Blur, a smaller size in between, noise and JPEG, each now and then."""
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        ratio = rng.uniform(0.35, 0.9)
        small = (max(8, int(width * ratio)), max(8, int(height * ratio)))
        how = (cv2.INTER_AREA, cv2.INTER_LINEAR)[int(rng.integers(2))]
        less = cv2.resize(picture, small, interpolation=how)
        picture = np.asarray(cv2.resize(less, (width, height)), np.uint8)
    if rng.random() < 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.4)), np.uint8)
    if rng.random() < 0.1:
        picture = _streaked(picture, rng)
    if rng.random() < 0.35:
        grain = rng.standard_normal((height, width, 1 if rng.random() < 0.5 else 3), np.float32)
        picture = as_picture(picture + np.float32(rng.uniform(1, 14)) * grain)
    if rng.random() < 0.5:
        quality = int(rng.integers(25, 95))
        _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    return picture


def as_picture(values: NDArray[np.floating]) -> Picture:
    """Rounded and cut to 0..255."""
    return np.asarray(np.clip(values + np.float32(0.5), 0, 255), np.uint8)


def _grey(picture: Picture, rng: Random) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if rng.random() < 0.5:
        return np.repeat(grey[..., None], 3, -1)
    tint = np.array([1.0, rng.uniform(0.85, 0.98), rng.uniform(0.65, 0.95)], np.float32)
    return as_picture(grey[..., None] * tint)


def _blend(picture: Picture, grey: NDArray[np.generic], share: float) -> Picture:
    full = cv2.cvtColor(np.asarray(grey, np.uint8), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(picture, 1 - share, full, share, 0), np.uint8)


def _streaked(picture: Picture, rng: Random) -> Picture:
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    turn, half = rng.uniform(0, np.pi), (length - 1) / 2
    step = np.array([np.cos(turn), np.sin(turn)]) * half
    start, end = (np.round(half + sign * step).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def _edges(picture: Picture) -> Array:
    """(h, w, 1) how much darker a pixel is than its surroundings, 0..255."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(np.maximum(cv2.blur(grey, (5, 5)) - grey, 0)[..., None], np.float32)


def _brush(picture: Picture, rng: Random) -> Picture:
    for _ in range(int(rng.integers(1, 3))):
        picture = np.asarray(cv2.medianBlur(picture, 3 if rng.random() < 0.6 else 5), np.uint8)
    height, width = picture.shape[:2]
    strokes = cv2.GaussianBlur(
        rng.standard_normal((height, width), np.float32), (0, 0), 0.5, sigmaY=2.0
    )
    return as_picture(picture * (1 + np.float32(rng.uniform(0, 0.15)) * strokes[..., None]))


def _cartoon(picture: Picture, rng: Random) -> Picture:
    flat = cv2.bilateralFilter(picture, 5, 60, 3)
    levels = rng.uniform(4, 9) / 255
    stepped = np.round(flat * np.float32(levels)) / np.float32(levels)
    return as_picture(stepped - np.float32(rng.uniform(1, 4)) * _edges(picture))


def _engraved(picture: Picture, rng: Random) -> Picture:
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    turn, wave = rng.uniform(0, np.pi), rng.uniform(2.2, 5)
    lines = np.sin((np.cos(turn) * x + np.sin(turn) * y) * 2 * np.pi / wave)[..., None]
    paper = np.array([1, rng.uniform(0.9, 1), rng.uniform(0.75, 1)], np.float32)
    drawn = grey * rng.uniform(0.6, 1) + 60 - 2.5 * _edges(picture)
    return as_picture((drawn + lines * (255 - grey) * rng.uniform(0, 0.35)) * paper)


def _stone(picture: Picture, rng: Random) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low = cv2.GaussianBlur(grey, (0, 0), picture.shape[0] / 12)
    warm = rng.uniform(0, 1)
    colour = np.array([1.0, 0.95 - 0.2 * warm, 0.88 - 0.45 * warm], np.float32)
    shade = rng.uniform(90, 190) + rng.uniform(0.7, 1.4) * (grey - low) + 0.3 * (low - 128)
    return as_picture(shade[..., None] * colour)


def _pencil(picture: Picture, rng: Random) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    low = cv2.GaussianBlur(grey, (0, 0), rng.uniform(2, 6)).astype(np.float32)
    drawn = np.clip(grey / np.maximum(low, 1), 0, 1) ** rng.uniform(1.5, 4) * 245
    return np.repeat(as_picture(drawn)[..., None], 3, -1)


def _posterised(picture: Picture, rng: Random) -> Picture:
    levels = np.float32(rng.uniform(4, 12) / 255)
    return as_picture(np.round(picture * levels) / levels)


_HANDS: tuple[Callable[[Picture, Random], Picture], ...] = (
    _brush,
    _brush,
    _cartoon,
    _engraved,
    _stone,
    _pencil,
    _posterised,
)
