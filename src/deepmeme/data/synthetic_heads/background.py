"""What is behind a head: it stands still within a group."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.synthetic_heads.layers import noise

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]


def paint_background(seed: int, size: int) -> Array:
    """(size, size, 3) linear RGB: plain, gradient, out of focus, a room, or a texture."""
    rng = np.random.default_rng((seed, 53))
    kind = rng.choice(
        ["plain", "gradient", "blobs", "room", "texture"], p=[0.16, 0.22, 0.26, 0.2, 0.16]
    )
    picture = {
        "plain": _plain,
        "gradient": _gradient,
        "blobs": _blobs,
        "room": _room,
        "texture": _texture,
    }[kind](rng, size)
    grain = rng.uniform(0, 0.02) * rng.standard_normal((size, size, 1))
    return np.asarray(picture * (1 + grain), np.float32).clip(0.0, 1.0)


def _colour(rng: np.random.Generator) -> Array:
    grey, share = rng.uniform(0.05, 1.0), rng.choice([0.05, 0.25, 0.6])
    return np.asarray(np.square(grey * (1 - share) + rng.uniform(0, 1, 3) * share), np.float32)


def _plain(rng: np.random.Generator, size: int) -> Array:
    return np.full((size, size, 3), _colour(rng), np.float32)


def _gradient(rng: np.random.Generator, size: int) -> Array:
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size))
    angle = rng.uniform(0, 2 * np.pi)
    ramp = 0.5 + 0.5 * (np.cos(angle) * x + np.sin(angle) * y)
    if rng.uniform() < 0.5:
        ramp = np.exp(
            -(np.square(x - rng.uniform(-0.5, 0.5)) + np.square(y + 0.2)) / rng.uniform(0.4, 1.6)
        )
    ramp = ramp[..., None]
    return np.asarray(_colour(rng) * ramp + _colour(rng) * (1 - ramp), np.float32)


def _blobs(rng: np.random.Generator, size: int) -> Array:
    canvas = _gradient(rng, size)
    for _ in range(int(rng.integers(6, 30))):
        centre = rng.integers(-size // 8, size + size // 8, 2)
        radius = int(size * rng.uniform(0.02, 0.2))
        layer = np.zeros((size, size), np.float32)
        cv2.circle(layer, (int(centre[0]), int(centre[1])), radius, 1.0, -1)
        layer = cv2.GaussianBlur(layer, (0, 0), size * rng.uniform(0.005, 0.05))[..., None]
        share = layer * rng.uniform(0.2, 0.9)
        canvas = canvas * (1 - share) + _colour(rng) * share
    return np.asarray(canvas, np.float32)


def _room(rng: np.random.Generator, size: int) -> Array:
    canvas = _gradient(rng, size)
    for _ in range(int(rng.integers(4, 16))):
        x, y = rng.integers(-size // 4, size, 2)
        width, height = (size * rng.uniform(0.04, 0.6, 2)).astype(int)
        if rng.uniform() < 0.3:
            width, height = width // 6 + 2, size
        tone = _colour(rng)
        cv2.rectangle(
            canvas, (int(x), int(y)), (int(x + width), int(y + height)), tone.tolist(), -1
        )
    blur = size * rng.choice([0.004, 0.015, 0.035])
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), blur), np.float32)


def _texture(rng: np.random.Generator, size: int) -> Array:
    scale = size / 256
    total = np.zeros((size, size), np.float32)
    for cell in (60, 25, 10, 4):
        stretch = rng.choice([1.0, 1.0, 3.0])
        layer = noise(rng, size, round(size * stretch), cell * scale)
        total += cv2.resize(layer, (size, size)) * (cell / 60) ** rng.uniform(0.2, 0.8)
    share = (0.5 + 0.35 * total).clip(0, 1)[..., None]
    return np.asarray(_colour(rng) * share + _colour(rng) * (1 - share), np.float32)
