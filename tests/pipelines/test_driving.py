"""Walking through a clip in any order, and the movement that is read from it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.media.clip import Clip
from deepmeme.pipelines.driving import _BACKWARDS_BLOCK, calmed, walk, watch
from deepmeme.pipelines.progress import Silent
from deepmeme.runtime.engine import KeypointArrays
from tests.pipelines.drawn import dots_clip
from tests.pipelines.stub_engine import StubEngine


def numbered(count: int) -> Clip:
    """Frames that are one pixel with their number, two bytes."""

    def frames() -> list[np.ndarray]:
        return [np.array([[[i % 256, i // 256, 0]]], np.uint8) for i in range(count)]

    return Clip(1, 1, Fraction(25), count, lambda: iter(frames()))


def numbers(frames: object) -> list[int]:
    return [int(f[0, 0, 0]) + 256 * int(f[0, 0, 1]) for f in frames]  # type: ignore[attr-defined]


@given(st.lists(st.integers(0, 150), min_size=1, max_size=120))
def test_any_order(order: list[int]) -> None:
    assert numbers(walk(numbered(151), np.array(order))) == order


@pytest.mark.parametrize("count", [1, 2, _BACKWARDS_BLOCK, 3 * _BACKWARDS_BLOCK + 1])
def test_there_and_back_with_stays(count: int) -> None:
    there = np.repeat(np.arange(count), 2)
    order = np.concatenate([there, there[::-1], there])
    assert numbers(walk(numbered(count), order)) == order.tolist()


def test_watching_sees_every_frame_once() -> None:
    frames = dots_clip(19, side=64)
    clip = Clip(64, 64, Fraction(10), None, lambda: iter(frames))
    seen = watch(StubEngine(), clip, Silent())
    assert seen.xy.shape == (19, 3, 2)
    assert (np.diff(seen.xy[:, :, 0].mean(axis=1)) > 0).all()


def test_no_frames_are_refused() -> None:
    with pytest.raises(InputError, match="no frames"):
        watch(StubEngine(), Clip(64, 64, Fraction(10), 0, lambda: iter(())), Silent())


def test_calm_follows_what_is_fast_and_stills_what_trembles() -> None:
    random = np.random.default_rng(3)
    there = np.where(np.arange(100) < 50, 0.0, 0.8)  # a sudden turn
    xy = there[:, None, None] + random.normal(0, 0.01, (100, 5, 2))
    calm = calmed(KeypointArrays(xy.astype(np.float32)), Fraction(25), 0.3).xy
    assert (
        np.abs(np.diff(calm[10:40], axis=0)).mean()
        < 0.6 * np.abs(np.diff(xy[10:40], axis=0)).mean()
    )
    assert abs(calm[45].mean()) < 0.05 and abs(calm[55].mean() - 0.8) < 0.05
    assert calmed(KeypointArrays(xy.astype(np.float32)), Fraction(25), 0).xy is not calm
