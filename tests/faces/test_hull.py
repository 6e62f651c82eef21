"""The outline that landmarks give a face."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.hull import hull_mask, outline_of
from deepmeme.faces.shape import average_face

NAMES = tuple(average_face())


def average_in_square():
    points = np.array([average_face()[name][:2] for name in NAMES]) * 100 + 500
    return in_square(points, align_face(points, NAMES))


def at(mask, xy):
    n = len(mask)
    return [mask[int((y + 1) * n / 2), int((x + 1) * n / 2)] for x, y in xy]


def test_features_lie_inside_and_the_corners_outside():
    xy = average_in_square()
    mask = hull_mask(xy, NAMES, 128)
    assert mask.shape == (128, 128) and mask.dtype == np.uint8
    inner = [row for row, name in enumerate(NAMES) if name.startswith(("eye", "nose", "lip"))]
    assert min(at(mask, xy[inner])) == 255
    assert mask[-1, 0] == mask[-1, -1] == 0
    assert 0.4 < mask.mean() / 255 < 0.9


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(0.4, 1.0), st.sampled_from([64, 128]))
def test_covers_the_outlines_area_at_any_size(x, y, scale, size):
    xy = average_in_square() * scale * 0.6 + (x, y)
    mask = hull_mask(xy, NAMES, size) / 255
    corners = outline_of(xy, NAMES)
    following = np.roll(corners, -1, axis=0)
    area = abs(np.sum(corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0])) / 2
    assert mask.mean() * 4 == pytest.approx(area, rel=0.08)
    columns = np.indices(mask.shape)[1]
    middle = corners[:, 0].min() / 2 + corners[:, 0].max() / 2
    found = (np.sum(mask * (columns + 0.5)) / mask.sum()) * 2 / size - 1
    assert found == pytest.approx(middle, abs=0.03)


def test_edges_are_smooth():
    mask = hull_mask(average_in_square() * 0.7, NAMES, 256)
    grey = np.count_nonzero((mask > 0) & (mask < 255))
    assert 300 < grey < 3000  # about one or two pixels all round


def test_landmarks_far_away_are_no_trouble():
    assert hull_mask(average_in_square() * 1e9, NAMES, 64).min() == 255


@pytest.mark.parametrize(
    ("xy", "names", "size"),
    [
        (np.zeros((2, 2)), ("nose_0", "nose_1"), 64),
        (np.full((len(NAMES), 2), np.nan), NAMES, 64),
        (np.zeros((len(NAMES), 2)), NAMES, 0),
    ],
)
def test_what_shows_no_outline_is_refused(xy, names, size):
    with pytest.raises(InputError):
        hull_mask(xy, names, size)
