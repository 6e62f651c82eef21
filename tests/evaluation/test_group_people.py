"""People drawn evenly by what the renderer knows."""

from collections import Counter

import numpy as np

from deepmeme.data.synthetic_heads.shading import Light
from deepmeme.evaluation.group_people import (
    FIRST_SEED,
    choose_people,
    facing_light,
    hair_of,
    is_side_light,
    skin_of,
)

ROUNDS, MODES = 2, 3


def test_as_many_of_every_kind_and_nobody_twice() -> None:
    chosen = list(choose_people(ROUNDS, MODES))

    kinds = Counter((skin_of(c.person), c.person.glasses, hair_of(c.person)) for c in chosen)
    assert len(kinds) == 6 * 2 * 3
    assert set(kinds.values()) == {ROUNDS}
    assert len({c.seed for c in chosen}) == len(chosen)
    assert min(c.seed for c in chosen) >= FIRST_SEED


def test_the_first_round_is_even_already_and_the_choice_is_the_same_again() -> None:
    chosen = list(choose_people(ROUNDS, MODES))
    first = [c for c in chosen if c.round == 0]

    assert [c.seed for c in first] == [c.seed for c in chosen[:36]]
    assert [c.seed for c in choose_people(1, MODES)] == [c.seed for c in first]


def test_light_from_the_side_and_how_much_falls_on_a_cheek() -> None:
    def light(strength: float, direction: tuple[float, float, float]) -> Light:
        ambient, key = np.full(3, 0.2, np.float32), np.full(3, strength, np.float32)
        way, dark = np.array(direction, np.float32), np.zeros(3, np.float32)
        return Light(ambient, ambient, key, way, dark, way, 0.5)

    assert is_side_light(light(1.0, (-0.9, 0.2, 0.3)))
    assert not is_side_light(light(0.1, (-0.9, 0.2, 0.3)))
    assert not is_side_light(light(1.0, (0.2, 0.2, 0.9)))
    assert facing_light(light(1.0, (0.0, 0.0, 1.0))) > facing_light(light(1.0, (1.0, 0.0, -0.2)))
    assert abs(facing_light(light(1.0, (0.0, 0.0, -1.0))) - 0.2) < 1e-6
