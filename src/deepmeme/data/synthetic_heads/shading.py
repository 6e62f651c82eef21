"""Light on surfaces: one pass over the pixels, from triangle numbers to a finished picture.

Colours are linear inside (gamma 2, so that a square root is the way out) and RGB.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepmeme.data.raster import Raster
from deepmeme.data.synthetic_heads.surfaces import (
    CLOTH,
    EYE,
    GLASSES,
    HAIR,
    MOUTH,
    SKIN,
    TEETH,
    clamped,
    stone_colour,
    strand,
    surface_colour,
    texel,
)

Array = NDArray[np.float32]

CHANNELS = 10
"""Per vertex: normal x, y, z; place x, y; openness; strand direction x, y, z; coverage by hair."""


@dataclass(frozen=True)
class Light:
    """All colours linear RGB; directions point towards the light, in camera axes."""

    sky: Array  # (3,) ambient from above
    ground: Array  # (3,) ambient from below
    key: Array  # (3,)
    key_direction: Array  # (3,)
    rim: Array  # (3,)
    rim_direction: Array  # (3,)
    shadow: float  # 0 none to 1 black


@dataclass(frozen=True)
class Look:
    """Colours and textures of one person."""

    skin: Array  # (h, w, 4) linear RGB and gloss
    cloth: Array  # (h, w, 3)
    hat: Array  # (h, w, 3)
    strands: Array  # (h, w, 2) 0..1: tone, and how early a strand ends
    hair_root: Array  # (3,)
    hair_tip: Array  # (3,)
    hair_gloss: float
    iris: Array  # (3,)
    sclera: Array  # (3,)
    iris_radius: float  # in eyeball radii
    pupil_radius: float
    teeth: Array  # (3,)
    mouth: Array  # (3,)
    glasses: Array  # (3,)
    solid: bool  # a statue: everything is made of the skin's stuff
    bands: int  # 0 = smooth shading, else the number of tones (cartoon)


class Mesh(NamedTuple):
    """What the shading knows about the triangles of one frame."""

    triangles: NDArray[np.int32]  # (t, 3)
    material: NDArray[np.uint8]  # (t,)
    vertices: Array  # (v, CHANNELS)
    shadow_place: Array  # (v, 3) pixel and depth in the shadow map


def sample_light(rng: np.random.Generator) -> Light:
    """Studio, window, stage, sunset: soft or hard, warm or cold."""
    warm = np.array([1.0, 0.86, 0.70])
    cold = np.array([0.78, 0.90, 1.0])

    def tint(strength: float) -> NDArray[np.float64]:
        mix = rng.uniform()
        colour = mix * warm + (1 - mix) * cold
        if rng.uniform() < 0.06:
            colour = rng.uniform(0.4, 1.0, 3)
        return colour * strength

    soft = rng.uniform(0.15, 0.95)
    yaw, pitch = np.deg2rad(rng.normal(0, 45)), np.deg2rad(rng.uniform(-5, 65))
    key = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    side = rng.choice([-1.0, 1.0])
    rim = np.array([side * 0.8, rng.uniform(0, 0.6), -0.55])
    level = rng.uniform(0.8, 1.15)
    return Light(
        sky=_f32(tint(level * (0.28 + 0.5 * soft))),
        ground=_f32(tint(level * (0.12 + 0.35 * soft))),
        key=_f32(tint(level * (1.25 - 0.95 * soft))),
        key_direction=_f32(key / np.linalg.norm(key)),
        rim=_f32(tint(rng.choice([0.0, 0.3, 0.9]))),
        rim_direction=_f32(rim / np.linalg.norm(rim)),
        shadow=float(rng.uniform(0.3, 0.95)),
    )


def shade(
    below: Raster,
    hair: Raster,
    mesh: Mesh,
    shadow_map: Array,
    background: Array,
    look: Look,
    light: Light,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture (n, n, 3) and person's coverage (n, n) from rasters of twice the side.

    ``hair`` lies over ``below`` wherever it is nearer and its strands haven't ended.
    ``background`` (n, n, 3) is linear.
    """
    colours = (look.hair_root, look.hair_tip, look.iris, look.sclera, look.teeth, look.mouth)
    sizes = (look.hair_gloss, look.iris_radius, look.pupil_radius)
    image, mask = _shade(
        tuple(below),
        tuple(hair),
        tuple(mesh),
        shadow_map,
        background,
        (look.skin, look.cloth, look.hat, look.strands),
        np.stack([*colours, look.glasses]).astype(np.float32),
        np.array(sizes, np.float32),
        np.stack([light.sky, light.ground, light.key, light.rim]).astype(np.float32),
        np.stack([light.key_direction, light.rim_direction]).astype(np.float32),
        (np.float32(light.shadow), look.solid, look.bands),
    )
    return image, mask


def seen_skin(
    below: Raster, hair: Raster, mesh: Mesh, strands: Array, hairless: Array
) -> NDArray[np.uint8]:
    """(n, n) share of each pixel, 0..255, that shows skin, eyes, mouth or glasses.

    Rasters are of twice the side. ``hairless`` (h, w, 1) is 1 where the skin's texture is skin and
    0 where hair is painted on it.
    """
    shares: NDArray[np.uint8] = _seen_skin(
        tuple(below), tuple(hair), tuple(mesh), strands, hairless
    )
    return shares


def _f32(values: NDArray[np.float64]) -> Array:
    return values.astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def _shade(  # type: ignore[no-untyped-def]
    below,
    hair,
    mesh,
    shadow_map,
    background,
    textures,
    colours,
    sizes,
    lights,
    directions,
    style,
):
    side = background.shape[0]
    image = np.empty((side, side, 3), np.uint8)
    mask = np.empty((side, side), np.uint8)
    values = np.empty((4, CHANNELS + 3), np.float32)
    kinds = np.empty(4, np.int64)
    total = np.empty(3, np.float32)
    base = np.empty(3, np.float32)
    for row in range(side):
        for column in range(side):
            covered = 0
            for tap in range(4):
                i, j = 2 * row + (tap >> 1), 2 * column + (tap & 1)
                kinds[tap] = _sample(below, hair, mesh, textures[3], i, j, values[tap])
                covered += kinds[tap] >= 0
            total[:] = 0
            plain = kinds[0] == SKIN or kinds[0] == CLOTH
            for tap in range(1, 4):
                plain = plain and kinds[tap] == kinds[0]
            for tap in range(4):
                if kinds[tap] < 0 or (plain and (tap == 1 or tap == 2)):
                    continue
                _add_light(
                    kinds[tap],
                    values[tap],
                    shadow_map,
                    textures,
                    colours,
                    sizes,
                    lights,
                    directions,
                    style,
                    base,
                    total,
                )
            share = covered * 0.25
            mask[row, column] = np.uint8(share * 255.0)
            for n in range(3):
                value = total[n] * (0.5 if plain else 0.25)
                value += background[row, column, n] * (1.0 - share)
                image[row, column, n] = _tone(value)
    return image, mask


@njit(cache=True, nogil=True)
def _seen_skin(below, hair, mesh, strands, hairless):  # type: ignore[no-untyped-def]
    side = below[0].shape[0] // 2
    shares = np.empty((side, side), np.uint8)
    values = np.empty(CHANNELS + 3, np.float32)
    for row in range(side):
        for column in range(side):
            total = 0.0
            for tap in range(4):
                i, j = 2 * row + (tap >> 1), 2 * column + (tap & 1)
                kind = _sample(below, hair, mesh, strands, i, j, values)
                if kind == SKIN:
                    total += texel(hairless, values[3], values[4], 0)
                elif kind in (EYE, TEETH, MOUTH, GLASSES):
                    total += 1.0
            shares[row, column] = np.uint8(total * 0.25 * 255.0)
    return shares


@njit(cache=True, nogil=True, inline="always")
def _tone(value):  # type: ignore[no-untyped-def]
    """Linear to eight bits, with a soft shoulder instead of clipping."""
    if value > 0.7:
        value = 0.7 + 0.3 * (1.0 - np.exp(-(value - 0.7) / 0.3))
    return np.uint8(np.sqrt(max(value, 0.0)) * 255.0)


@njit(cache=True, nogil=True)
def _sample(below, hair, mesh, strands, i, j, values):  # type: ignore[no-untyped-def]
    """Values of what is seen at (i, j); returns its material or -1."""
    if hair[0][i, j] >= 0 and hair[2][i, j] < below[2][i, j]:
        kind = _interpolated(hair, mesh, i, j, values)
        end = strand(strands, values[3], values[4], 1) if kind == HAIR else 0.0
        if below[0][i, j] < 0:  # against the background only the very tips thin out
            end *= 0.4
        if values[9] >= end:
            return kind
    if below[0][i, j] >= 0:
        return _interpolated(below, mesh, i, j, values)
    return -1


@njit(cache=True, nogil=True)
def _interpolated(raster, mesh, i, j, values):  # type: ignore[no-untyped-def]
    seen, barycentric, _ = raster
    triangles, material, vertices, shadow_place = mesh
    t = seen[i, j]
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    wa, wb, wc = barycentric[i, j, 0], barycentric[i, j, 1], barycentric[i, j, 2]
    for n in range(CHANNELS):
        values[n] = wa * vertices[a, n] + wb * vertices[b, n] + wc * vertices[c, n]
    for n in range(3):
        values[CHANNELS + n] = (
            wa * shadow_place[a, n] + wb * shadow_place[b, n] + wc * shadow_place[c, n]
        )
    return np.int64(material[t])


@njit(cache=True, nogil=True)
def _arrived(shadow_map, x, y, z):  # type: ignore[no-untyped-def]
    """Share of the key light that arrives, from four taps of the shadow map."""
    side = shadow_map.shape[0]
    arrived = 0.0
    for tap in range(4):
        j = int(x + (tap & 1) * 2 - 0.5)
        i = int(y + (tap >> 1) * 2 - 0.5)
        if i < 0 or j < 0 or i >= side or j >= side:
            arrived += 0.25
        else:
            arrived += 0.25 * clamped((1.1 - (z - shadow_map[i, j])) / 0.55)
    return arrived


@njit(cache=True, nogil=True)
def _shine(kind, values, solid, directions, nx, ny, nz):  # type: ignore[no-untyped-def]
    """Cosine between the half vector and the normal, or the sine to a strand of hair."""
    hx, hy, hz = directions[0, 0], directions[0, 1], directions[0, 2] + 1.0
    inverse = 1.0 / np.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
    if kind == HAIR and not solid:
        tx, ty, tz = values[6], values[7], values[8]
        along = 1.0 / np.sqrt(tx * tx + ty * ty + tz * tz + 1e-9)
        tangent = (tx * hx + ty * hy + tz * hz) * along * inverse
        return np.sqrt(max(1.0 - tangent * tangent, 0.0))
    return max((nx * hx + ny * hy + nz * hz) * inverse, 0.0)


@njit(cache=True, nogil=True, fastmath=True)
def _add_light(  # type: ignore[no-untyped-def]
    kind, values, shadow_map, textures, colours, sizes, lights, directions, style, base, total
):
    """Light one sample and add it to ``total``; ``base`` is scratch."""
    shadow, solid, bands = style
    nx, ny, nz = values[0], values[1], values[2]
    length = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
    if nz < 0:
        length = -length
    nx, ny, nz = nx * length, ny * length, nz * length
    if solid:
        gloss, sharp = stone_colour(kind, values[3], values[4], textures, colours, sizes, base)
    else:
        gloss, sharp = surface_colour(kind, values[3], values[4], textures, colours, sizes, base)
    towards = nx * directions[0, 0] + ny * directions[0, 1] + nz * directions[0, 2]
    lit = _arrived(shadow_map, values[CHANNELS], values[CHANNELS + 1], values[CHANNELS + 2])
    arrived = 1.0 - shadow * (1.0 - lit)
    open_ = values[5]
    highlight = gloss * _shine(kind, values, solid, directions, nx, ny, nz) ** sharp
    if kind == EYE:  # the upper lid's soft shadow
        open_ *= 1.0 - 0.45 * clamped(0.5 + 1.1 * values[4])
    else:
        highlight *= arrived
    edge = 1.0 - nz
    rim = nx * directions[1, 0] + ny * directions[1, 1] + nz * directions[1, 2] + 0.3
    rim = 0.7 * edge * edge * max(rim, 0.0)
    up = 0.5 + 0.5 * ny
    for n in range(3):
        wrap = 0.0
        if kind == SKIN and not solid:
            wrap = 0.30 if n == 0 else 0.12
        direct = max((towards + wrap) / (1.0 + wrap), 0.0) * arrived
        ambient = lights[1, n] + (lights[0, n] - lights[1, n]) * up
        if bands > 0:
            direct = np.floor(direct * open_ * bands + 0.5) / bands
            ambient = 0.4 * lights[1, n] + 0.6 * lights[0, n]
            energy = 0.3 + 0.7 * (ambient + lights[2, n] * direct)
        else:
            energy = ambient * open_ + lights[2, n] * direct * min(open_ + 0.25, 1.0)
        shine = highlight * (1.2 if kind == EYE else lights[2, n] + 0.25 * lights[0, n])
        total[n] += base[n] * energy + 0.25 * shine * open_ + lights[3, n] * rim * (0.15 + base[n])
