"""Where things are in the skin texture: computed once per face kit, the same for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.data.ict import FaceKit
from deepmeme.data.raster import NOTHING, interpolate, rasterize
from deepmeme.data.synthetic_heads.borders import eye_rims
from deepmeme.data.synthetic_heads.tables import (
    TEXTURE_HEIGHT,
    TEXTURE_WIDTH,
    smoothstep,
    texture_place,
)

Array = NDArray[np.float32]
Real = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TextureMaps:
    """Maps are (h, w) in 0..1; polylines are (n, 2) texture pixels."""

    place: Array  # (h, w, 3) cm on the neutral head
    lips: Array
    lip_line: Array  # where the lips meet
    lid_edge: Array
    lid_shade: Array  # above the eye, where shadow is put on
    eye_bag: Array
    cheek: Array
    nose: Array
    beard: Array
    moustache: Array
    folds: Array  # lines beside nose and mouth
    forehead_lines: Array
    crow_feet: Array
    brows: tuple[Array, Array]  # right and left, from the nose outwards
    upper_lids: tuple[Array, Array]  # from the inner corner outwards


def build_texture_maps(kit: FaceKit) -> TextureMaps:
    """A second or so for the full kit."""
    mark = texture_place(kit.neutral[kit.landmarks])
    place = _places(kit)
    rims = [texture_place(kit.neutral[ids]) for ids in eye_rims(kit)]
    uppers = tuple(_upper(rim) for rim in rims)
    x, y, z = np.moveaxis(place, -1, 0)
    front = smoothstep(2.0, 6.0, z)
    lips = _filled(mark[48:60], 1.5)
    jaw_line = smoothstep(-1.0, -3.5, y + 0.28 * np.abs(x)) * smoothstep(-12.0, -8.5, y)
    side = smoothstep(5.6, 6.8, np.abs(x)) * smoothstep(3.5, 2.0, y) * smoothstep(1.5, 3.0, z)
    moustache = _filled(_moustache(mark), 3.0) * (1 - lips)
    around_lips = cv2.GaussianBlur(_filled(mark[48:60], 1.0), (0, 0), 3.0)
    beard = np.maximum(jaw_line * front, side * smoothstep(-9, -7, y)) * (1 - around_lips)
    return TextureMaps(
        place=place,
        lips=lips,
        lip_line=_lines([_curve(mark[[60, 61, 62, 63, 64]])], 2, 0.9),
        lid_edge=_lines(rims, 2, 0.8),
        lid_shade=_lines([rim - [0, 5] for rim in uppers], 11, 3.0),
        eye_bag=_lines([_under(rim) for rim in rims], 5, 3.0),
        cheek=_spots(kit, ((-5.2, -0.3, 8.0), (5.2, -0.3, 8.0)), 24),
        nose=_spots(kit, ((0.0, 0.2, 13.0),), 15),
        beard=np.maximum(beard, moustache).astype(np.float32),
        moustache=moustache,
        folds=_lines([_fold(mark, +1), _fold(mark, -1)], 3, 2.0),
        forehead_lines=_lines(_forehead(kit), 2, 1.3),
        crow_feet=_lines(_crow_feet(mark), 1, 1.0),
        brows=(_curve(mark[[21, 20, 19, 18, 17]]), _curve(mark[[22, 23, 24, 25, 26]])),
        upper_lids=(uppers[0], uppers[1]),
    )


def _places(kit: FaceKit) -> Array:
    skin = kit.parts["neck"].stop
    triangles = kit.triangles[(kit.triangles < skin).all(1)]
    at = texture_place(kit.neutral)
    wide = np.ptp(at[triangles][..., 0], axis=1) > TEXTURE_WIDTH / 2
    triangles = np.ascontiguousarray(triangles[~wide])
    radius = np.hypot(kit.neutral[:, 0], kit.neutral[:, 2])
    seen = rasterize(at, -radius, triangles, TEXTURE_HEIGHT, TEXTURE_WIDTH)
    place = interpolate(kit.neutral, triangles, seen.triangle, seen.barycentric)
    empty = (seen.triangle == NOTHING).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    source = np.zeros((label.max() + 1, 3), np.float32)
    source[label[empty == 0]] = place[empty == 0]
    return np.asarray(source[label], np.float32)


def _curve(points: NDArray[np.floating], count: int = 24) -> Array:
    """A smooth line through points (Catmull-Rom)."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, len(points) - 1 - 1e-6, count)
    i, f = t.astype(int), (t % 1)[:, None]
    a, b, c, d = (padded[i + n] for n in range(4))
    line = b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)))
    return np.asarray(line, np.float32)


def _px(x: float, y: float) -> Array:
    return np.array([x, y], np.float32)


def _upper(rim: Array) -> Array:
    inner_first = rim[:, 0].mean() > TEXTURE_WIDTH / 2
    low, high = rim[rim[:, 0].argmin()], rim[rim[:, 0].argmax()]
    share = (rim[:, 0] - low[0]) / (high[0] - low[0])
    upper = rim[rim[:, 1] <= low[1] + share * (high[1] - low[1]) + 0.3]
    upper = np.asarray(upper[np.argsort(upper[:, 0])], np.float32)
    return upper if inner_first else upper[::-1]


def _under(rim: Array) -> Array:
    upper = _upper(rim)
    low = rim[(rim[:, None] != upper[None]).any(-1).all(-1)]
    return np.asarray(low[np.argsort(low[:, 0])] + [0, 9], np.float32)


def _moustache(mark: Array) -> Array:
    top = (mark[33] * 0.45 + mark[51] * 0.55)[None]
    corners = mark[[48, 54]] + [[-4, 5], [4, 5]]
    sides = mark[[31, 35]] * 0.5 + mark[[49, 53]] * 0.5
    return np.concatenate([corners[:1], sides[:1], top, sides[1:], corners[1:], mark[[53, 51, 49]]])


def _fold(mark: Array, side: int) -> Array:
    nose, mouth = (mark[35], mark[54]) if side > 0 else (mark[31], mark[48])
    start = nose + _px(7 * side, -6)
    end = mouth + _px(7 * side, 6)
    bow = (start + end) / 2 + _px(4 * side, -2)
    return _curve(np.stack([start, bow, end]))


def _forehead(kit: FaceKit) -> list[Array]:
    lines = []
    for height in (7.4, 8.3, 9.2):
        x = np.linspace(-4.2, 4.2, 9)
        y = height - 0.035 * x * x + 0.12 * np.cos(1.9 * x + height)
        z = np.full(9, 10.4) - 0.06 * x * x
        lines.append(texture_place(np.stack([x, y, z], 1)))
    return lines


def _crow_feet(mark: Array) -> list[Array]:
    feet = []
    for corner, side in ((mark[36], -1), (mark[45], 1)):
        for rise in (-7, -1, 6):
            start = corner + _px(7 * side, rise * 0.4)
            middle, end = start + _px(7 * side, rise * 0.4), start + _px(13 * side, rise)
            feet.append(_curve(np.stack([start, middle, end])))
    return feet


def _spots(kit: FaceKit, centres: tuple[tuple[float, float, float], ...], spread: float) -> Array:
    rows, columns = np.mgrid[0:TEXTURE_HEIGHT, 0:TEXTURE_WIDTH].astype(np.float32)
    total = np.zeros((TEXTURE_HEIGHT, TEXTURE_WIDTH), np.float32)
    for x, y in texture_place(np.array(centres, np.float32)):
        total += np.exp(-0.5 * (np.square(columns - x) + np.square(rows - y)) / spread**2)
    return total.clip(0, 1)


def _filled(points: NDArray[np.floating], blur: float) -> Array:
    canvas = np.zeros((TEXTURE_HEIGHT, TEXTURE_WIDTH), np.float32)
    cv2.fillPoly(canvas, [np.rint(points * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), blur), np.float32)


def _lines(lines: Sequence[Real], width: int, blur: float) -> Array:
    canvas = np.zeros((TEXTURE_HEIGHT, TEXTURE_WIDTH), np.float32)
    for line in lines:
        closed = len(line) > 30
        cv2.polylines(
            canvas, [np.rint(line * 16).astype(np.int32)], closed, 1.0, width, cv2.LINE_8, 4
        )
    blurred: Array = cv2.GaussianBlur(canvas, (0, 0), blur)
    return blurred / max(float(blurred.max()), 1e-6)
