"""What makes a look other than a photograph: bigger eyes, outlines, brush strokes."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.raster import NOTHING, Raster
from deepmeme.data.synthetic_heads.tables import Material

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]
Frame = NDArray[np.uint8]

OUTLINE_DEPTH_CM = 1.0


def cartoon_shape(
    vertices: Array, eyes: Array, gain: float, small_nose: float, chin: float
) -> Array:
    """Bigger eyes about their centres (2, 3), a smaller nose, a narrower chin."""
    shaped: Array = vertices.copy()
    x, y, z = shaped.T
    front = (z > 2.0).astype(np.float32)
    for centre in eyes:
        gap = np.square(x - centre[0]) + np.square(1.2 * (y - centre[1]))
        share = gain * np.exp(-gap / (2 * 2.3**2)) * front
        x += share * (x - centre[0])
        y += share * (y - centre[1])
    tip: Array = eyes.mean(0) + np.array([0, -2.9, 3.0], np.float32)
    near = np.exp(-(np.square((x - tip[0]) / 2.4) + np.square((y - tip[1]) / 2.6)))
    near *= front * small_nose
    x -= near * 0.6 * (x - tip[0])
    z -= near * 1.6 * (z > 8.5)
    down = ((eyes[0, 1] - 4.0 - y) / 8.0).clip(0, 1) * (y > -13)
    x *= 1 - chin * down * (z > -1)
    return shaped


def draw_outlines(
    image: Frame, surface: Raster, material: NDArray[np.uint8], ink: Array, width: int
) -> Frame:
    """Lines where material or depth changes; ``surface`` has twice the side of ``image``."""
    kind = np.where(surface.triangle == NOTHING, 255, material[surface.triangle]).astype(np.int16)
    kind[kind == Material.CLOTH] = Material.SKIN  # clothes begin in the middle of the skin's mesh
    depth = np.where(np.isfinite(surface.depth), surface.depth, 60.0)
    edges = np.zeros(kind.shape, np.uint8)
    for axis in (0, 1):
        step = np.diff(kind, axis=axis) != 0
        step |= np.abs(np.diff(depth, axis=axis)) > OUTLINE_DEPTH_CM
        where = (slice(0, -1), slice(None)) if axis == 0 else (slice(None), slice(0, -1))
        edges[where] |= step.astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    thick = cv2.dilate(edges, kernel).astype(np.float32)
    share = cv2.resize(thick, image.shape[1::-1], interpolation=cv2.INTER_AREA)[..., None] * 0.9
    return np.asarray(image * (1 - share) + ink * share, np.uint8)


def paint_over(image: Frame, radius: int, relief: Array) -> Frame:
    """Brush strokes (Kuwahara's filter: the calmest of four quadrants) on canvas (h, w)."""
    picture = image.astype(np.float32)
    grey = picture.mean(-1)
    side = radius + 1
    best = np.full(grey.shape, np.inf, np.float32)
    out = picture.copy()
    for anchor in ((0, 0), (radius, 0), (0, radius), (radius, radius)):

        def box(values: Real, at: tuple[int, int] = anchor) -> Array:
            return np.asarray(cv2.blur(values, (side, side), anchor=at), np.float32)

        spread = box(grey * grey) - np.square(box(grey))
        calmer = spread < best
        best = np.where(calmer, spread, best)
        out = np.where(calmer[..., None], box(picture), out)
    return np.asarray((out * relief[..., None]).clip(0, 255), np.uint8)


def canvas_relief(rng: np.random.Generator, size: int) -> Array:
    """(size, size) about 1: threads and the ridges of brush strokes."""
    ridges = rng.standard_normal((size, size)).astype(np.float32)
    kernel = np.zeros((9, 9), np.float32)
    cv2.line(kernel, (0, int(rng.integers(0, 9))), (8, int(rng.integers(0, 9))), 1.0 / 9, 1)
    ridges = cv2.filter2D(ridges, -1, kernel)
    threads = np.sin(np.arange(size) * 2.1)
    return np.asarray(1 + 0.05 * ridges + 0.012 * (threads[:, None] + threads[None]), np.float32)
