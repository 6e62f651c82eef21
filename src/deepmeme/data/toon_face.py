"""The face of a cartoon person: skin, nose, mouth, eyes and brows."""

import numpy as np

from deepmeme.data.toon_canvas import (
    Canvas,
    Mask,
    Point,
    ellipse,
    mix,
    smooth,
)
from deepmeme.data.toon_person import INK, MOUTH_Y, WHITE, Toon, shadow_of

_EYE_X, _EYE_Y = 0.188, -0.055


def head_outline(jaw: float) -> list[Point]:
    j = jaw
    return [
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


def draw_mouth(canvas: Canvas, person: Toon) -> None:
    y, s = MOUTH_Y, person.smile
    corner = y - 0.022 * s
    w = 0.125 + 0.012 * s
    upper = smooth(
        [
            (-w, corner),
            (-0.07, y - 0.026),
            (-0.022, y - 0.037),
            (0, y - 0.030),
            (0.022, y - 0.037),
            (0.07, y - 0.026),
            (w, corner),
            (0.06, y + 0.008),
            (0, y + 0.012),
            (-0.06, y + 0.008),
        ]
    )
    lower = smooth(
        [
            (-w, corner),
            (-0.06, y + 0.006),
            (0, y + 0.010),
            (0.06, y + 0.006),
            (w, corner),
            (0.075, y + 0.038),
            (0, y + 0.058),
            (-0.075, y + 0.038),
        ]
    )
    below = canvas.blur(canvas.mask(ellipse(0, y + 0.085, 0.06, 0.014)), 0.014)
    canvas.paint(below, shadow_of(person), 0.40)
    canvas.paint(canvas.mask(upper), mix(person.lips, INK, 0.14))
    low = canvas.mask(lower)
    canvas.paint(low, mix(person.lips, person.skin, 0.14))
    canvas.shade(low, INK, 0.22, towards=(0, 0.02), radius=0.02)
    shine = canvas.blur(canvas.mask(ellipse(-0.01, y + 0.030, 0.036, 0.008)), 0.006)
    canvas.paint(shine, WHITE, 0.55)
    line: list[Point] = [
        (-w - 0.006, corner - 0.006),
        (-0.06, y + 0.006),
        (0, y + 0.010),
        (0.06, y + 0.006),
        (w + 0.006, corner - 0.006),
    ]
    canvas.paint(
        canvas.stroke(line, [0.008, 0.014, 0.012, 0.014, 0.008]), mix(INK, person.lips, 0.25)
    )


def _lids(person: Toon, side: int) -> tuple[list[Point], list[Point]]:
    """Upper and lower lid, each from the inner corner to the outer one."""
    e = person.eye

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
    return upper, lower


def draw_eye(canvas: Canvas, person: Toon, side: int) -> None:
    upper, lower = _lids(person, side)
    outline = np.concatenate(
        [smooth(upper, closed=False), smooth(lower, closed=False)[::-1]]
    ).astype(np.float32)
    white = canvas.mask(outline)
    canvas.paint(white, (252, 250, 250))
    x, y, r = side * (_EYE_X + 0.004), _EYE_Y - 0.004 * person.eye, 0.068 * person.eye
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
        canvas.paint(canvas.mask(ellipse(x + dx * r, y + dy * r, size * r, size * r)), WHITE, 0.96)
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
    fold = [(px, py - 0.034 * person.eye) for px, py in upper[1:]]
    canvas.paint(
        canvas.blur(canvas.stroke(fold, [0.004, 0.010, 0.010, 0.004]), 0.003),
        shadow_of(person),
        0.75,
    )


def draw_brow(canvas: Canvas, person: Toon, side: int) -> None:
    y = -0.232 + 0.016 * (person.brow - 1)
    points: list[Point] = [
        (side * 0.082, y + 0.022),
        (side * 0.16, y - 0.012),
        (side * 0.245, y - 0.010),
        (side * 0.318, y + 0.038),
    ]
    width = 0.030 * person.brow
    brow = canvas.stroke(points, [width * 0.75, width, width * 0.85, width * 0.3])
    canvas.paint(canvas.blur(brow, 0.002), mix(person.hair, INK, 0.25))
