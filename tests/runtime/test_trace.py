"""``trace_stream`` gives the frames of ``render_stream`` and what ``inspect`` sees."""

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
