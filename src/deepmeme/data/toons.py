"""Cartoon people, drawn from shapes: faces for the demo and strangers for training.

python -m deepmeme.data.toons -o girl.png --name girl
python -m deepmeme.data.toons -o somebody.png --seed 7
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.data.toon_canvas import Canvas, Mask, ellipse, mirrored, mix, places, smooth
from deepmeme.data.toon_face import (
    draw_brow,
    draw_ears,
    draw_eye,
    draw_mouth,
    draw_nose,
    draw_skin,
    head_outline,
)
from deepmeme.data.toon_hair import draw_beard, draw_cap, draw_hair, draw_hair_behind
from deepmeme.data.toon_person import (
    CAPTAIN,
    GIRL,
    INK,
    NAMED,
    REST,
    WHITE,
    Toon,
    ToonMoment,
    shadow_of,
    toon,
)

__all__ = [
    "CAPTAIN",
    "GIRL",
    "NAMED",
    "REST",
    "Layers",
    "Toon",
    "ToonMoment",
    "draw_layers",
    "draw_toon",
    "toon",
]

Frame = NDArray[np.uint8]


class Layers(NamedTuple):
    """A drawing whose person can be cut out."""

    picture: Frame  # (size, size, 3)
    cover: NDArray[np.float32]  # (size, size) 1 = person
    backdrop: Frame  # (size, size, 3)


def draw_toon(person: Toon, size: int = 512, moment: ToonMoment = REST) -> Frame:
    """(size, size, 3): face on before a calm background; at rest, eyes open, mouth closed."""
    return draw_layers(person, size, moment).picture


def draw_layers(person: Toon, size: int = 512, moment: ToonMoment = REST) -> Layers:
    """As :func:`draw_toon`, with the person's outline and what is behind."""
    canvas = Canvas(size, person.sky)
    head = canvas.mask(smooth(mirrored(head_outline(person, moment))))
    _backdrop(canvas, person)
    backdrop = canvas.picture()
    canvas.cover[...] = 0
    draw_hair_behind(canvas, person)
    _body(canvas, person, head)
    draw_ears(canvas, person)
    draw_skin(canvas, person, head)
    if person.beard:
        draw_beard(canvas, person, head, moment)
    draw_nose(canvas, person)
    draw_mouth(canvas, person, moment)
    for side in (-1, 1):
        draw_eye(canvas, person, side, moment)
        draw_brow(canvas, person, side, moment)
    draw_hair(canvas, person, head)
    if person.hat == "cap":
        draw_cap(canvas, person, head)
    return Layers(canvas.picture(), canvas.halved(canvas.cover), backdrop)


def _backdrop(canvas: Canvas, person: Toon) -> None:
    everywhere = np.ones((canvas.side, canvas.side), np.float32)
    canvas.fill(everywhere, mix(person.sky, WHITE, 0.16), mix(person.sky, INK, 0.10), -1, 1)
    sun = canvas.mask(ellipse(0, -0.08, 0.86, 0.86))
    canvas.paint(sun, mix(person.sky, WHITE, 0.42), 0.75)


def _body(canvas: Canvas, person: Toon, head: Mask) -> None:
    neck = canvas.mask(
        smooth(
            places(
                "-0.19,0.25  0.19,0.25  0.195,0.60  0.25,0.76  0.0,0.95  -0.25,0.76  -0.195,0.60"
            )
        )
    )
    wide = 0.05 * person.jaw
    half = [
        (0.0, 0.83),
        (0.16, 0.745),
        (0.235, 0.67),
        (0.36 + wide, 0.725),
        (0.58 + wide, 0.785),
        (0.76 + wide, 0.92),
        (0.84 + wide, 1.3),
        (0.0, 1.5),
    ]
    cloth = canvas.mask(smooth(mirrored(half)))
    canvas.paint(neck, mix(person.skin, shadow_of(person), 0.35))
    canvas.fill(cloth, person.cloth, mix(person.cloth, INK, 0.18), 0.65, 1.1)
    canvas.shade(cloth, WHITE, 0.35, towards=(-0.03, -0.05), radius=0.05)
    dip = canvas.mask(ellipse(0, 0.60, 0.235, 0.225))
    canvas.paint(dip * cloth, mix(person.skin, shadow_of(person), 0.35))
    skin = np.maximum(neck * (1 - cloth), dip * cloth)
    canvas.cast(head, skin, shadow_of(person), 0.85, by=(0.0, 0.10), radius=0.035)
    collar = canvas.stroke(
        places("-0.25,0.675  -0.17,0.79  0,0.838  0.17,0.79  0.25,0.675"), [0.055] * 3
    )
    canvas.cast(collar, cloth, INK, 0.35, by=(0, 0.03), radius=0.02)
    canvas.paint(collar, person.accent)
    canvas.shade(collar, mix(person.accent, INK, 0.5), 0.5, towards=(0, 0.015), radius=0.012)
    if person.hat == "cap":
        for y in (0.90, 0.985):
            stripe = canvas.stroke([(-0.9, y + 0.05), (0, y), (0.9, y + 0.05)], [0.03] * 3)
            canvas.paint(stripe * cloth * (1 - collar), person.accent, 0.9)


def _main() -> None:
    import argparse

    from PIL import Image

    parser = argparse.ArgumentParser(description="Draw a cartoon person.")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--name", choices=sorted(NAMED))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=512)
    given = parser.parse_args()
    person = NAMED[given.name] if given.name else toon(given.seed)
    Image.fromarray(draw_toon(person, given.size)).save(given.output, optimize=True)


if __name__ == "__main__":
    _main()
