"""hold, prefetch and clips: time and order, whatever comes in."""

import gc
import threading
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.media.clip import AudioSource, Clip
from deepmeme.media.pacing import MAX_HOLD_S, choose_fps, hold
from deepmeme.media.prefetch import prefetch
from tests.media.drawn import grey
from tests.media.properties import examples

RATES = st.sampled_from([Fraction(1), Fraction(12), Fraction(25), Fraction(30000, 1001)])


def held(times, fps, span=0.0):
    timed = [((Fraction(t), Fraction(span)), i) for i, t in enumerate(times)]
    return list(hold(timed, Fraction(fps)))


@examples(100)
@given(steps=st.lists(st.integers(1, 300), max_size=20), fps=RATES)
def test_each_moment_shows_what_was_on_screen(steps, fps):
    """To half a frame, however long and uneven the steps (in ms)."""
    times = [Fraction(sum(steps[:i]), 1000) for i in range(len(steps) + 1)]
    shown = held(times, fps)
    half = Fraction(1, 2) / fps
    for slot, item in enumerate(shown):
        assert times[item] <= slot / fps + half
        if item + 1 < len(times):
            assert times[item + 1] >= slot / fps - half
    assert shown == sorted(shown)
    assert abs(len(shown) / fps - times[-1]) <= 1 / fps + half


@examples(50)
@given(count=st.integers(1, 60), fps=RATES)
def test_a_constant_rate_is_left_as_it_is(count, fps):
    assert held([i / fps for i in range(count)], fps, 1 / fps) == list(range(count))


@examples(100)
@given(
    starts=st.lists(st.one_of(st.none(), st.fractions(-1000, 1000)), min_size=1, max_size=8),
    spans=st.lists(st.fractions(-5, 100), min_size=8, max_size=8),
)
def test_mad_clocks_stay_bounded_and_in_order(starts, spans):
    timed = [((s, d), i) for i, (s, d) in enumerate(zip(starts, spans, strict=False))]
    shown = list(hold(timed, Fraction(4)))
    assert 1 <= len(shown) <= (len(starts) + 1) * MAX_HOLD_S * 4
    assert shown == sorted(shown)


def test_believable_rates():
    assert choose_fps(None) == choose_fps(Fraction(0)) == 25
    assert choose_fps(Fraction(90000)) == 60
    assert choose_fps(Fraction(1, 7)) == 1
    assert choose_fps(Fraction(30000, 1001)) == Fraction(30000, 1001)


@examples(40)
@given(length=st.integers(0, 40), depth=st.integers(1, 8))
def test_prefetch_keeps_order(length, depth):
    assert list(prefetch(range(length), depth)) == list(range(length))


def test_prefetch_works_ahead_in_another_thread():
    made = []

    def source():
        for index in range(10):
            made.append(threading.current_thread().name)
            yield index

    items = prefetch(source(), 3)
    assert made == [], "nothing starts before the first is asked for"
    assert next(items) == 0
    deadline = time.monotonic() + 5
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert 4 <= len(made) <= 5
    assert set(made) == {"deepmeme-prefetch"}
    items.close()


def test_prefetch_hands_errors_over_at_their_place():
    def source():
        yield 1
        raise InputError("broken")

    items = prefetch(source())
    assert next(items) == 1
    with pytest.raises(InputError, match="broken"):
        next(items)


def test_closing_prefetch_closes_the_source_and_the_thread():
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    items = prefetch(source(), 2)
    next(items)
    items.close()
    assert closed.is_set()
    assert "deepmeme-prefetch" not in {t.name for t in threading.enumerate()}


def test_an_abandoned_prefetch_ends():
    items = prefetch(iter(lambda: 0, 1), 2)
    next(items)
    del items
    gc.collect()
    assert "deepmeme-prefetch" not in {t.name for t in threading.enumerate()}


def numbered(count, fps=10):
    def open_frames():
        return (np.full((16, 16, 3), i, np.uint8) for i in range(count))

    audio = AudioSource("s.wav", start_s=1.5)
    return Clip(16, 16, Fraction(fps), count, open_frames, audio)


@examples(60)
@given(data=st.data(), count=st.integers(1, 30))
def test_trims_compose(data, count):
    """Trimming twice, mapping between and starting late agree with plain slicing."""
    clip, wanted, offset = numbered(count), list(range(count)), 0
    for _ in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.integers(0, len(wanted) - 1))
        last = data.draw(st.integers(first + 1, len(wanted)))
        clip, wanted, offset = clip.trim(first / 10, last / 10), wanted[first:last], offset + first
    skip = data.draw(st.integers(0, count))
    shown = clip.map(lambda f: f + 1)
    assert clip.num_frames == len(wanted)
    assert [int(f[0, 0, 0]) for f in shown] == [w + 1 for w in wanted]
    assert [int(f[0, 0, 0]) for f in clip.frames_from(skip)] == wanted[skip:]
    assert clip.audio.start_s == pytest.approx(1.5 + offset / 10)
    assert clip.audio.duration_s == pytest.approx(len(wanted) / 10)
    assert clip.duration_s == pytest.approx(len(wanted) / 10)


def test_a_trim_of_unknown_length():
    clip = numbered(5)
    clip = Clip(16, 16, clip.fps, None, clip.open_frames)
    assert clip.duration_s is None
    assert clip.trim(0.2).num_frames is None
    assert len(list(clip.trim(0.2))) == 3
    assert list(clip.trim(4.0)) == []
    assert len(list(clip.take(2))) == 2


def test_a_clip_holds_no_frames():
    clip = numbered(3)
    assert grey(0, 16, 16).shape == next(iter(clip)).shape
    assert not any(isinstance(value, np.ndarray) for value in vars(clip).values())
