"""Which triangle is seen, and where inside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.data.raster import NOTHING, interpolate, rasterize

CORNERS = np.array([[2, 1], [2, 13], [14, 1]], np.float32)  # counter-clockwise as seen, y down
ONE = np.array([[0, 1, 2]], np.int32)


def test_right_triangle_covers_what_it_should() -> None:
    seen = rasterize(CORNERS, np.zeros(3, np.float32), ONE, 16, 16)

    rows, columns = np.mgrid[:16, :16]
    inside = (columns >= 2) & (rows >= 1) & (columns + rows <= 15)
    assert np.array_equal(seen.triangle != NOTHING, inside)
    assert np.array_equal(np.isfinite(seen.depth), inside)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-8, 24, width=32), min_size=6, max_size=6))
def test_barycentric_coordinates_give_the_pixel_back(numbers: list[float]) -> None:
    corners = np.array(numbers, np.float32).reshape(3, 2)
    depth = corners @ np.array([0.5, -0.25], np.float32) + 3
    seen = rasterize(corners, depth, ONE, 16, 16)
    hit = seen.triangle != NOTHING

    (ax, ay), (bx, by), (cx, cy) = corners.astype(float)
    if abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) < 1:
        return  # too thin to say anything exact
    place = interpolate(corners, ONE, seen.triangle, seen.barycentric)
    rows, columns = np.mgrid[:16, :16]
    assert np.allclose(place[hit], np.stack([columns, rows], -1)[hit], atol=0.02)
    assert np.allclose(seen.depth[hit], (0.5 * columns - 0.25 * rows + 3)[hit], atol=0.02)
    assert np.allclose(seen.barycentric.sum(-1), hit, atol=1e-4)


def test_nearer_triangle_is_seen() -> None:
    corners = np.concatenate([CORNERS, CORNERS])
    depth = np.array([5, 5, 5, 2, 2, 8], np.float32)
    both = np.array([[0, 1, 2], [3, 4, 5]], np.int32)

    seen = rasterize(corners, depth, both, 16, 16)

    assert seen.triangle[1, 3] == 1
    assert seen.triangle[1, 12] == 0


def test_back_of_a_triangle_can_be_dropped() -> None:
    depth = np.zeros(3, np.float32)

    assert (rasterize(CORNERS, depth, ONE, 16, 16, cull="back").triangle == 0).any()
    turned = np.ascontiguousarray(ONE[:, ::-1])
    assert (rasterize(CORNERS, depth, turned, 16, 16, cull="back").triangle == NOTHING).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_triangle_without_a_place_is_not_drawn(bad: float) -> None:
    corners = CORNERS.copy()
    corners[1, 0] = bad

    assert (rasterize(corners, np.zeros(3, np.float32), ONE, 16, 16).triangle == NOTHING).all()


def test_triangle_larger_than_the_picture_fills_it() -> None:
    corners = np.array([[-1e4, -1e4], [-1e4, 3e4], [3e4, -1e4]], np.float32)

    seen = rasterize(corners, np.ones(3, np.float32), ONE, 9, 7)

    assert (seen.triangle == 0).all()
