"""Aligned squares: whatever a face's place, size and turn, its points come to the same places."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.faces.align import SIDE, align_face, five_points, from_square, in_square
from deepmeme.faces.shape import average_face

NAMES = tuple(average_face())
FACE = np.array([point[:2] for point in average_face().values()])


@given(st.floats(2, 400), st.floats(-3.1, 3.1), st.floats(-500, 3000), st.floats(-500, 3000))
def test_place_size_and_turn_are_undone(size: float, turn: float, x: float, y: float) -> None:
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points = FACE @ rotation.T * size + (x, y)
    crop = align_face(points, NAMES)
    np.testing.assert_allclose(crop.side, SIDE * size, rtol=1e-9)
    np.testing.assert_allclose(in_square(points, crop), (FACE - (0, 0.15)) / (SIDE / 2), atol=1e-7)
    np.testing.assert_allclose(from_square(in_square(points, crop), crop), points, atol=1e-6)


def test_a_cut_shows_the_points_where_the_square_says() -> None:
    """A dot painted at a landmark is found at its place of the aligned picture."""
    points = FACE @ np.array([[0.9, 0.436], [-0.436, 0.9]]) * 40 + (150, 160)
    crop = align_face(points, NAMES)
    nose = points[NAMES.index("nose_3")]
    picture = np.zeros((320, 300, 3), np.uint8)
    picture[int(nose[1]) - 1 : int(nose[1]) + 2, int(nose[0]) - 1 : int(nose[0]) + 2] = 255
    cut = crop.cut(picture, 128)[..., 0]
    rows, columns = np.nonzero(cut > 100)
    found = (np.array([columns.mean(), rows.mean()]) + 0.5) / 64 - 1
    expected = in_square(nose[None], crop)[0]
    np.testing.assert_allclose(found, expected, atol=2 / 64)


def test_an_open_mouth_hardly_moves_the_square() -> None:
    open_mouth = FACE.copy()
    lower = [NAMES.index(name) for name in NAMES if name.startswith(("jaw", "lip"))]
    open_mouth[lower, 1] += np.where(FACE[lower, 1] > 0.62, 0.35, 0)
    crop, still = align_face(open_mouth * 50, NAMES), align_face(FACE * 50, NAMES)
    assert abs(crop.side / still.side - 1) < 0.02 and abs(crop.angle_deg) < 1e-6


def test_single_landmarks_that_tremble_hardly_move_the_square() -> None:
    """A part's mean is taken, not its corner or tip: the square trembles as little as that."""
    rng = np.random.default_rng(3)
    still = align_face(FACE * 50, NAMES)
    sides, turns = [], []
    for _ in range(200):
        crop = align_face(FACE * 50 + rng.normal(0, 1, FACE.shape), NAMES)
        sides.append(crop.side / still.side)
        turns.append(crop.angle_deg)
    assert np.std(sides) < 0.011 and np.std(turns) < 0.62


def test_what_is_no_face_is_said() -> None:
    with pytest.raises(InputError, match="nose_3"):
        five_points(FACE, [name.replace("nose_3", "x") for name in NAMES])
    for wrong in (FACE * 0, FACE * math.nan):
        with pytest.raises(InputError, match="No face can be aligned"):
            align_face(wrong, NAMES)
