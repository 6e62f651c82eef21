"""What is drawn on a person: skin with its features, hair strands, stone."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.synthetic_heads.cloth import worn_on_neck
from deepmeme.data.synthetic_heads.layers import noise, over
from deepmeme.data.synthetic_heads.person import Person
from deepmeme.data.synthetic_heads.tables import TEXTURE_HEIGHT, TEXTURE_WIDTH
from deepmeme.data.synthetic_heads.texture_maps import TextureMaps

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]


def paint_skin(person: Person, maps: TextureMaps, hair_cover: Array, cloth: Array) -> Array:
    """(h, w, 4) linear RGB and gloss.

    ``hair_cover`` (h, w) is where hair grows on the scalp, ``cloth`` what ``paint_cloth`` gave.
    """
    rng = np.random.default_rng((person.seed, 23))
    if person.look in ("marble", "bronze"):
        return _stone(person, maps, cloth, rng)
    size = TEXTURE_HEIGHT, TEXTURE_WIDTH
    flat = person.look == "cartoon"
    skin = np.broadcast_to(person.skin, (*size, 3)).astype(np.float32)
    light = float(person.skin.mean())
    if not flat:
        skin = skin * _mottle(rng, size)[..., None]
        skin = _tinted(skin, noise(rng, *size, 26) * 0.03, (1.0, -0.6, -0.4))
    blood = 0.5 * maps.cheek * rng.uniform(0.2, 1) + 0.35 * maps.nose * rng.uniform(0, 1)
    skin = _tinted(skin, blood * (0.12 if flat else 0.24 + 0.2 * person.makeup), (0.5, -1.0, -0.8))
    skin = skin * (1 - 0.22 * rng.uniform(0.2, 1) * maps.eye_bag * (0.4 + person.age))[..., None]
    if not flat:
        skin = skin * (1 - _wrinkles(person, maps, rng))[..., None]
        skin = _freckled(skin, person, maps, rng)
    skin = _bearded(skin, person, maps, rng)
    skin = _eyes(skin, person, maps, rng)
    skin = _lips(skin, person, maps, rng, light)
    scalp = person.hair * 0.8 + 0.2 * person.skin * 0.4
    skin = over(skin, scalp, hair_cover)
    for line in maps.brows:
        skin = _brow(skin, line, person, rng)
    gloss = 0.16 + 0.12 * maps.nose + 0.3 * rng.uniform() * maps.lips + 0.05 * rng.uniform()
    gloss = gloss * (1 - 0.7 * hair_cover)
    seen, worn = worn_on_neck(person, maps, cloth)
    skin, gloss = over(skin, seen, worn), gloss * (1 - 0.9 * worn)
    return np.concatenate([skin, gloss[..., None]], -1).astype(np.float32)


def paint_strands(rng: np.random.Generator, *, fine: float) -> Array:
    """(1024, 1024, 2) in 0..1: tone, and how early each strand ends (uniform).

    Strands run along y; it repeats along y.
    """
    side = 1024
    layers = []
    for cell, length in ((2.0, 260), (7.0, 420), (28.0, 600)):
        small = rng.standard_normal((max(4, side // length), int(side / (cell * fine)) + 1))
        small = np.concatenate([small, small[:1]])
        layers.append(cv2.resize(small.astype(np.float32), (side, side)))
    tone = 0.5 + 0.16 * (layers[0] + layers[1]) + 0.145 * layers[2]
    early = 0.7 * layers[0] + 0.7 * layers[1] + 0.3 * layers[2]
    early = 1 / (1 + np.exp(-1.7 * early))  # near to its distribution function
    return np.stack([tone.clip(0, 1), early], -1).astype(np.float32)


def _mottle(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    total = 1 + 0.035 * noise(rng, *size, 60) + 0.025 * noise(rng, *size, 12)
    fine = 0.02 * noise(rng, *size, 3) + 0.018 * rng.standard_normal(size).astype(np.float32)
    return np.asarray(total + fine, np.float32)


def _tinted(skin: Array, amount: Real, tint: tuple[float, float, float]) -> Array:
    """Each channel times 1 + amount * tint."""
    return over(skin, skin * (1 + np.array(tint, np.float32)), amount)


def _wrinkles(person: Person, maps: TextureMaps, rng: np.random.Generator) -> Array:
    age = person.age
    lines = (
        maps.folds * (0.07 + 0.28 * age) * rng.uniform(0.5, 1)
        + maps.forehead_lines * max(age - 0.25, 0) * 0.5 * rng.uniform()
        + maps.crow_feet * max(age - 0.3, 0) * 0.6 * rng.uniform()
    )
    return np.asarray(lines.clip(0, 0.5), np.float32)


def _freckled(skin: Array, person: Person, maps: TextureMaps, rng: np.random.Generator) -> Array:
    marks = np.zeros(skin.shape[:2], np.float32)
    on_face = np.argwhere(maps.place[..., 2] > 4.0)
    count = int(rng.integers(0, 7) + 700 * person.freckles)
    for row, column in on_face[rng.integers(0, len(on_face), count)]:
        near = maps.cheek[row, column] + maps.nose[row, column]
        if person.freckles and rng.uniform() > near + 0.06:
            continue
        radius = int(rng.integers(10, 22))
        cv2.circle(
            marks,
            (int(column) * 16, int(row) * 16),
            radius,
            float(rng.uniform(0.2, 0.6)),
            -1,
            cv2.LINE_8,
            4,
        )
    marks = cv2.GaussianBlur(marks, (0, 0), 0.8)
    return over(skin, skin * np.array([0.55, 0.38, 0.3], np.float32), marks)


def _bearded(skin: Array, person: Person, maps: TextureMaps, rng: np.random.Generator) -> Array:
    if person.stubble <= 0:
        return skin
    where = maps.beard if rng.uniform() < 0.8 else maps.moustache
    grain = np.ones(skin.shape[:2], np.float32)
    if person.look != "cartoon":
        grain = (0.82 + 0.18 * noise(rng, TEXTURE_HEIGHT, TEXTURE_WIDTH, 2.2)).clip(0.3, 1)
    share = (where * grain * (0.85 * person.stubble**0.8)).clip(0, 0.95)
    return over(skin, np.minimum(person.hair, person.skin * 0.8) * 0.8, share)


def _eyes(skin: Array, person: Person, maps: TextureMaps, rng: np.random.Generator) -> Array:
    shadow = person.skin * rng.uniform(0.25, 0.7, 3)
    skin = over(skin, shadow, maps.lid_shade * (0.15 + 0.5 * person.makeup))
    skin = _tinted(skin, maps.lid_edge * 0.35, (-0.2, -0.7, -0.6))
    lashes = np.zeros(skin.shape[:2], np.float32)
    width = 2 + round(1.5 * person.makeup + 0.6 * person.womanly)
    for lid in maps.upper_lids:
        cv2.polylines(
            lashes, [np.rint(lid * 16).astype(np.int32)], False, 1.0, width, cv2.LINE_8, 4
        )
    dark = np.minimum(person.hair, 0.03) + 0.004
    share = cv2.GaussianBlur(lashes, (0, 0), 0.7) * (0.65 + 0.3 * person.womanly)
    return over(skin, dark, share.clip(0, 0.95))


def _lips(
    skin: Array, person: Person, maps: TextureMaps, rng: np.random.Generator, light: float
) -> Array:
    natural = person.skin * np.array([0.86, 0.5, 0.5], np.float32) ** (0.6 + 0.9 * light)
    stick = np.square(rng.uniform((0.45, 0.05, 0.1), (0.85, 0.35, 0.4))).astype(np.float32)
    stick *= min(1.0, 1.3 * light / float(stick.mean()))  # never much lighter than the skin
    colour = natural * (1 - person.makeup) + stick * person.makeup
    ribs = np.ones((*skin.shape[:2], 1), np.float32)
    if person.look != "cartoon":
        ribs[..., 0] += 0.06 * noise(rng, TEXTURE_HEIGHT, TEXTURE_WIDTH, 3)
    skin = over(skin, colour * ribs, maps.lips * (0.6 + 0.35 * person.makeup))
    return np.asarray(skin * (1 - 0.45 * maps.lip_line)[..., None], np.float32)


def _brow(skin: Array, line: Array, person: Person, rng: np.random.Generator) -> Array:
    hairs = np.zeros(skin.shape[:2], np.float32)
    thick = rng.uniform(3.0, 6.5) * (0.75 if person.womanly > 0.5 else 1.2)
    spine = line + np.array([0, 1.5], np.float32)
    if person.look == "cartoon":
        width = max(2, round(thick * 1.5))
        cv2.polylines(
            hairs, [np.rint(spine * 16).astype(np.int32)], False, 1.0, width, cv2.LINE_8, 4
        )
    else:
        for root, tip in _brow_hairs(spine, thick, rng):
            ends = np.rint(np.stack([root, tip]) * 16).astype(int).tolist()
            cv2.line(hairs, tuple(ends[0]), tuple(ends[1]), 1.0, 1, cv2.LINE_8, 4)
        near, wide = cv2.GaussianBlur(hairs, (0, 0), 0.8), cv2.GaussianBlur(hairs, (0, 0), 2.5)
        hairs = np.asarray(0.75 * near + 0.5 * wide, np.float32)
    colour = np.minimum(person.hair, person.skin * 0.7) * 0.7
    share = (hairs * rng.uniform(0.8, 1.1)).clip(0, 0.92)
    return over(skin, colour, share)


def _brow_hairs(
    spine: Array, thick: float, rng: np.random.Generator
) -> Iterator[tuple[Real, Real]]:
    """Root and tip of each hair: upright near the nose, lying down towards the temple."""
    count = int(rng.uniform(150, 260))
    t = rng.uniform(0, 1, count)
    along = t * (len(spine) - 1)
    i = along.astype(int).clip(0, len(spine) - 2)
    root = spine[i] + (along - i)[:, None] * (spine[i + 1] - spine[i])
    width = thick * np.sin(np.pi * (0.16 + 0.8 * t) ** 0.8).clip(0.15, 1)
    root[:, 1] += rng.uniform(-0.7, 0.7, count) * width
    lean = np.interp(t, [0, 0.3, 1], [1.3, 0.7, -0.25]) + rng.normal(0, 0.15, count)
    outwards = np.sign(spine[-1, 0] - spine[0, 0])
    way = np.stack([outwards * np.cos(lean), -np.sin(lean)], 1)
    return zip(root, root + rng.uniform(5, 8, (count, 1)) * way, strict=True)


def _stone(person: Person, maps: TextureMaps, cloth: Array, rng: np.random.Generator) -> Array:
    size = TEXTURE_HEIGHT, TEXTURE_WIDTH
    if person.look == "marble":
        tone = np.square(rng.uniform((0.78, 0.76, 0.72), (0.92, 0.9, 0.87)))
        warp = noise(rng, *size, 50) * 2 + noise(rng, *size, 17) * 0.6
        vein = np.exp(-np.abs(warp) * rng.uniform(6, 18)) * rng.uniform(0, 0.35)
        stone = tone * (1 - vein + 0.03 * noise(rng, *size, 6))[..., None]
        gloss = np.full(size, 0.25)
    else:
        tone = np.square(rng.uniform((0.38, 0.26, 0.14), (0.55, 0.4, 0.24)))
        patina = np.square(np.array([0.25, 0.42, 0.36]))
        share = (0.25 * noise(rng, *size, 40) + 0.15 * noise(rng, *size, 9)).clip(0, 0.6)
        stone = tone * (1 - share[..., None]) + patina * share[..., None] * rng.uniform(0, 1)
        gloss = 0.9 * (1 - share)
    _, worn = worn_on_neck(person, maps, cloth)
    edge = cv2.GaussianBlur(np.abs(np.gradient(worn)[0]).astype(np.float32), (0, 0), 1.5)
    carved = 1 - 0.9 * edge - 0.35 * maps.lip_line - 0.2 * maps.lid_edge
    for line in maps.brows:
        relief = np.zeros(size, np.float32)
        cv2.polylines(relief, [np.rint(line * 16).astype(np.int32)], False, 1.0, 4, cv2.LINE_8, 4)
        carved = carved - 0.16 * cv2.GaussianBlur(relief, (0, 0), 2)
    stone = stone * carved.clip(0.2, 1)[..., None]
    return np.concatenate([stone, gloss[..., None]], -1).clip(0.003, 1).astype(np.float32)
