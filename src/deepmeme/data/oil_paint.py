"""A picture as an old master might have painted it: brushwork, relief, canvas and varnish."""

from typing import cast

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float32]
Frame = NDArray[np.uint8]

_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def paint_in_oil(
    picture: Frame, *, brush_px: float = 6.0, relief: float | Array = 1.0, seed: int = 1
) -> Frame:
    """(h, w, 3) repainted; ``brush_px`` is the breadth of the finest stroke.

    ``relief`` (a number or (h, w)) is how thick the paint lies.
    Strokes follow the shapes (structure tensor); flats are filled by an anisotropic Kuwahara
    filter (Kyprianidis, Kang and Doellner, 2009); the relief of the paint is noise drawn out along
    the strokes (Cabral and Leedom, 1993), lit from the upper left.
    """
    rng = np.random.default_rng(seed)
    image: Array = picture.astype(np.float32) / np.float32(255)
    direction, stretch = _flow(image, sigma=brush_px * 0.7)
    flat = _kuwahara(image, direction, stretch, np.float32(brush_px))
    flat = _kuwahara(flat, direction, stretch, np.float32(brush_px * 0.6))
    flat += 0.35 * (flat - cv2.GaussianBlur(flat, (0, 0), brush_px * 0.8))
    noise = rng.standard_normal(image.shape[:2]).astype(np.float32)
    coarse = cv2.GaussianBlur(noise, (0, 0), brush_px * 0.25)
    bristles = _drawn_out(coarse, direction, int(brush_px * 2.2))
    bristles /= bristles.std() + 1e-6
    broken = flat * (1 + 0.045 * (relief * bristles)[..., None])
    broken = _broken_colour(broken, direction, brush_px, rng)
    light = _relief(bristles) * 0.6 * relief + _canvas(image.shape[:2], rng) * 0.5
    lit = broken * (1 + 0.075 * light[..., None]) + 0.010 * np.maximum(light, 0)[..., None]
    return np.clip(np.rint(_varnish(lit.astype(np.float32)) * 255), 0, 255).astype(np.uint8)


def _flow(image: Array, sigma: float) -> tuple[Array, Array]:
    """Unit direction (h, w, 2) along the edges and how clear it is (h, w) in 0..1."""
    grey = image @ _GREY
    gx = cv2.Scharr(grey, cv2.CV_32F, 1, 0) / 16
    gy = cv2.Scharr(grey, cv2.CV_32F, 0, 1) / 16
    e, f, g = (cv2.GaussianBlur(v, (0, 0), sigma) for v in (gx * gx, gx * gy, gy * gy))
    wide = [cv2.GaussianBlur(v, (0, 0), sigma * 4) * 0.05 for v in (e, f, g)]
    e, f, g = e + wide[0], f + wide[1], g + wide[2]
    root = np.sqrt((e - g) ** 2 + 4 * f * f)
    angle = 0.5 * np.arctan2(2 * f, e - g) + np.pi / 2
    direction = np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    return direction, (root / (e + g + 1e-9)).astype(np.float32)


def _drawn_out(noise: Array, direction: Array, reach: int) -> Array:
    """Line integral convolution: every pixel is the mean of the noise along its stroke."""
    height, width = noise.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    total = noise.copy()
    for sign in (1.0, -1.0):
        px, py = x.copy(), y.copy()
        last = sign * direction
        for _ in range(reach):
            at = cv2.remap(direction, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            turned = np.where((at * last).sum(-1, keepdims=True) < 0, -at, at)
            px, py, last = px + turned[..., 0], py + turned[..., 1], turned
            total += cv2.remap(noise, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return cast(Array, total / (2 * reach + 1))


def _broken_colour(
    image: Array, direction: Array, brush_px: float, rng: np.random.Generator
) -> Array:
    """Neighbouring strokes differ a little in hue, warm against cool."""
    noise = rng.standard_normal(image.shape[:2]).astype(np.float32)
    wide = cv2.GaussianBlur(noise, (0, 0), brush_px * 0.7)
    strokes = _drawn_out(wide, direction, int(brush_px * 2))
    strokes = np.clip(strokes / (strokes.std() + 1e-6), -2, 2)[..., None]
    return cast(Array, image * (1 + 0.028 * strokes * np.array([1.0, 0.1, -1.0], np.float32)))


def _relief(height: Array) -> Array:
    """Light from the upper left on a surface of this height, mean 0."""
    gx, gy = np.gradient(height, axis=1), np.gradient(height, axis=0)
    light = gx + gy
    return cast(Array, (light / (light.std() + 1e-6)).clip(-3, 3))


def _canvas(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Weave with threads of uneven thickness, mean 0."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    wobble = [
        cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 9) * 14
        for _ in range(2)
    ]
    warp = np.sin(2 * np.pi * x / 3.6 + wobble[0])
    weft = np.sin(2 * np.pi * y / 3.6 + wobble[1])
    return cast(Array, (warp * weft + 0.3 * (warp + weft)).astype(np.float32))


def _varnish(image: Array) -> Array:
    """Old varnish: warm, a little yellow in the lights; corners darker."""
    height, width = image.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    corner = 1 - 0.24 * np.clip((x * x + y * y) - 0.55, 0, 1.4)
    warm = np.array([1.02, 0.985, 0.925], np.float32)
    return cast(Array, (np.clip(image, 0, 1) * warm * corner[..., None] + 0.006).astype(np.float32))


@njit(cache=True, nogil=True)
def _kuwahara(image, direction, stretch, radius):  # type: ignore[no-untyped-def]
    """Of eight sectors of an ellipse along the stroke, the even ones decide the colour."""
    height, width, _ = image.shape
    out = np.empty_like(image)
    sums = np.empty((8, 7), np.float32)  # weight, colour, squared colour
    for y in range(height):
        for x in range(width):
            sums[:] = 0
            _gather(image, y, x, direction[y, x], 1.0 + stretch[y, x], radius, sums)
            share = 0.0
            out[y, x] = 0
            for k in range(8):
                weight = sums[k, 0] + 1e-12
                spread = 0.0
                for n in range(3):
                    m = sums[k, 1 + n] / weight
                    spread += max(sums[k, 4 + n] / weight - m * m, 0.0)
                even = 1.0 / (1.0 + (255.0 * np.sqrt(spread)) ** 8.0 * 1e-6) + 1e-12
                share += even
                for n in range(3):
                    out[y, x, n] += even * sums[k, 1 + n] / weight
            for n in range(3):
                out[y, x, n] /= share
    return out


@njit(cache=True, nogil=True)
def _gather(image, y, x, direction, along, radius, sums):  # type: ignore[no-untyped-def]
    """Weighted sums of the colours around a pixel, by sector; the very middle counts for all."""
    height, width, _ = image.shape
    reach = int(np.ceil(radius * 2))
    c, s = direction[0], direction[1]
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            u = (c * dx + s * dy) / (radius * along)
            v = (-s * dx + c * dy) * along / radius
            r = u * u + v * v
            if r > 1.0:
                continue
            i, j = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
            near = np.exp(-3.125 * r)
            sector = int((np.arctan2(v, u) + np.pi) * 8 / (2 * np.pi)) % 8
            first, last = (0, 8) if r <= 0.02 else (sector, sector + 1)
            for k in range(first, last):
                sums[k, 0] += near
                for n in range(3):
                    value = image[i, j, n]
                    sums[k, 1 + n] += near * value
                    sums[k, 4 + n] += near * value * value
