"""Groups and chance against answers known beforehand."""

from math import comb, nan

import numpy as np
import pytest

from deepmeme.metrics.groups import (
    FEWEST,
    GroupFigure,
    clearly_worse,
    group_figures,
    holm,
    terciles,
)
from deepmeme.metrics.skin import lab, skin_class, typology_angle


def test_means_and_counts_of_each_group_and_of_everybody_else() -> None:
    values = [1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0, nan, 100.0]
    names = ["a"] * 5 + ["b"] * 5 + ["b", ""]

    a, b = group_figures("error", values, {"kind": names})

    assert (a.group, a.people, a.mean, a.low, a.high, a.rest) == ("a", 5, 1, 1, 1, 3)
    assert (b.group, b.people, b.mean, b.rest) == ("b", 5, 3, 1)


def test_chance_is_the_share_of_ways_to_draw_such_a_group() -> None:
    values, names = [0.0] * 5 + [1.0] * 5, ["a"] * 5 + ["b"] * 5

    found = group_figures("error", values, {"kind": names})

    # Of all ways to draw five of ten, two split them like this
    assert found[0].chance == pytest.approx(2 / comb(10, 5), rel=0.25)
    assert found[0].chance == found[1].chance


def test_equal_values_are_never_beyond_chance() -> None:
    found = group_figures("error", [0.3] * 20, {"kind": ["a", "b"] * 10})

    assert [figure.chance for figure in found] == [1.0, 1.0]


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(40):
        values = rng.normal(2.0, 1.0, 60).tolist()
        figure = group_figures("error", values, {"kind": ["a"] * 40 + ["b"] * 20})[0]
        held += figure.low <= 2.0 <= figure.high

    assert 33 <= held <= 40


def test_nothing_is_said_about_groups_of_a_few() -> None:
    few = FEWEST - 1
    found = group_figures("error", [1.0] * (few + 20), {"kind": ["a"] * few + ["b"] * 20})

    assert found == []


def test_holm_against_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_only_what_is_worse_is_marked_and_only_beyond_chance() -> None:
    def figure(measure: str, group: str, mean: float, chance: float) -> GroupFigure:
        return GroupFigure(measure, "kind", group, 9, mean, mean, mean, 1.0, chance)

    figures = [
        figure("error", "high", 2.0, 0.001),
        figure("error", "low", 0.5, 0.001),
        figure("error", "chance", 2.0, 0.2),
        figure("found", "high", 2.0, 0.001),
        figure("found", "low", 0.5, 0.001),
    ]

    marked = clearly_worse(figures, {"error": -1, "found": 1})

    assert marked == {("error", "kind", "high"), ("found", "kind", "low")}


def test_terciles() -> None:
    names = ("low", "middle", "high")

    assert terciles([3, 1, 2], names) == ["high", "low", "middle"]
    assert terciles([9, 1, nan, 2, 8, 4, 5], names) == [
        "high", "low", "", "low", "high", "middle", "middle",
    ]  # fmt: skip


def test_lab_of_known_colours() -> None:
    white, red, grey = lab(np.array([[1.0, 1, 1], [1, 0, 0], [0.5, 0.5, 0.5]]))

    assert white == pytest.approx([100, 0, 0], abs=1e-6)
    assert red == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    assert grey == pytest.approx([53.39, 0, 0], abs=0.05)


def test_the_angle_sorts_skin_into_its_six_classes() -> None:
    tones = np.array([[247, 214, 196], [205, 152, 116], [132, 88, 62], [68, 45, 35]]) / 255
    angles = [float(angle) for angle in typology_angle(tones)]

    assert angles == sorted(angles, reverse=True)
    assert [skin_class(angle) for angle in (angles[0], angles[2], angles[3])] == [
        "very light", "brown", "dark",
    ]  # fmt: skip
    found = [skin_class(angle) for angle in (60.0, 41.5, 40.5, 27.5, 9.5, -30.5)]
    assert found == ["very light", "light", "intermediate", "tan", "brown", "dark"]
