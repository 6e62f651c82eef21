"""Rendered people chosen by what the renderer knows of them, as many of each kind.

Nobody's skin, sex or age is guessed here: these people do not exist, and their traits are the
numbers that they were drawn from.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from deepmeme.data.ict import FaceKit
from deepmeme.data.synthetic_heads.person import Person, sample_person
from deepmeme.data.synthetic_heads.shading import Light, sample_light
from deepmeme.metrics.skin import CLASSES, skin_class, typology_angle

FIRST_SEED = 1 << 33
"""Banks draw their people below 2^31, so none of these was trained on."""
HAIR = {
    "bald": ("bald",),
    "short": ("buzz", "short", "parted"),
    "long or covering": ("bangs", "bob", "long", "afro", "tied", "beanie"),
}
_SIDE_DEG, _SIDE_SHARE = 45.0, 0.6
_LIGHT_SALT = 67  # as SyntheticHead draws it
Cell = tuple[str, bool, str]


class Chosen(NamedTuple):
    """One person to render."""

    seed: int
    round: int
    """How many of the same kind came before; people of a round may be given the same motions."""
    person: Person


def skin_of(person: Person) -> str:
    """The class of the skin's own colour, before any light falls on it."""
    return skin_class(float(typology_angle(np.sqrt(person.skin))))


def hair_of(person: Person) -> str:
    """Bald, short, or long or covering."""
    return next(name for name, styles in HAIR.items() if person.hair_style in styles)


def choose_people(rounds: int, num_identity: int, first: int = FIRST_SEED) -> Iterator[Chosen]:
    """``rounds`` people for each of skin (six classes) x glasses x hair (three), round by round.

    Whoever stops early has whole rounds and one part of one.
    """
    waiting: dict[Cell, list[int]] = {}
    seed = first
    cells = [(skin, glasses, hair) for skin, _ in CLASSES for glasses in (False, True)
             for hair in HAIR]  # fmt: skip
    for number in range(rounds):
        for cell in cells:
            while not waiting.get(cell):
                person = sample_person(seed, "photo", num_identity)
                kind = (skin_of(person), person.glasses, hair_of(person))
                waiting.setdefault(kind, []).append(seed)
                seed += 1
            found = waiting[cell].pop(0)
            yield Chosen(found, number, sample_person(found, "photo", num_identity))


def traits_of(chosen: Chosen, kit: FaceKit) -> dict[str, str | float]:
    """What the renderer knows; numbers are to be cut into thirds."""
    person = chosen.person
    light = sample_light(np.random.default_rng((chosen.seed, _LIGHT_SALT)))
    beard = "none" if person.stubble <= 0 else "stubble" if person.stubble <= 0.5 else "full"
    return {
        "skin": skin_of(person),
        "hair": hair_of(person),
        "glasses": "glasses" if person.glasses else "none",
        "beard": beard,
        "drawn as": "a woman" if person.womanly > 0.5 else "a man",
        "wrinkles (age)": person.age,
        "face": width_of_face(person, kit),
        "light from": "the side" if is_side_light(light) else "the front",
        "light": facing_light(light),
    }


def width_of_face(person: Person, kit: FaceKit) -> float:
    """Width at the cheekbones over the height from the brows to the chin."""
    marks = kit.base(person.identity)[kit.landmarks]
    width = np.linalg.norm(marks[15] - marks[1])
    height = np.linalg.norm(marks[8] - marks[[21, 22]].mean(axis=0))
    return float(width / height)


def facing_light(light: Light) -> float:
    """What falls on a cheek that faces the camera, white being about 1."""
    ambient = (light.sky.mean() + light.ground.mean()) / 2
    return float(ambient + light.key.mean() * max(float(light.key_direction[2]), 0.0))


def is_side_light(light: Light) -> bool:
    """Whether most of the light comes from more than 45 degrees to the side."""
    x, _, z = light.key_direction
    strong = light.key.mean() > _SIDE_SHARE * (light.sky.mean() + light.ground.mean())
    return bool(strong and np.degrees(np.arctan2(abs(float(x)), float(z))) > _SIDE_DEG)
