"""Labels of rendered frames: where a place went, and whether it is seen there."""

import numpy as np

from deepmeme.data.head_frame import (
    FLOW_SIZE,
    HeadFrame,
    coarse_surface,
    flow_between,
    keypoint_visibility,
)

SIZE = 128


def card_frame(shift: tuple[float, float] = (0, 0), screen: bool = False) -> HeadFrame:
    """A card of 60 pixels at depth 10, with a screen in front of its right half if asked."""
    corners = np.array([[30, 30], [90, 30], [90, 90], [30, 90]], np.float32) + np.float32(shift)
    front = np.array([[60, 20], [100, 20], [100, 100], [60, 100]], np.float32)
    away = 0 if screen else 1000
    places = np.concatenate([corners, front + away]).astype(np.float32)
    depth = np.repeat(np.array([10, 2], np.float32), 4)
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    return HeadFrame(
        image=np.zeros((SIZE, SIZE, 3), np.uint8),
        keypoints_px=corners,
        visible=np.ones(4, bool),
        mask=np.zeros((SIZE, SIZE), np.uint8),
        vertices_px=places,
        depth=depth,
        triangles=triangles,
        surface=coarse_surface(places, depth, triangles, SIZE),
    )


def _place(x_px: float, y_px: float) -> tuple[int, int]:
    """Row and column of the flow's grid."""
    scale = (FLOW_SIZE - 1) / (SIZE - 1)
    return round(y_px * scale), round(x_px * scale)


def test_flow_to_itself_stands_still() -> None:
    frame = card_frame()
    flow = flow_between(frame, frame)

    line = np.linspace(-1, 1, FLOW_SIZE)
    assert np.allclose(flow.grid, np.stack(np.meshgrid(line, line), -1), atol=1e-4)
    assert flow.visible.all()


def test_flow_says_where_the_source_has_it() -> None:
    driving, source = card_frame((6, -4)), card_frame()
    flow = flow_between(driving, source)

    row, column = _place(66, 56)
    step = flow.grid[row, column] - np.array([column, row]) * 2 / (FLOW_SIZE - 1) + 1
    assert np.allclose(step * (SIZE - 1) / 2, (-6, 4), atol=0.01)
    assert flow.visible[row, column]
    outside = _place(10, 10)
    assert np.allclose(
        flow.grid[outside], np.array(outside[::-1]) * 2 / (FLOW_SIZE - 1) - 1, atol=1e-5
    )


def test_what_a_screen_hides_is_not_visible() -> None:
    driving, source = card_frame(), card_frame(screen=True)
    flow = flow_between(driving, source)

    assert flow.visible[_place(40, 60)]
    assert not flow.visible[_place(80, 60)]
    assert not flow.visible[_place(95, 25)]  # background behind the screen


def test_a_lid_hides_the_eye_it_lies_on() -> None:
    """Too thin for depth to tell, so the parts decide."""
    part = np.array([0, 0, 1, 1], np.uint8)
    thin = np.repeat(np.array([10, 9.9], np.float32), 4)
    driving = card_frame()._replace(part=part, depth=thin)
    closed = card_frame(screen=True)
    surface = coarse_surface(closed.vertices_px, thin, closed.triangles, SIZE)
    closed = closed._replace(part=part, depth=thin, surface=surface)

    assert flow_between(driving, closed._replace(part=None)).visible[_place(80, 60)]
    assert not flow_between(driving, closed).visible[_place(80, 60)]
    assert flow_between(driving, closed).visible[_place(40, 60)]


def test_place_outside_the_source_is_not_visible() -> None:
    driving, source = card_frame(), card_frame((-50, 0))
    flow = flow_between(driving, source)

    assert not flow.visible[_place(40, 60)]
    assert flow.grid[_place(40, 60)][0] < -1


def test_keypoints_are_seen_when_nothing_is_in_front() -> None:
    nearest = np.full((10, 10), 5.0, np.float32)
    nearest[:, 6:] = 1.0
    places = np.array([[2, 2], [8, 2], [2, 20], [-3, 2]], np.float32)

    seen = keypoint_visibility(places, np.full(4, 5.0, np.float32), nearest)

    assert seen.tolist() == [True, False, False, False]
