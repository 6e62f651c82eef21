"""What the painted lady wears: a lace collar, a scarf that falls from her cap, and a pearl.

Places are told in centimetres of the face kit and land in the picture by the sitter's camera.
"""

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.demo_sitters import Casting, Portrait
from deepmeme.data.toon_canvas import Array, Canvas, Mask, Point, ellipse, places, smooth

Frame = NDArray[np.uint8]

_COLLAR = places(
    "0.3,-15.6  3.2,-14.6  5.8,-12.6  7.4,-11.6  10.4,-13.0  13.4,-16.2  12.6,-19.6  8.2,-22.4  "
    "3.6,-22.6  1.6,-19.4"
)
"""The half on the picture's right."""
_SCARF = places(
    "2.0,14.0  5.5,13.6  8.6,10.6  10.2,6.0  10.6,0.0  11.4,-6.0  11.0,-11.0  12.2,-15.5  "
    "9.0,-17.0  5.0,-16.5  3.0,-8.0  3.0,4.0"
)
_KNOT = places("-2.6,12.6  -2.0,15.4  0.8,16.9  4.2,16.3  6.0,13.6  4.0,11.6  0.0,11.6")
_FOLDS = (
    "4.6,13.2  7.6,9.6  9.0,3.0  9.4,-5.0  9.0,-11.0  10.0,-15.8",
    "6.4,12.8  9.2,8.2  9.9,1.0  10.6,-7.0  10.3,-12.0  11.2,-15.6",
)
_LOBE = (-8.05, -1.2)
_SHADE = (60, 30, 6)


def dress(portrait: Portrait, casting: Casting) -> Frame:
    """(size, size, 3): the portrait with scarf, collar and pearl."""
    canvas = Canvas(len(portrait.picture), (0, 0, 0))
    canvas.pixels = np.repeat(np.repeat(portrait.picture, 2, 0), 2, 1).astype(np.float32)
    person = np.repeat(np.repeat(portrait.person, 2, 0), 2, 1)
    camera = _Place(casting)
    _scarf(canvas, camera, 1 - person)
    for side in (-1, 1):
        _half_collar(canvas, camera, side)
    for x, y in camera([(-0.5, -16.4), (0.5, -16.4), (0, -17.4)]):
        canvas.paint(canvas.mask(ellipse(x, y, 0.026, 0.02)), (58, 14, 12))
    _pearl(canvas, camera([_LOBE])[0])
    return canvas.picture()


class _Place:
    """From centimetres to the canvas."""

    def __init__(self, casting: Casting) -> None:
        self._scale, (self._x, self._y) = casting.scale, casting.place

    def __call__(self, points: list[Point]) -> list[Point]:
        s = self._scale
        return [(self._x + s * x, self._y - s * (y + 4.0)) for x, y in points]


def _scarf(canvas: Canvas, camera: _Place, behind: Mask) -> None:
    """Yellow cloth behind the head, knotted on the crown; ``behind`` is where the person isn't."""
    for outline in (_SCARF, _KNOT):
        cloth = canvas.mask(smooth(camera(outline))) * behind
        canvas.paint(cloth, (196, 146, 58))
        canvas.shade(cloth, (250, 216, 132), 0.55, towards=(-0.02, -0.03), radius=0.04)
        canvas.shade(cloth, _SHADE, 0.75, towards=(0.04, 0.02), radius=0.05)
        if outline is _SCARF:
            for words in _FOLDS:
                fold = canvas.stroke(camera(places(words)), [0.004, 0.02, 0.03, 0.03, 0.025, 0.01])
                canvas.paint(canvas.blur(fold, 0.010) * cloth, _SHADE, 0.6)
                lit = canvas.blur(canvas.shift(fold, -0.022, 0), 0.010)
                canvas.paint(lit * cloth, (255, 226, 150), 0.35)
            for y in (-7.0, -8.3):
                (x0, y0), (x1, y1) = camera([(3, y), (13, y - 0.4)])
                stripe = canvas.stroke([(x0, y0), (x1, y1)], [0.022, 0.022]) * cloth
                canvas.paint(stripe, (40, 62, 116), 0.9)
        near = canvas.blur(1 - behind, 0.03) * cloth
        canvas.paint(near, _SHADE, 0.7)


def _half_collar(canvas: Canvas, camera: _Place, side: int) -> None:
    outline = smooth(camera([(side * x, y) for x, y in _COLLAR]))
    linen = canvas.mask(outline)
    canvas.paint(canvas.blur(canvas.shift(linen, 0.015, 0.035), 0.025), (10, 4, 3), 0.75)
    canvas.paint(linen, (238, 228, 206) if side < 0 else (206, 190, 164))
    _lace(canvas, outline, linen)
    canvas.shade(linen, (120, 96, 74), 0.55, towards=(0.05, 0.05), radius=0.07)
    folds = camera([(side * 6.6, -12.4), (side * 7.6, -16.0), (side * 7.2, -21.0)])
    fold = canvas.blur(canvas.stroke(folds, [0.004, 0.03, 0.01]), 0.016)
    canvas.paint(fold * linen, (126, 104, 84), 0.5)


def _lace(canvas: Canvas, outline: Array, linen: Mask) -> None:
    """Holes along the outer border: three rows, every other one between its neighbours."""
    centre = outline.mean(0)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
    holes = np.zeros_like(linen)
    for row, (inset, radius) in enumerate(((0.955, 0.0085), (0.90, 0.0065), (0.85, 0.004))):
        for step in np.arange(0.2, 0.80, 0.013) + 0.0065 * (row % 2):
            at = step * length[-1]
            x, y = (float(np.interp(at, length, outline[:, axis])) for axis in (0, 1))
            if y < centre[1] - 0.02:
                continue
            x, y = centre + inset * (np.array([x, y]) - centre)
            holes = np.maximum(holes, canvas.mask(ellipse(float(x), float(y), radius, radius)))
    canvas.paint(holes * linen, (70, 34, 28), 0.7)


def _pearl(canvas: Canvas, lobe: Point) -> None:
    x, y = lobe
    hook = canvas.stroke([(x, y - 0.02), (x, y + 0.01)], [0.006, 0.006])
    canvas.paint(hook, (220, 180, 90))
    y += 0.045
    drop = canvas.mask(ellipse(x, y, 0.040, 0.045))
    canvas.paint(canvas.blur(canvas.shift(drop, 0.03, 0.02), 0.015), (20, 10, 4), 0.5)
    canvas.paint(drop, (196, 188, 176))
    canvas.shade(drop, (62, 50, 42), 0.9, towards=(0.02, 0.012), radius=0.016)
    canvas.shade(drop, (232, 214, 186), 0.8, towards=(0.0, 0.022), radius=0.010)
    glint = canvas.blur(canvas.mask(ellipse(x - 0.012, y - 0.016, 0.012, 0.010)), 0.005)
    canvas.paint(glint, (255, 252, 244), 1.0)
