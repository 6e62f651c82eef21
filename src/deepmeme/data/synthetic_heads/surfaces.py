"""The stuff things are made of: colour and gloss at a place of a surface, compiled.

A place means texture pixels on skin, cloth and hats, eyeball radii from the axis on eyes, and
(strand, centimetres from the root) on hair. ``colours`` and ``sizes`` are rows of ``Look.colours``
and ``Look.sizes``.
"""

import numpy as np
from numba import njit

SKIN, EYE, TEETH, MOUTH, HAIR, CLOTH, HAT, GLASSES = range(8)

ROOT, TIP, IRIS, SCLERA, TEETH_COLOUR, MOUTH_COLOUR, FRAME = range(7)
HAIR_GLOSS, IRIS_RADIUS, PUPIL_RADIUS = range(3)


@njit(cache=True, nogil=True, inline="always")
def texel(texture, x, y, channel):  # type: ignore[no-untyped-def]
    """Bilinear, clamped at the borders."""
    height, width = texture.shape[0], texture.shape[1]
    x = min(max(x, 0.0), width - 1.001)
    y = min(max(y, 0.0), height - 1.001)
    i, j = int(y), int(x)
    fy, fx = y - i, x - j
    top = texture[i, j, channel] * (1 - fx) + texture[i, j + 1, channel] * fx
    bottom = texture[i + 1, j, channel] * (1 - fx) + texture[i + 1, j + 1, channel] * fx
    return top * (1 - fy) + bottom * fy


@njit(cache=True, nogil=True, inline="always")
def strand(strands, x, y, channel):  # type: ignore[no-untyped-def]
    """Channel 0 is the tone of a strand, channel 1 how early it ends (uniform in 0..1)."""
    return strands[int(y * 37.0) % strands.shape[0], int(x * 256.0) % strands.shape[1], channel]


@njit(cache=True, nogil=True, inline="always")
def clamped(value):  # type: ignore[no-untyped-def]
    """Into 0..1."""
    return min(max(value, 0.0), 1.0)


@njit(cache=True, nogil=True)
def surface_colour(kind, x, y, textures, colours, sizes, out):  # type: ignore[no-untyped-def]
    """Albedo into ``out``; returns (gloss, sharpness of the highlight)."""
    skin, cloth, hat, strands = textures
    if kind == SKIN:
        for c in range(3):
            out[c] = texel(skin, x, y, c)
        return texel(skin, x, y, 3), 22.0
    if kind == EYE:
        _eye(x, y, colours, sizes, out)
        return 1.6, 220.0
    if kind == HAIR:
        return _hair(x, y, strands, colours, sizes, out), 30.0
    if kind in (CLOTH, HAT):
        for c in range(3):
            out[c] = texel(cloth, x, y, c) if kind == CLOTH else texel(hat, x, y, c)
        return 0.03, 10.0
    row = TEETH_COLOUR if kind == TEETH else MOUTH_COLOUR if kind == MOUTH else FRAME
    for c in range(3):
        out[c] = colours[row, c]
    return (0.8, 60.0) if kind == GLASSES else (0.2, 35.0)


@njit(cache=True, nogil=True)
def stone_colour(kind, x, y, textures, colours, sizes, out):  # type: ignore[no-untyped-def]
    """As ``surface_colour`` for a statue: all of one stuff, with carved irises and hair."""
    skin, _, _, strands = textures
    u, v = (x, y) if kind == SKIN else (skin.shape[1] * 0.25, skin.shape[0] * 0.5)
    share = 1.0
    if kind == EYE:
        r = np.sqrt(x * x + y * y)
        rim = abs(r - sizes[IRIS_RADIUS]) < 0.05
        share = 0.45 if r < sizes[PUPIL_RADIUS] else 0.8 if rim else 1.0
    elif kind == HAIR:
        share = 0.7 + 0.45 * strand(strands, x, y, 0)
    for c in range(3):
        out[c] = share * texel(skin, u, v, c)
    return colours[FRAME, 0], 18.0


@njit(cache=True, nogil=True)
def _eye(x, y, colours, sizes, out):  # type: ignore[no-untyped-def]
    """Pupil, iris with its dark ring, white that reddens towards the corners."""
    r = np.sqrt(x * x + y * y)
    iris, pupil = sizes[IRIS_RADIUS], sizes[PUPIL_RADIUS]
    angle = np.arctan2(y, x)
    streak = 0.82 + 0.18 * np.sin(angle * 23.0 + 3.0 * np.sin(angle * 7.0))
    edge = clamped((r - iris) / 0.05 + 0.5)
    inside = clamped((r - pupil) / 0.04 + 0.5)
    ring = 1.0 - 0.65 * clamped((r / iris - 0.78) / 0.22)
    lit = 0.75 + 0.5 * clamped(0.5 - 0.5 * y / iris)
    pink = clamped((r - 0.62) / 0.45)
    for c in range(3):
        coloured = colours[IRIS, c] * streak * ring * lit * inside + 0.004 * (1 - inside)
        white = colours[SCLERA, c] * (1.0 - (0.10 if c == 0 else 0.32) * pink)
        out[c] = coloured * (1 - edge) + white * edge


@njit(cache=True, nogil=True)
def _hair(x, y, strands, colours, sizes, out):  # type: ignore[no-untyped-def]
    tone = strand(strands, x, y, 0)
    tip = clamped(y / 30.0)
    for c in range(3):
        base = colours[ROOT, c] * (1 - tip) + colours[TIP, c] * tip
        out[c] = base * (0.45 + 1.0 * tone)
    return sizes[HAIR_GLOSS] * tone
