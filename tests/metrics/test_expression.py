"""Openings and gaze on drawn eyes."""

import numpy as np
import pytest

from deepmeme.metrics.expression import looking, opening, width_of

EYE = np.array([[10.0, 50], [30, 50], [15, 47], [15, 53], [25, 46], [25, 52]])


def test_opening_is_in_widths() -> None:
    assert width_of(EYE, (0, 1)) == 20
    assert opening(EYE, [(2, 3), (4, 5)], width_of(EYE, (0, 1))) == pytest.approx(0.3)


def test_gaze_is_the_same_for_a_larger_leaning_face() -> None:
    iris = np.array([24.0, 49.0])
    assert looking(iris, EYE, (0, 1)) == pytest.approx([0.2, -0.05])
    turn = 3 * np.array([[0.8, -0.6], [0.6, 0.8]])
    elsewhere = EYE @ turn.T + [5, 9]
    assert looking(turn @ iris + [5, 9], elsewhere, (0, 1)) == pytest.approx([0.2, -0.05])
