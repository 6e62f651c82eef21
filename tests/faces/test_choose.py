"""Faces by number, by size, or all of them."""

import pytest

from deepmeme.errors import InputError, NoFaceFound
from deepmeme.faces import Box, Face, choose

THREE = tuple(Face(Box(0, 0, side, side), 0.9) for side in (90, 60, 30))


def test_choosing() -> None:
    assert choose(THREE) == choose(THREE, 1) == choose(THREE, "1") == THREE[:1]
    assert choose(THREE, "largest") == choose(THREE, " Largest ") == THREE[:1]
    assert choose(THREE, 3) == THREE[2:]
    assert choose(THREE, "all") == THREE


@pytest.mark.parametrize("number", [0, 4, -1, "99999999999999999999"])
def test_no_such_number(number: int | str) -> None:
    with pytest.raises(InputError, match="3 faces were found"):
        choose(THREE, number)
    with pytest.raises(InputError, match="1 face was found"):
        choose(THREE[:1], number)


@pytest.mark.parametrize("word", ["", "left", "1.5", "²"])
def test_no_such_word(word: str) -> None:
    with pytest.raises(InputError, match="number, 'largest' or 'all'"):
        choose(THREE, word)


@pytest.mark.parametrize("which", [1, "largest", "all"])
def test_nobody_there(which: int | str) -> None:
    with pytest.raises(NoFaceFound, match="--no-crop"):
        choose((), which)
