"""The face of a cartoon person: skin, nose, mouth, eyes and brows."""

from typing import NamedTuple

import numpy as np

from deepmeme.data.toon_canvas import (
    Array,
    Canvas,
    Mask,
    Point,
    ellipse,
    mix,
    smooth,
)
from deepmeme.data.toon_person import INK, MOUTH_Y, REST, WHITE, Toon, ToonMoment, shadow_of

_EYE_X, _EYE_Y = 0.188, -0.055


def head_outline(person: Toon, moment: ToonMoment) -> list[Point]:
    """The half on the picture's right, from the crown to the chin, which follows the jaw."""
    j = person.jaw
    half = [
        (0.0, -0.62),
        (0.22, -0.585),
        (0.375, -0.42),
        (0.425, -0.18),
        (0.42, 0.03),
        (0.385 + 0.02 * j, 0.21),
        (0.285 + 0.045 * j, 0.375 + 0.01 * j),
        (0.13 + 0.04 * j, 0.475 + 0.015 * j),
        (0.0, 0.495 + 0.02 * j),
    ]
    return [(x, y + 0.075 * moment.jaw * max(0.0, (y - 0.1) / 0.4)) for x, y in half]


def draw_ears(canvas: Canvas, person: Toon) -> None:
    if person.hair_style == "bob":
        return
    for side in (-1, 1):
        ear = canvas.mask(ellipse(side * 0.432, 0.03, 0.068, 0.115, -10 * side))
        canvas.paint(ear, person.skin)
        canvas.shade(ear, shadow_of(person), 0.8, towards=(0, 0.03), radius=0.03)
        inner = canvas.mask(ellipse(side * 0.438, 0.035, 0.034, 0.068, -10 * side))
        canvas.paint(canvas.blur(inner, 0.008), shadow_of(person), 0.7)


def draw_skin(canvas: Canvas, person: Toon, head: Mask) -> None:
    light = mix(person.skin, (255, 236, 206), 0.35 * sum(person.skin) / 765)
    canvas.fill(head, light, person.skin, -0.5, 0.35)
    canvas.shade(head, shadow_of(person), 0.55, towards=(0.05, 0.06), radius=0.09)
    canvas.shade(
        head, mix(shadow_of(person), (255, 150, 120), 0.4), 0.30, towards=(-0.03, 0), radius=0.07
    )
    for side in (-1, 1):
        cheek = canvas.blur(canvas.mask(ellipse(side * 0.262, 0.155, 0.085, 0.06)), 0.045)
        canvas.paint(cheek * head, mix((255, 110, 100), shadow_of(person), 0.35), 0.50)
        socket = canvas.blur(canvas.mask(ellipse(side * _EYE_X, _EYE_Y, 0.135, 0.10)), 0.035)
        canvas.paint(socket * head, shadow_of(person), 0.20)
        if person.freckles:
            for x, y in (
                (0.15, 0.145),
                (0.205, 0.115),
                (0.205, 0.175),
                (0.265, 0.14),
                (0.31, 0.165),
            ):
                dot = canvas.mask(ellipse(side * x, y, 0.0095, 0.0085))
                canvas.paint(dot, shadow_of(person), 0.55)


def draw_nose(canvas: Canvas, person: Toon) -> None:
    dark = shadow_of(person)
    wide = 1 + 0.25 * person.jaw
    under = canvas.mask(ellipse(0, 0.158, 0.062 * wide, 0.034))
    canvas.paint(canvas.blur(under, 0.016), dark, 0.75)
    ball = canvas.blur(canvas.mask(ellipse(0, 0.115, 0.050 * wide, 0.044)), 0.014)
    canvas.paint(ball, mix(person.skin, (255, 160, 130), 0.25))
    canvas.paint(canvas.blur(canvas.mask(ellipse(-0.012, 0.095, 0.018, 0.014)), 0.008), WHITE, 0.55)
    ridge = canvas.blur(canvas.stroke([(-0.014, -0.06), (-0.012, 0.06)], [0.03, 0.03]), 0.015)
    canvas.paint(ridge, WHITE, 0.22)
    shadow = canvas.stroke([(0.052, -0.07), (0.036, 0.0), (0.05, 0.08)], [0.01, 0.02, 0.03])
    canvas.paint(canvas.blur(shadow, 0.014), dark, 0.35)
    for side in (-1, 1):
        nostril = canvas.mask(ellipse(side * 0.026 * wide, 0.156, 0.0135, 0.0075, 14 * side))
        canvas.paint(canvas.blur(nostril, 0.003), mix(dark, INK, 0.6), 0.85)


class Mouth(NamedTuple):
    """Lines of a mouth, each from the picture's left to its right (n, 2), corners included."""

    top: Array
    upper_edge: Array
    lower_edge: Array
    bottom: Array


def mouth_lines(person: Toon, moment: ToonMoment) -> Mouth:
    """Outer and inner lips; the inner ones lie on each other when the mouth is shut."""
    y, s = MOUTH_Y, person.smile + moment.smile
    corner = y - 0.022 * s + 0.035 * moment.jaw
    w = (0.125 + 0.012 * s) * moment.wide
    drop, lift = 0.125 * moment.jaw, 0.008 * moment.jaw

    def line(points: list[Point], dy: float) -> Array:
        ends: list[Point] = [(-w, corner), *((x * w / 0.137, py + dy) for x, py in points)]
        return smooth([*ends, (w, corner)], closed=False)

    return Mouth(
        line([(-0.07, y - 0.026), (-0.022, y - 0.037), (0, y - 0.030), (0.022, y - 0.037),
              (0.07, y - 0.026)], -lift),
        line([(-0.06, y + 0.007), (0, y + 0.011), (0.06, y + 0.007)], -lift),
        line([(-0.06, y + 0.007), (0, y + 0.011), (0.06, y + 0.007)], drop),
        line([(-0.075, y + 0.038), (0, y + 0.058), (0.075, y + 0.038)], drop),
    )  # fmt: skip


def draw_mouth(canvas: Canvas, person: Toon, moment: ToonMoment) -> None:
    lines = mouth_lines(person, moment)
    y = float(lines.bottom[:, 1].max())
    below = canvas.blur(canvas.mask(ellipse(0, y + 0.027, 0.06, 0.014)), 0.014)
    canvas.paint(below, shadow_of(person), 0.40)
    if moment.jaw > 0.02:
        _draw_cavity(canvas, lines, moment)
    upper = np.concatenate([lines.top, lines.upper_edge[::-1]])
    lower = np.concatenate([lines.lower_edge, lines.bottom[::-1]])
    canvas.paint(canvas.mask(upper), mix(person.lips, INK, 0.14))
    low = canvas.mask(lower)
    canvas.paint(low, mix(person.lips, person.skin, 0.14))
    canvas.shade(low, INK, 0.22, towards=(0, 0.02), radius=0.02)
    shine = canvas.blur(canvas.mask(ellipse(-0.01, y - 0.028, 0.036 * moment.wide, 0.008)), 0.006)
    canvas.paint(shine, WHITE, 0.55)
    ink = mix(INK, person.lips, 0.25)
    edges = [lines.upper_edge] if moment.jaw < 0.02 else [lines.upper_edge, lines.lower_edge]
    for edge in edges:
        knots: list[Point] = [(float(px), float(py)) for px, py in edge[::16]]
        first, last = edge[0], edge[-1]
        knots = [(float(first[0]) - 0.006, float(first[1]) - 0.006), *knots[1:]]
        knots.append((float(last[0]) + 0.006, float(last[1]) - 0.006))
        canvas.paint(canvas.stroke(knots, [0.008, 0.014, 0.012, 0.014, 0.008]), ink)


def _draw_cavity(canvas: Canvas, lines: Mouth, moment: ToonMoment) -> None:
    inside = canvas.mask(np.concatenate([lines.upper_edge, lines.lower_edge[::-1]]))
    canvas.paint(inside, (86, 24, 30))
    low = float(lines.lower_edge[:, 1].max())
    tongue = canvas.mask(ellipse(0, low + 0.01, 0.07 * moment.wide, 0.05 * moment.jaw + 0.01))
    canvas.paint(canvas.blur(tongue, 0.006) * inside, (206, 92, 92))
    teeth = canvas.shift(canvas.mask(np.concatenate([lines.top, lines.upper_edge[::-1]])), 0, 0.032)
    canvas.paint(teeth * inside, (250, 246, 240))


def lid_lines(person: Toon, side: int, moment: ToonMoment) -> tuple[list[Point], list[Point]]:
    """Upper and lower lid, each from the inner corner to the outer one."""
    e = person.eye
    shut = 1 - moment.lids[0 if side < 0 else 1]

    def at(x: float, y: float) -> Point:
        return (side * (_EYE_X + x * e), _EYE_Y + y * e)

    upper = [
        at(-0.104, 0.028),
        at(-0.066, -0.046),
        at(0.0, -0.080),
        at(0.072, -0.056),
        at(0.116, 0.006),
    ]
    lower = [
        at(-0.104, 0.028),
        at(-0.05, 0.058),
        at(0.015, 0.070),
        at(0.08, 0.050),
        at(0.116, 0.006),
    ]
    meet = [(0.8 * lx + 0.2 * ux, 0.86 * ly + 0.14 * uy)
            for (ux, uy), (lx, ly) in zip(upper, lower, strict=True)]  # fmt: skip
    closing = [(ux + shut * (mx - ux), uy + shut * (my - uy))
               for (ux, uy), (mx, my) in zip(upper, meet, strict=True)]  # fmt: skip
    rising = [(lx + shut * (mx - lx), ly + shut * (my - ly))
              for (lx, ly), (mx, my) in zip(lower, meet, strict=True)]  # fmt: skip
    return closing, rising


def iris_circle(person: Toon, side: int, moment: ToonMoment) -> tuple[float, float, float]:
    """x, y and radius."""
    r = 0.068 * person.eye
    x, y = moment.gaze
    return side * (_EYE_X + 0.004) + x * r, _EYE_Y - 0.004 * person.eye + y * r, r


def draw_eye(canvas: Canvas, person: Toon, side: int, moment: ToonMoment) -> None:
    upper, lower = lid_lines(person, side, moment)
    open_upper = lid_lines(person, side, REST)[0]
    outline = np.concatenate(
        [smooth(upper, closed=False), smooth(lower, closed=False)[::-1]]
    ).astype(np.float32)
    white = canvas.mask(outline)
    canvas.paint(white, (252, 250, 250))
    x, y, r = iris_circle(person, side, moment)
    iris = canvas.mask(ellipse(x, y, r, r)) * white
    canvas.paint(iris, mix(person.iris, INK, 0.55))
    inner = canvas.mask(ellipse(x, y, r * 0.88, r * 0.88)) * white
    canvas.fill(inner, mix(person.iris, INK, 0.25), mix(person.iris, WHITE, 0.35), y - r, y + r)
    canvas.paint(canvas.mask(ellipse(x, y, r * 0.47, r * 0.47)) * white, (24, 16, 20))
    roof = canvas.blur(canvas.stroke(upper, [0.03, 0.05, 0.05, 0.05, 0.03]), 0.010)
    canvas.paint(roof * white, (70, 60, 90), 0.55)
    glow = canvas.blur(canvas.mask(ellipse(x, y + r * 0.52, r * 0.50, r * 0.26)), 0.008)
    canvas.paint(glow * inner, WHITE, 0.35)
    for dx, dy, size in ((-0.34, -0.36, 0.27), (0.36, 0.34, 0.12)):
        glint = canvas.mask(ellipse(x + dx * r, y + dy * r, size * r, size * r))
        canvas.paint(glint * white if min(moment.lids) < 1 else glint, WHITE, 0.96)
    canvas.paint(
        canvas.stroke(lower, [0.005, 0.007, 0.007, 0.008, 0.012]),
        mix(shadow_of(person), INK, 0.4),
        0.8,
    )
    lash: list[Point] = list(upper)
    if person.jaw < 0.45:
        ox, oy = upper[-1]
        lash.append((ox + side * 0.030, oy - 0.022))
    canvas.paint(canvas.stroke(lash, [0.012, 0.020, 0.026, 0.027, 0.024, 0.008]), INK)
    fold = [(px, py - 0.034 * person.eye) for px, py in open_upper[1:]]
    canvas.paint(
        canvas.blur(canvas.stroke(fold, [0.004, 0.010, 0.010, 0.004]), 0.003),
        shadow_of(person),
        0.75,
    )


def brow_line(person: Toon, side: int, moment: ToonMoment) -> list[Point]:
    """From the inner end to the outer one."""
    y = -0.232 + 0.016 * (person.brow - 1) - 0.045 * moment.brows[0 if side < 0 else 1]
    return [
        (side * 0.082, y + 0.022),
        (side * 0.16, y - 0.012),
        (side * 0.245, y - 0.010),
        (side * 0.318, y + 0.038),
    ]


def draw_brow(canvas: Canvas, person: Toon, side: int, moment: ToonMoment) -> None:
    points = brow_line(person, side, moment)
    width = 0.030 * person.brow
    brow = canvas.stroke(points, [width * 0.75, width, width * 0.85, width * 0.3])
    canvas.paint(canvas.blur(brow, 0.002), mix(person.hair, INK, 0.25))
