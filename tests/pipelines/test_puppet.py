"""A picture moved by its keypoints: they go where they are put, and the picture with them."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.pipelines.puppet import Puppet
from tests.pipelines.drawn import dots_picture
from tests.pipelines.stub_engine import StubEngine, StubModel, dots


@pytest.fixture
def puppet() -> Puppet:
    return Puppet(StubModel(StubEngine()), dots_picture(120, 100))


def test_at_rest_it_is_the_picture(puppet: Puppet) -> None:
    view = puppet.moved()
    assert puppet.names == ("point_0", "point_1", "point_2")
    assert puppet.home.shape == (3, 2)
    np.testing.assert_array_equal(view.rendered, puppet.source)
    np.testing.assert_array_equal(view.points, puppet.home)


def test_the_picture_goes_with_its_points(puppet: Puppet) -> None:
    view = puppet.moved(puppet.home + np.array([0.3, 0.0], np.float32))
    assert abs((dots(view.rendered) - puppet.home)[:, 0].mean() - 0.3) < 0.04
    assert (view.grid != puppet.moved().grid).any()
    assert (view.heatmap != puppet.moved().heatmap).any()
    for drawn in (view.rendered, view.grid, view.occlusion, view.heatmap):
        assert drawn is not None and drawn.shape == (64, 64, 3) and drawn.dtype == np.uint8


def test_a_list_will_do_and_one_point_may_go_alone(puppet: Puppet) -> None:
    points = puppet.home.tolist()
    points[1][1] += 0.3
    view = puppet.moved(points)
    np.testing.assert_allclose(view.points - puppet.home, [[0, 0], [0, 0.3], [0, 0]], atol=1e-6)
    assert abs((dots(view.rendered) - puppet.home)[:, 1].mean() - 0.1) < 0.04


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        ([[0, 0]], r"3 keypoints of x and y each; found an array of shape \(1, 2\)"),
        ([[0, 0], [0, 9], [0, 0]], "between -1.5 and 1.5"),
        ([[0, 0], [0, float("nan")], [0, 0]], "between -1.5 and 1.5"),
    ],
)
def test_other_points_are_refused(puppet: Puppet, points: object, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        puppet.moved(points)


def test_the_guard_looks_at_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        def check_source(self, picture: object, squares: object, path: Path) -> None:
            raise InputError(f"{path} is too bare.")

    monkeypatch.setattr("deepmeme.pipelines.puppet.open_guard", Strict)
    with pytest.raises(InputError, match="The picture is too bare"):
        Puppet(StubModel(StubEngine()), dots_picture())
