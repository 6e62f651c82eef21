"""Transfer against the reference's formulae, written here once more with other means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from deepmeme.errors import InputError
from deepmeme.pipelines.transfer import hull_area, hull_scale, transfer
from deepmeme.runtime.engine import KeypointArrays
from tests.motion.strategies import keypoints

Some = st.floats(-0.5, 0.5)


def reference(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    *,
    relative: bool,
    adapt_scale: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Siarohin et al. 2019, section 3.3, point by point in float64."""
    xy, maps = driving.xy.astype(np.float64), np.asarray(driving.jacobian, np.float64)
    if not relative:
        return xy, maps
    ratio = 1.0
    if adapt_scale:
        # ``volume`` of a hull in the plane is its area.
        ratio = np.sqrt(ConvexHull(source.xy[0]).volume) / np.sqrt(ConvexHull(anchor.xy[0]).volume)
    moved, turned = np.empty_like(xy), np.empty_like(maps)
    for frame in range(xy.shape[0]):
        for point in range(xy.shape[1]):
            step = xy[frame, point] - anchor.xy[0, point]
            moved[frame, point] = source.xy[0, point] + ratio * step
            turned[frame, point] = (
                maps[frame, point]
                @ np.linalg.inv(np.asarray(anchor.jacobian, np.float64)[0, point])
                @ np.asarray(source.jacobian, np.float64)[0, point]
            )
    return moved, turned


@given(keypoints(), keypoints(num_frames=3), keypoints(), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_it_is_the_reference(
    source: KeypointArrays,
    driving: KeypointArrays,
    anchor: KeypointArrays,
    relative: bool,
    adapt_scale: bool,
) -> None:
    given_back = transfer(source, driving, anchor, relative=relative, adapt_scale=adapt_scale)
    xy, maps = reference(source, driving, anchor, relative=relative, adapt_scale=adapt_scale)
    assert given_back.xy.dtype == np.float32
    np.testing.assert_allclose(given_back.xy, xy, atol=2e-5)
    np.testing.assert_allclose(given_back.jacobian, maps, atol=2e-4)


@given(keypoints(), keypoints(), st.floats(0, 3))
@settings(max_examples=25, deadline=None)
def test_no_motion_leaves_the_source(
    source: KeypointArrays, anchor: KeypointArrays, multiplier: float
) -> None:
    still = transfer(source, anchor, anchor, multiplier=multiplier)
    np.testing.assert_allclose(still.xy, source.xy, atol=1e-6)
    np.testing.assert_allclose(still.jacobian, source.jacobian, atol=1e-5)


@given(keypoints(), keypoints(num_frames=2), keypoints(), Some, Some)
@settings(max_examples=25, deadline=None)
def test_a_shifted_source_moves_the_same(
    source: KeypointArrays, driving: KeypointArrays, anchor: KeypointArrays, x: float, y: float
) -> None:
    shift = np.array([x, y], np.float32)
    here = transfer(source, driving, anchor)
    there = transfer(source._replace(xy=source.xy + shift), driving, anchor)
    np.testing.assert_allclose(there.xy, here.xy + shift, atol=1e-5)
    # And where the driver sits in its picture doesn't matter either.
    elsewhere = transfer(
        source, driving._replace(xy=driving.xy + shift), anchor._replace(xy=anchor.xy + shift)
    )
    np.testing.assert_allclose(elsewhere.xy, here.xy, atol=1e-5)


@given(keypoints(), keypoints(num_frames=2), keypoints(), st.floats(0.3, 3))
@settings(max_examples=25, deadline=None)
def test_size_of_the_driver_does_not_matter_when_scale_adapts(
    source: KeypointArrays, driving: KeypointArrays, anchor: KeypointArrays, size: float
) -> None:
    factor = np.float32(size)
    here = transfer(source, driving, anchor)
    far = transfer(
        source, driving._replace(xy=driving.xy * factor), anchor._replace(xy=anchor.xy * factor)
    )
    np.testing.assert_allclose(far.xy, here.xy, atol=1e-4)


@given(keypoints(), keypoints(num_frames=2), keypoints())
@settings(max_examples=15, deadline=None)
def test_multiplier(
    source: KeypointArrays, driving: KeypointArrays, anchor: KeypointArrays
) -> None:
    once = transfer(source, driving, anchor)
    none = transfer(source, driving, anchor, multiplier=0.0)
    twice = transfer(source, driving, anchor, multiplier=2.0)
    for part, still in ((none.xy, source.xy), (none.jacobian, source.jacobian)):
        np.testing.assert_allclose(part, np.broadcast_to(still, np.shape(part)), atol=1e-6)
    np.testing.assert_allclose(twice.xy - source.xy, 2 * (once.xy - source.xy), atol=1e-5)
    np.testing.assert_allclose(
        twice.jacobian - source.jacobian, 2 * (once.jacobian - source.jacobian), atol=1e-4
    )


@given(keypoints(), keypoints(num_frames=3), keypoints())
@settings(max_examples=10, deadline=None)
def test_frames_at_once_or_one_by_one(
    source: KeypointArrays, driving: KeypointArrays, anchor: KeypointArrays
) -> None:
    together = transfer(source, driving, anchor)
    for index in range(3):
        alone = transfer(source, driving.frame(index), anchor)
        np.testing.assert_array_equal(alone.xy, together.xy[index : index + 1])


def test_without_jacobians() -> None:
    points = KeypointArrays(np.zeros((1, 4, 2), np.float32))
    assert transfer(points, points, points).jacobian is None


def test_hull() -> None:
    square = np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1]], np.float32)
    assert hull_area(square) == pytest.approx(4)
    assert hull_area(square + np.float32(1000)) == pytest.approx(4, rel=1e-3)
    line = KeypointArrays(np.array([[[0, 0], [0.5, 0], [1, 0]]], np.float32))
    wide = KeypointArrays(np.array([[[0, 0], [0.5, 1], [1, 0]]], np.float32))
    assert hull_scale(line, wide) == hull_scale(wide, line) == 1.0
    assert hull_scale(wide, wide._replace(xy=wide.xy * np.float32(2))) == pytest.approx(0.5)


def test_a_flat_jacobian_stays_finite() -> None:
    flat = KeypointArrays(np.zeros((1, 1, 2), np.float32), np.zeros((1, 1, 2, 2), np.float32))
    good = KeypointArrays(flat.xy, np.eye(2, dtype=np.float32)[None, None])
    assert np.isfinite(transfer(good, good, flat).jacobian).all()


def test_refuses_what_does_not_belong_together() -> None:
    ten = KeypointArrays(np.zeros((1, 10, 2), np.float32))
    five = KeypointArrays(np.zeros((1, 5, 2), np.float32))
    with_maps = KeypointArrays(ten.xy, np.zeros((1, 10, 2, 2), np.float32))
    two = KeypointArrays(np.zeros((2, 10, 2), np.float32))
    with pytest.raises(InputError, match="10, 5 and 10 keypoints"):
        transfer(ten, five, ten)
    with pytest.raises(InputError, match="jacobians"):
        transfer(ten, with_maps, ten)
    with pytest.raises(InputError, match="one frame each; found 1 and 2"):
        transfer(ten, ten, two)
