"""Hair, beards and caps of cartoon people."""

import numpy as np

from deepmeme.data.toon_canvas import (
    Array,
    Canvas,
    Colour,
    Mask,
    Point,
    ellipse,
    mirrored,
    mix,
    places,
    smooth,
)
from deepmeme.data.toon_face import mouth_lines
from deepmeme.data.toon_person import INK, WHITE, Toon, ToonMoment, shadow_of


def draw_hair_behind(canvas: Canvas, person: Toon) -> None:
    dark = mix(person.hair, INK, 0.45)
    if person.hair_style == "bob":
        half: list[Point] = places(
            "0.0,-0.79  0.28,-0.735  0.48,-0.52  0.56,-0.12  0.58,0.22  0.55,0.46  "
            "0.42,0.52  0.28,0.48  0.0,0.44"
        )
        mass = canvas.mask(smooth(mirrored(half)))
        canvas.paint(mass, dark)
        canvas.shade(mass, person.hair, 0.9, towards=(0, -0.1), radius=0.12)
    elif person.hair_style == "bun":
        knot = canvas.mask(ellipse(0, -0.80, 0.19, 0.17))
        canvas.paint(knot, person.hair)
        canvas.shade(knot, INK, 0.45, towards=(0.03, 0.06), radius=0.05)


def draw_hair(canvas: Canvas, person: Toon, head: Mask) -> None:
    if person.hat == "cap" and person.hair_style == "crop":
        for side in (-1, 1):
            burn = canvas.mask(
                smooth(
                    [
                        (side * 0.36, -0.34),
                        (side * 0.445, -0.34),
                        (side * 0.45, 0.0),
                        (side * 0.425, 0.06),
                        (side * 0.395, -0.06),
                    ]
                )
            )
            canvas.paint(burn, mix(person.hair, INK, 0.12))
        return
    if person.hair_style == "bob":
        outlines = [_fringe(), *_curtains()]
    else:
        outlines = [_quiff() if person.hair_style == "crop" else _parted()]
    mass = np.zeros_like(head)
    for outline in outlines:
        mass = np.maximum(mass, canvas.mask(outline))
    canvas.cast(mass, head * (1 - mass), shadow_of(person), 0.65, by=(0.0, 0.035), radius=0.022)
    canvas.fill(mass, mix(person.hair, WHITE, 0.05), mix(person.hair, INK, 0.15), -0.7, 0.4)
    canvas.shade(mass, mix(person.hair, INK, 0.7), 0.5, towards=(0.02, 0.04), radius=0.05)
    _gloss(canvas, person, mass)


def _gloss(canvas: Canvas, person: Toon, mass: Mask) -> None:
    """A band of light around the crown, and strands."""
    light = mix(person.hair, (255, 226, 190), 0.55)
    band = canvas.stroke(
        places("-0.45,-0.33  -0.32,-0.515  0.0,-0.605  0.32,-0.515  0.45,-0.33"),
        [0.002, 0.055, 0.035, 0.055, 0.002],
    )
    canvas.paint(canvas.blur(band, 0.022) * mass, light, 0.60)
    rng = np.random.default_rng(3)
    strands = [np.zeros_like(mass), np.zeros_like(mass)]
    for i in range(26):
        top = rng.uniform(-0.25, 0.25)
        reach = top * 2.0 + rng.uniform(-0.08, 0.08)
        end = -0.30 if abs(reach) < 0.3 else 0.3
        line: list[Point] = [(top, -0.76), (reach * 0.86, -0.52), (reach, end)]
        strand = canvas.stroke(line, [0.003, 0.008, 0.002], 12)
        strands[i % 2] = np.maximum(strands[i % 2], strand)
    for strand, tone in zip(strands, (light, mix(person.hair, INK, 0.5)), strict=True):
        canvas.paint(canvas.blur(strand, 0.002) * mass, tone, 0.22)


def _fringe() -> Array:
    return smooth(
        places(
            "0.0,-0.80  0.28,-0.745  0.47,-0.54  0.545,-0.20  0.50,-0.10  0.43,-0.16  "
            "0.375,-0.285  0.24,-0.335  0.05,-0.360  -0.13,-0.335  -0.29,-0.255  "
            "-0.41,-0.12  -0.50,-0.10  -0.545,-0.20  -0.47,-0.54  -0.28,-0.745"
        )
    )


def _curtains() -> list[Array]:
    half: list[Point] = places(
        "0.40,-0.40  0.505,-0.42  0.558,-0.12  0.58,0.22  0.54,0.49  0.40,0.525  "
        "0.345,0.46  0.395,0.30  0.405,0.05  0.395,-0.16"
    )
    return [smooth(half), smooth([(-x, y) for x, y in half])]


def _quiff() -> Array:
    return smooth(
        places(
            "-0.10,-0.76  0.16,-0.80  0.37,-0.68  0.47,-0.44  0.458,-0.12  "
            "0.415,-0.06  0.395,-0.26  0.33,-0.39  0.15,-0.415  -0.08,-0.465  "
            "-0.27,-0.41  -0.385,-0.27  -0.415,-0.06  -0.458,-0.12  -0.47,-0.42  "
            "-0.36,-0.64"
        )
    )


def _parted() -> Array:
    return smooth(
        places(
            "0.0,-0.735  0.25,-0.70  0.44,-0.50  0.475,-0.20  0.44,0.02  0.405,-0.10  "
            "0.36,-0.26  0.20,-0.40  0.0,-0.475  -0.20,-0.40  -0.36,-0.26  "
            "-0.405,-0.10  -0.44,0.02  -0.475,-0.20  -0.44,-0.50  -0.25,-0.70"
        )
    )


def draw_beard(canvas: Canvas, person: Toon, head: Mask, moment: ToonMoment) -> None:
    j = person.jaw
    outer: list[Point] = [
        (0.445, -0.02),
        (0.44, 0.16),
        (0.40, 0.36),
        (0.27, 0.52),
        (0.12, 0.585),
        (0.0, 0.60 + 0.02 * j),
    ]
    inner: list[Point] = places(
        "0.0,0.208  0.07,0.200  0.17,0.235  0.27,0.215  0.345,0.11  0.385,-0.06"
    )
    half = [*inner, *outer]
    outline = smooth(half, closed=False)
    left = outline[::-1] * np.array([-1, 1], np.float32)
    beard = canvas.mask(np.concatenate([outline, left]))
    lines = mouth_lines(person, moment)
    lips = canvas.mask(np.concatenate([lines.top, lines.bottom[::-1]]))
    beard = beard * (1 - canvas.blur(lips, 0.004))
    canvas.cast(beard, head, shadow_of(person), 0.5, by=(0, -0.008), radius=0.012)
    canvas.fill(beard, mix(person.hair, INK, 0.05), mix(person.hair, INK, 0.40), 0.1, 0.6)
    canvas.shade(beard, mix(person.hair, WHITE, 0.35), 0.55, towards=(-0.02, -0.025), radius=0.02)
    rng = np.random.default_rng(5)
    locks = [np.zeros_like(beard), np.zeros_like(beard)]
    for i in range(70):
        x, y = rng.uniform(-0.40, 0.40), rng.uniform(0.18, 0.56)
        lock = canvas.stroke(
            [(x, y), (x * 1.02, y + 0.035), (x * 1.05, y + 0.065)], [0.004, 0.008, 0.002], 8
        )
        locks[i % 2] = np.maximum(locks[i % 2], lock)
    for lock, tone in zip(
        locks, (mix(person.hair, WHITE, 0.22), mix(person.hair, INK, 0.5)), strict=True
    ):
        canvas.paint(canvas.blur(lock, 0.002) * beard, tone, 0.40)


def draw_cap(canvas: Canvas, person: Toon, head: Mask) -> None:
    crown = canvas.mask(
        smooth(
            places(
                "0.0,-0.90  0.30,-0.87  0.53,-0.73  0.52,-0.60  0.455,-0.50  0.44,-0.40  "
                "0.0,-0.455  -0.44,-0.40  -0.455,-0.50  -0.52,-0.60  -0.53,-0.73  "
                "-0.30,-0.87"
            )
        )
    )
    canvas.paint(crown, person.accent)
    canvas.shade(
        crown, mix(person.accent, person.cloth, 0.55), 0.6, towards=(0.03, 0.05), radius=0.06
    )
    band = canvas.mask(
        smooth(
            places(
                "-0.455,-0.52  -0.24,-0.56  0.0,-0.575  0.24,-0.56  0.455,-0.52  "
                "0.468,-0.44  0.452,-0.37  0.24,-0.395  0.0,-0.405  -0.24,-0.395  "
                "-0.452,-0.37  -0.468,-0.44"
            )
        )
    )
    canvas.fill(band, person.cloth, mix(person.cloth, INK, 0.35), -0.55, -0.36)
    peak = canvas.mask(
        smooth(
            places(
                "-0.36,-0.405  0.0,-0.445  0.36,-0.405  0.37,-0.335  0.20,-0.285  "
                "0.0,-0.272  -0.20,-0.285  -0.37,-0.335"
            )
        )
    )
    canvas.cast(peak, head * (1 - peak), shadow_of(person), 0.75, by=(0, 0.05), radius=0.025)
    canvas.paint(peak, mix(person.cloth, INK, 0.55))
    gleam = canvas.stroke([(-0.26, -0.345), (0, -0.36), (0.26, -0.345)], [0.004, 0.018, 0.004])
    canvas.paint(canvas.blur(gleam, 0.007) * peak, WHITE, 0.45)
    _badge(canvas, person)


def _badge(canvas: Canvas, person: Toon) -> None:
    gold: Colour = (246, 196, 82)
    ring = canvas.mask(ellipse(0, -0.50, 0.062, 0.062))
    canvas.paint(ring, gold)
    canvas.shade(ring, (150, 92, 30), 0.7, towards=(0.012, 0.016), radius=0.014)
    canvas.paint(canvas.mask(ellipse(0, -0.50, 0.043, 0.043)), person.cloth)
    angle = np.arange(10) * np.pi / 5 - np.pi / 2
    radius = np.where(np.arange(10) % 2 == 0, 0.036, 0.015)
    star = np.stack([radius * np.cos(angle), radius * np.sin(angle) - 0.50], 1)
    canvas.paint(canvas.mask(star.astype(np.float32)), gold)
