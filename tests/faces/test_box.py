"""Areas and overlaps of boxes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.faces import Box

sides = st.floats(-100, 100)
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + abs(w) + 0.1, y + abs(h) + 0.1), sides, sides, sides, sides
)


@given(boxes, boxes)
@settings(max_examples=50, deadline=None)
def test_overlap(first: Box, second: Box) -> None:
    assert 0 <= first.overlap(second) <= 1 + 1e-9
    assert first.overlap(second) == pytest.approx(second.overlap(first))
    assert first.overlap(first) == pytest.approx(1)
    assert first.intersection(second) <= min(first.area, second.area) * (1 + 1e-9)


def test_known_boxes() -> None:
    assert Box(0, 0, 2, 2).overlap(Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 2, 2).overlap(Box(2, 0, 3, 2)) == 0
    assert Box(3, 3, 1, 1).area == 0 and Box(3, 3, 1, 1).overlap(Box(0, 0, 5, 5)) == 0
    assert Box(0, 0, 4, 2).centre == (2, 1)
