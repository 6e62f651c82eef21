"""``trace_stream`` gives the frames of ``render_stream`` and what ``inspect`` sees."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from deepmeme.models.motion.config import MotionConfig
from tests.runtime.test_engines import FRAMES, SOURCE, model


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_traces(small_config: MotionConfig, engine: str) -> None:
    loaded = model(small_config, engine).engine
    handle = loaded.encode(SOURCE)
    found = loaded.detect(np.stack(FRAMES * 3))
    traced = list(loaded.trace_stream(handle, (found.frame(i) for i in range(9))))
    plain = list(loaded.render_stream(handle, (found.frame(i) for i in range(9))))
    assert len(traced) == len(plain) == 9
    for index, (trace, frame) in enumerate(zip(traced, plain, strict=True)):
        assert np.abs(trace.frame.astype(int) - frame).max() <= 1
        seen = loaded.inspect(handle, found.frame(index))
        np.testing.assert_allclose(trace.deformation, seen.deformation, atol=1e-4)
        np.testing.assert_allclose(trace.occlusion, seen.occlusion, atol=1e-4)


@pytest.mark.parametrize(("engine", "cores"), [("openvino", 2), ("openvino", 4), ("torch", 2)])
def test_a_frame_that_is_wanted_soon_is_the_same(
    small_config: MotionConfig, engine: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    loaded = model(small_config, engine).engine
    handle, found = loaded.encode(SOURCE), loaded.detect(np.stack(FRAMES[:2]))
    for index in (0, 1, 0):
        soon = loaded.trace(handle, found.frame(index))
        seen = next(loaded.trace_stream(handle, [found.frame(index)]))
        assert np.abs(soon.frame.astype(int) - seen.frame).max() <= 1
        np.testing.assert_allclose(soon.deformation, seen.deformation, atol=1e-4)
        np.testing.assert_allclose(soon.occlusion, seen.occlusion, atol=1e-4)


@pytest.mark.parametrize("cores", [2, 4])
def test_single_frames_of_several_threads_do_not_meet(
    small_config: MotionConfig, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live picture renders late, in a thread, while another one begins on the same engine."""
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    loaded = model(small_config, "openvino").engine
    handle, found = loaded.encode(SOURCE), loaded.detect(np.stack(FRAMES[:2]))
    alone = [loaded.inspect(handle, found.frame(index)).prediction for index in (0, 1)]
    with ThreadPoolExecutor(4) as threads:
        traced = [threads.submit(loaded.trace, handle, found.frame(n % 2)) for n in range(40)]
        seen = [threads.submit(loaded.inspect, handle, found.frame(n % 2)) for n in range(40)]
    for n, (trace, look) in enumerate(zip(traced, seen, strict=True)):
        expected = alone[n % 2]
        np.testing.assert_allclose(look.result().prediction, expected, atol=1e-4)
        assert np.abs(trace.result().frame / 255 - expected).max() < 0.01
