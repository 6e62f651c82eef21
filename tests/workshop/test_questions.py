"""The quiz on seeing through fakes: it can be answered, and it shows all that it asks about."""

import numpy as np
import pytest

from deepmeme import workshop
from deepmeme.errors import InputError
from deepmeme.workshop.questions import PICTURES, seeing_through


def test_every_picture_is_asked_about_and_every_answer_is_a_choice():
    shades = {name: np.full((4, 4, 3), i, np.uint8) for i, name in enumerate(PICTURES)}
    questions = seeing_through(shades)
    assert len(questions) >= 6
    assert all(0 <= one.answer < len(one.choices) and one.why for one in questions)
    assert {one.answer for one in questions} == {0, 1, 2}
    shown = [picture[0, 0, 0] for one in questions for picture in one.pictures]
    assert sorted(shown) == list(range(len(PICTURES)))
    workshop.quiz(questions)


def test_a_missing_picture_is_named():
    with pytest.raises(InputError, match="no picture gan, vae"):
        seeing_through(dict.fromkeys(PICTURES[:-2], np.zeros((4, 4, 3), np.uint8)))
