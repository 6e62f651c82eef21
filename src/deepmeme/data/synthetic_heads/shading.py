"""Light on surfaces: one pass over the pixels, from triangle numbers to a finished picture.

Colours are linear inside (gamma 2, so that a square root is the way out) and RGB.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float32]

CHANNELS = 9
"""Per vertex: normal x, y, z; place x, y; openness; strand direction x, y, z."""


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
    strands: Array  # (h, w) 0..1
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
    triangle: NDArray[np.int32],
    barycentric: Array,
    triangles: NDArray[np.int32],
    material: NDArray[np.uint8],
    vertices: Array,
    shadow_map: Array,
    shadow_place: Array,
    background: Array,
    look: Look,
    light: Light,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture (n, n, 3) and person's coverage (n, n) from a raster of twice the side.

    ``vertices`` is (v, CHANNELS); ``shadow_place`` (v, 3) is pixel and depth in the shadow map;
    ``background`` (n, n, 3) is linear.
    """
    image, mask = _shade(
        triangle,
        barycentric,
        triangles,
        material,
        vertices,
        shadow_map,
        shadow_place,
        background,
        (look.skin, look.cloth, look.hat, look.strands),
        np.concatenate(
            [
                [look.hair_root, look.hair_tip, look.iris, look.sclera, look.teeth, look.mouth],
                [look.glasses],
            ]
        ).astype(np.float32),
        np.array([look.hair_gloss, look.iris_radius, look.pupil_radius], np.float32),
        np.stack([light.sky, light.ground, light.key, light.rim]).astype(np.float32),
        np.stack([light.key_direction, light.rim_direction]).astype(np.float32),
        np.float32(light.shadow),
        look.solid,
        look.bands,
    )
    return image, mask


def _f32(values: NDArray[np.float64]) -> Array:
    return values.astype(np.float32)


@njit(cache=True, nogil=True, inline="always")
def _texel(texture, x, y, channel):  # type: ignore[no-untyped-def]
    height, width = texture.shape[0], texture.shape[1]
    x = min(max(x, 0.0), width - 1.001)
    y = min(max(y, 0.0), height - 1.001)
    i, j = int(y), int(x)
    fy, fx = y - i, x - j
    top = texture[i, j, channel] * (1 - fx) + texture[i, j + 1, channel] * fx
    bottom = texture[i + 1, j, channel] * (1 - fx) + texture[i + 1, j + 1, channel] * fx
    return top * (1 - fy) + bottom * fy


@njit(cache=True, nogil=True, inline="always")
def _eye(x, y, colours, sizes, out):  # type: ignore[no-untyped-def]
    """Colour of the eyeball at (x, y) radii from its axis: pupil, iris, ring, white."""
    r = np.sqrt(x * x + y * y)
    iris, pupil = sizes[1], sizes[2]
    angle = np.arctan2(y, x)
    streak = 0.82 + 0.18 * np.sin(angle * 23.0 + 3.0 * np.sin(angle * 7.0))
    edge = min(max((r - iris) / 0.05 + 0.5, 0.0), 1.0)
    inside = min(max((r - pupil) / 0.04 + 0.5, 0.0), 1.0)
    ring = 1.0 - 0.65 * min(max((r / iris - 0.78) / 0.22, 0.0), 1.0)
    lit = 0.75 + 0.5 * min(max(0.5 - 0.5 * y / iris, 0.0), 1.0)
    pink = min(max((r - 0.62) / 0.45, 0.0), 1.0)
    for c in range(3):
        coloured = colours[2, c] * streak * ring * lit * inside + 0.004 * (1 - inside)
        white = colours[3, c] * (1.0 - (0.10 if c == 0 else 0.32) * pink)
        out[c] = coloured * (1 - edge) + white * edge


@njit(cache=True, nogil=True, inline="always")
def _albedo(kind, x, y, openness, textures, colours, sizes, solid, out):  # type: ignore[no-untyped-def]
    """Surface colour into ``out``; returns (gloss, sharpness of the highlight)."""
    skin, cloth, hat, strands = textures
    if solid and kind != 7:
        for c in range(3):
            out[c] = _texel(skin, skin.shape[1] * 0.25, skin.shape[0] * 0.5, c)
        if kind == 1:
            r = np.sqrt(x * x + y * y)
            if r < 2:
                hollow = 0.45 if r < sizes[2] else (0.8 if abs(r - sizes[1]) < 0.05 else 1.0)
                for c in range(3):
                    out[c] *= hollow
        elif kind == 0:
            for c in range(3):
                out[c] = _texel(skin, x, y, c)
        elif kind == 4:
            strand = strands[int(y * 37.0) % strands.shape[0], int(x * 256.0) % strands.shape[1]]
            for c in range(3):
                out[c] *= 0.7 + 0.45 * strand
        return colours[6, 0], 18.0
    if kind == 0:
        for c in range(3):
            out[c] = _texel(skin, x, y, c)
        return _texel(skin, x, y, 3), 22.0
    if kind == 1:
        _eye(x, y, colours, sizes, out)
        return 1.6, 220.0
    if kind == 2:
        for c in range(3):
            out[c] = colours[4, c]
        return 0.25, 40.0
    if kind == 3:
        for c in range(3):
            out[c] = colours[5, c]
        return 0.15, 30.0
    if kind == 4:
        strand = strands[int(y * 37.0) % strands.shape[0], int(x * 256.0) % strands.shape[1]]
        tip = min(max(y / 30.0, 0.0), 1.0)
        for c in range(3):
            base = colours[0, c] * (1 - tip) + colours[1, c] * tip
            out[c] = base * (0.45 + 1.0 * strand)
        return sizes[0] * strand, 30.0
    if kind == 7:
        for c in range(3):
            out[c] = colours[6, c]
        return 0.8, 60.0
    for c in range(3):
        out[c] = _texel(cloth, x, y, c) if kind == 5 else _texel(hat, x, y, c)
    return 0.03, 10.0


@njit(cache=True, nogil=True, inline="always")
def _lit(shadow_map, x, y, z):  # type: ignore[no-untyped-def]
    """Share of the key light that arrives, from four taps of the shadow map."""
    side = shadow_map.shape[0]
    arrived = 0.0
    for tap in range(4):
        j = int(x + (tap & 1) * 2 - 0.5)
        i = int(y + (tap >> 1) * 2 - 0.5)
        if i < 0 or j < 0 or i >= side or j >= side or z <= shadow_map[i, j] + 0.55:
            arrived += 0.25
        elif z <= shadow_map[i, j] + 1.1:
            arrived += 0.25 * (1.1 - (z - shadow_map[i, j])) / 0.55
    return arrived


@njit(cache=True, nogil=True, fastmath=True)
def _shade(  # type: ignore[no-untyped-def]
    seen,
    barycentric,
    triangles,
    material,
    vertices,
    shadow_map,
    shadow_place,
    background,
    textures,
    colours,
    sizes,
    lights,
    directions,
    shadow,
    solid,
    bands,
):
    side = background.shape[0]
    image = np.empty((side, side, 3), np.uint8)
    mask = np.empty((side, side), np.uint8)
    values = np.empty(12, np.float32)
    base = np.empty(3, np.float32)
    total = np.empty(3, np.float32)
    for row in range(side):
        for column in range(side):
            total[:] = 0
            covered = 0
            for tap in range(4):
                i, j = 2 * row + (tap >> 1), 2 * column + (tap & 1)
                t = seen[i, j]
                if t < 0:
                    continue
                covered += 1
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                wa, wb, wc = barycentric[i, j, 0], barycentric[i, j, 1], barycentric[i, j, 2]
                for n in range(9):
                    values[n] = wa * vertices[a, n] + wb * vertices[b, n] + wc * vertices[c, n]
                for n in range(3):
                    values[9 + n] = (
                        wa * shadow_place[a, n] + wb * shadow_place[b, n] + wc * shadow_place[c, n]
                    )
                nx, ny, nz = values[0], values[1], values[2]
                length = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
                if nz < 0:
                    length = -length
                nx, ny, nz = nx * length, ny * length, nz * length
                kind = material[t]
                open_ = values[5]
                gloss, sharp = _albedo(
                    kind, values[3], values[4], open_, textures, colours, sizes, solid, base
                )
                lx, ly, lz = directions[0, 0], directions[0, 1], directions[0, 2]
                towards = nx * lx + ny * ly + nz * lz
                arrived = 1.0 - shadow * (1.0 - _lit(shadow_map, values[9], values[10], values[11]))
                hx, hy, hz = lx, ly, lz + 1.0
                inverse = 1.0 / np.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
                half = max((nx * hx + ny * hy + nz * hz) * inverse, 0.0)
                if kind == 4 and not solid:
                    tx, ty, tz = values[6], values[7], values[8]
                    along = 1.0 / np.sqrt(tx * tx + ty * ty + tz * tz + 1e-9)
                    tangent = (tx * hx + ty * hy + tz * hz) * along * inverse
                    half = np.sqrt(max(1.0 - tangent * tangent, 0.0))
                highlight = gloss * half**sharp * (arrived if kind != 1 else 1.0)
                if kind == 1:
                    # catch-light and the lid's soft shadow
                    upper = min(max(0.5 + 1.1 * values[4], 0.0), 1.0)
                    open_ = open_ * (1.0 - 0.45 * upper)
                edge = 1.0 - nz
                rim = (
                    edge
                    * edge
                    * max(
                        nx * directions[1, 0] + ny * directions[1, 1] + nz * directions[1, 2] + 0.3,
                        0.0,
                    )
                )
                up = 0.5 + 0.5 * ny
                for n in range(3):
                    wrap = 0.0
                    if kind == 0 and not solid:
                        wrap = 0.30 if n == 0 else 0.12
                    direct = max((towards + wrap) / (1.0 + wrap), 0.0) * arrived
                    ambient = lights[1, n] + (lights[0, n] - lights[1, n]) * up
                    if bands > 0:
                        direct = np.floor(direct * open_ * bands + 0.5) / bands
                        ambient = 0.4 * lights[1, n] + 0.6 * lights[0, n]
                        energy = 0.3 + 0.7 * (ambient + lights[2, n] * direct)
                    else:
                        energy = ambient * open_ + lights[2, n] * direct * min(open_ + 0.25, 1.0)
                    shine = highlight * (lights[2, n] + 0.25 * lights[0, n])
                    if kind == 1:
                        shine = highlight * 1.2
                    total[n] += base[n] * energy + 0.25 * shine * open_ + lights[3, n] * rim * 0.35
            share = covered * 0.25
            mask[row, column] = np.uint8(share * 255.0)
            for n in range(3):
                value = total[n] * 0.25 + background[row, column, n] * (1.0 - share)
                if value > 0.7:  # a soft shoulder instead of clipping
                    value = 0.7 + 0.3 * (1.0 - np.exp(-(value - 0.7) / 0.3))
                image[row, column, n] = np.uint8(np.sqrt(max(value, 0.0)) * 255.0)
    return image, mask
