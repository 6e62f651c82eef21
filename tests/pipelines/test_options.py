"""Options say what they accept, and refuse everything else with all reasons at once."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.choices import choice_of
from deepmeme.errors import InputError
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.values import (
    parse_anchor,
    parse_bytes,
    parse_colour,
    parse_crop,
    parse_face,
    parse_time,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("8MB", 8_000_000), ("500k", 500_000), ("1.5MiB", 1_572_864), ("2 gb", 2 * 10**9),
     ("4096", 4096)],
)  # fmt: skip
def test_sizes(text: str, value: int) -> None:
    assert parse_bytes(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("3.5", 3.5), ("3.5s", 3.5), ("1:02.5", 62.5), ("1:00:01", 3601), ("0", 0)]
)
def test_times(text: str, value: float) -> None:
    assert parse_time(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("White", (255, 255, 255)), ("#fff", (255, 255, 255)), ("0a0B0c", (10, 11, 12)),
     ("1, 2,3", (1, 2, 3))],
)  # fmt: skip
def test_colours(text: str, value: tuple[int, int, int]) -> None:
    assert parse_colour(text) == value


PARSERS = (parse_bytes, parse_time, parse_colour, parse_crop, parse_face, parse_anchor)


@given(st.text(max_size=30))
def test_parsers_take_it_or_raise_value_error(text: str) -> None:
    for parse in PARSERS:
        try:
            parse(text)
        except ValueError as error:
            assert str(error)


NAMES = st.sampled_from([entry.name for entry in fields(AnimateOptions)])
VALUES = st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.none())


@given(NAMES, VALUES)
def test_any_value_is_taken_or_refused_by_name(name: str, value: object) -> None:
    try:
        AnimateOptions(**{name: value})
    except InputError as error:
        assert "--" + name.replace("_", "-") in str(error)


def test_every_field_explains_itself() -> None:
    for entry in fields(AnimateOptions):
        choice = choice_of(entry.metadata)
        assert choice.help.endswith(".") and choice.group, entry.name
        assert choice.problem(entry.default, entry.type) is None


def test_options_become_json() -> None:
    options = AnimateOptions(multiplier=1.5, crop="1,2,30,40")
    assert AnimateOptions(**json.loads(json.dumps(options.as_dict()))) == options
    assert options.changed() == {"multiplier": 1.5, "crop": "1,2,30,40"}


@pytest.mark.parametrize(
    "changes",
    [{"start": "5", "end": "3"}, {"crop": "1,1,50,50", "face": "2"}, {"crop": "none", "face": "1"},
     {"crop": "none", "paste_back": "yes"}],
)  # fmt: skip
def test_contradictions(changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="Some options do not fit"):
        AnimateOptions(**changes)


def test_wrong_types_are_named() -> None:
    with pytest.raises(InputError, match="--mirror 3: expected yes or no"):
        AnimateOptions(mirror=3)
    with pytest.raises(InputError, match=r"--loop 1\.5: expected a whole number"):
        AnimateOptions(loop=1.5)
