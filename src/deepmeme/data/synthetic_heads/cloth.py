"""What a person wears: a texture seen from the front, and where it covers the neck."""

import cv2
import numpy as np

from deepmeme.data.synthetic_heads.layers import Array, Real, noise, over
from deepmeme.data.synthetic_heads.person import Person
from deepmeme.data.synthetic_heads.tables import (
    CLOTH_LEFT_CM,
    CLOTH_PX_PER_CM,
    CLOTH_SIZE,
    CLOTH_TOP_CM,
    smoothstep,
)
from deepmeme.data.synthetic_heads.texture_maps import TextureMaps


def cloth_place(points: Real) -> Array:
    """(..., 2) pixels of the clothes' texture for places (..., 3) in cm."""
    x = (points[..., 0] - CLOTH_LEFT_CM) * CLOTH_PX_PER_CM
    y = (CLOTH_TOP_CM - points[..., 1]) * CLOTH_PX_PER_CM
    return np.stack([x, y], -1).astype(np.float32)


def paint_cloth(person: Person) -> Array:
    """(h, w, 3): what the body wears, seen from the front."""
    if person.look in ("marble", "bronze"):
        return np.full((*CLOTH_SIZE, 3), person.cloth, np.float32)
    rows, columns = np.mgrid[0 : CLOTH_SIZE[0], 0 : CLOTH_SIZE[1]].astype(np.float32)
    x = columns / CLOTH_PX_PER_CM + CLOTH_LEFT_CM
    y = CLOTH_TOP_CM - rows / CLOTH_PX_PER_CM
    rng = np.random.default_rng((person.seed, 29))
    cloth: Array = np.broadcast_to(person.cloth, (*CLOTH_SIZE, 3)).astype(np.float32)
    pattern = rng.uniform()
    if pattern < 0.16 and person.cloth_style != "suit":
        width = rng.uniform(0.8, 3)
        stripe = smoothstep(-0.1, 0.1, np.sin(y * np.pi / width) + rng.uniform(-0.4, 0.4))
        cloth = over(cloth, person.cloth_2, stripe)
    elif pattern < 0.24 and person.cloth_style != "suit":
        width = rng.uniform(0.8, 2.5)
        check = np.maximum(np.sin(y * np.pi / width), 0) + np.maximum(np.sin(x * np.pi / width), 0)
        cloth = over(cloth, person.cloth_2, 0.4 * check.clip(0, 2))
    if person.cloth_style in ("shirt", "suit"):
        cloth = _opened(cloth, person, x, y, rng)
    if person.look != "cartoon":
        folds = noise(rng, *CLOTH_SIZE, 46) * 0.09 + noise(rng, *CLOTH_SIZE, 17) * 0.04
        weave = rng.standard_normal(CLOTH_SIZE) * 0.03
        cloth = np.asarray(cloth * (1 + folds + weave)[..., None], np.float32)
    return np.asarray(cloth.clip(0.002, 0.95), np.float32)


def worn_on_neck(person: Person, maps: TextureMaps, cloth: Array) -> tuple[Array, Array]:
    """What covers the neck (h, w, 3) and its share (h, w), on the skin texture."""
    x, y, z = np.moveaxis(maps.place, -1, 0)
    across, front = np.abs(x), smoothstep(-4, 3, z)
    edge = {
        "crew": -12.6 - 1.6 * front + 0.06 * across,
        "turtleneck": -9.2 + 0.02 * across - 1.0 * front,
        "v_neck": -11.6 - front * (6.5 - 1.25 * across).clip(0, 7),
        "shirt": -10.8 - front * (3.4 - 1.4 * across).clip(0, 5),
        "suit": -10.8 - front * (1.6 - 1.4 * across).clip(0, 5),
        "hoodie": -11.5 - 1.5 * front,
    }[person.cloth_style]
    worn = smoothstep(0.12, -0.12, np.asarray(y - edge, np.float32))
    at = np.ascontiguousarray(np.moveaxis(cloth_place(maps.place), -1, 0))
    seen = cv2.remap(cloth, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rim = smoothstep(-0.75, -0.55, np.asarray(y - edge, np.float32))
    seen = seen * (1 - 0.16 * rim - 0.2 * smoothstep(-0.85, -0.6, y - edge) * (1 - rim))[..., None]
    return np.asarray(seen, np.float32), worn


def _opened(cloth: Array, person: Person, x: Array, y: Array, rng: np.random.Generator) -> Array:
    """A shirt's collar and buttons, or a suit over a shirt with or without a tie."""
    across = np.abs(x)
    if person.cloth_style == "shirt":
        line = smoothstep(0.14, 0.05, np.abs(x - 1.2)) * smoothstep(-13.5, -14, y)
        wings = smoothstep(0.15, 0.0, np.abs(across - 1.2 - 0.5 * (y + 15.2))) * (y > -16.5)
        return np.asarray(
            cloth * (1 - 0.35 * np.maximum(line, wings * (y < -11)))[..., None], np.float32
        )
    shirt = np.array([0.85, 0.85, 0.86], np.float32) * rng.uniform(0.75, 1)
    suit = np.minimum(person.cloth * 0.4, 0.12)
    depth = rng.uniform(24, 38)
    opening = smoothstep(
        0.15, -0.15, np.asarray(across - 6.0 * (1 - (-11 - y) / depth) - 0.3, np.float32)
    )
    lapel = smoothstep(0.2, 0.0, np.abs(across - 10.5 * (1 - (-11 - y) / (depth + 6))))
    dressed = np.broadcast_to(suit, cloth.shape) * (1 - 0.4 * lapel)[..., None]
    dressed = over(dressed, shirt, opening)
    if rng.uniform() < 0.75:
        half = 1.1 + 0.10 * (-13 - y).clip(0, 20)
        tie = smoothstep(0.15, -0.15, np.asarray(across - half, np.float32)) * (y < -12.2)
        stripes = 1 - 0.35 * (np.sin((x + y) * 2.2) > 0.5) * rng.integers(0, 2)
        dressed = over(dressed, person.cloth_2 * stripes[..., None], tie)
    return np.asarray(dressed, np.float32)
