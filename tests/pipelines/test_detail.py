"""Fine detail follows the deformation, and stays away from what is not the source."""

import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.media.montage import resize
from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.detail import Detail, sampled_places
from deepmeme.runtime.engine import Rendering
from tests.pipelines.drawn import dots_picture, write_picture
from tests.pipelines.studio import Studio

SMALL, LARGE = 64, 256


def still() -> NDArray[np.float32]:
    """A deformation that moves nothing."""
    line = np.linspace(-1, 1, 16, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), -1)


@pytest.fixture(scope="module")
def noise() -> NDArray[np.uint8]:
    """A picture with something at every scale."""
    random = np.random.default_rng(5)
    coarse = resize(random.integers(60, 190, (16, 16, 3), np.uint8), LARGE, LARGE)
    fine = random.integers(-30, 30, (LARGE, LARGE, 1))
    return np.clip(coarse.astype(int) + fine, 0, 255).astype(np.uint8)


def apart(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def test_a_still_source_comes_back_whole(noise: NDArray[np.uint8]) -> None:
    small = resize(noise, SMALL, SMALL)
    drawn = Detail(noise, small)(Rendering(small, still(), np.ones((16, 16), np.float32)))
    assert drawn.shape == noise.shape and drawn.dtype == np.uint8
    assert apart(drawn, noise) < 0.7
    assert apart(resize(small, LARGE, LARGE), noise) > 8


def test_detail_moves_along(noise: NDArray[np.uint8]) -> None:
    pixels = 16  # of the large picture: 4 of the small one
    moved = np.roll(noise, pixels, axis=1)
    small, small_moved = resize(noise, SMALL, SMALL), resize(moved, SMALL, SMALL)
    deformation = still() - np.float32([2 * pixels / (LARGE - 1), 0])
    drawn = Detail(noise, small)(Rendering(small_moved, deformation, None))
    inside = (slice(16, -16), slice(48, -48))
    assert apart(drawn[inside], moved[inside]) < 4
    assert apart(resize(small_moved, LARGE, LARGE)[inside], moved[inside]) > 8


def test_what_the_generator_painted_gets_none(noise: NDArray[np.uint8]) -> None:
    small = resize(noise, SMALL, SMALL)
    painted = small.copy()
    painted[20:44, 20:44] = (250, 250, 250)
    drawn = Detail(noise, small)(Rendering(painted, still(), np.ones((16, 16), np.float32)))
    assert (drawn[96:160, 96:160] == 250).all()
    hidden = Detail(noise, small)(Rendering(small + 6, still(), np.zeros((16, 16), np.float32)))
    seen = Detail(noise, small)(Rendering(small + 6, still(), np.ones((16, 16), np.float32)))
    assert apart(hidden, noise) > apart(seen, noise)


def test_corners_stay_corners() -> None:
    x, y = sampled_places(still(), 100)
    np.testing.assert_allclose(x[0], np.arange(100), atol=1e-2)
    np.testing.assert_allclose(y[:, 0], np.arange(100), atol=1e-2)


def test_sizes_of_results(studio: Studio) -> None:
    studio.engine.pretend(family="portrait")
    large = write_picture(studio.folder / "large.png", dots_picture(400, 400))

    def size(**changes: object) -> tuple[int, int]:
        rendered = prepare(large, studio.driving, **changes).rendered
        frame = next(iter(rendered.frames_from(5)))
        assert frame.shape == (rendered.height, rendered.width, 3)
        return rendered.width, rendered.height

    assert size() == (400, 400)
    assert size(detail=False) == (64, 64)
    assert size(size=200) == (200, 200)
    assert size(size=200, detail=False) == (200, 200)
    assert prepare(large, studio.driving).story.sources[0].side == 400
    cells = prepare(large, studio.driving, layout="side-by-side", size=128)
    assert cells.story.sources[0].side == 128
    tall = write_picture(studio.folder / "tall.png", dots_picture(300, 500))
    rendered = prepare(tall, studio.driving, crop="none").rendered
    assert (rendered.width, rendered.height) == (300, 500)


def test_results_are_sharper_with_it(studio: Studio) -> None:
    studio.engine.pretend(family="portrait")
    picture = dots_picture(256, 256)
    picture[::2, ::2] -= 40  # a pattern that 64 pixels cannot hold
    source = write_picture(studio.folder / "pattern.png", picture)

    def roughness(**changes: object) -> float:
        rendered = prepare(source, studio.driving, anchor=0, size=256, **changes).rendered
        frame = next(iter(rendered.frames_from(3)))[60:-60, 60:-60].astype(int)
        return float(np.abs(np.diff(frame, axis=1)).mean())

    assert roughness() > 4 * roughness(detail=False)
