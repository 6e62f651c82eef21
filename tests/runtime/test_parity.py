"""Both engines against the numbers of the reference implementation (tests/parity)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepmeme.models.motion.config import presets
from deepmeme.pipelines.motion_model import MotionModel
from deepmeme.runtime.load import build_engine, checkpoint_from_arrays
from deepmeme.weights.seeded import seeded_weights
from tests.runtime.reference_pictures import driving, picture

PARITY = Path(__file__).parents[1] / "parity"
CASES = [(name, engine) for name in ("vox-256", "mgif-256") for engine in ("openvino", "torch")]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> Iterator[tuple[Any, MotionModel]]:
    name, engine = request.param
    config = presets()[name]
    checkpoint = checkpoint_from_arrays(config, seeded_weights(config, seed=1))
    with np.load(PARITY / f"{name}-seed1.npz") as reference:
        yield reference, MotionModel(build_engine(checkpoint, engine=engine, precision="fp32"))


def test_keypoints_agree(case: tuple[Any, MotionModel]) -> None:
    reference, model = case
    for frame, which in ((picture(1), "source"), (driving(1)[1], "driving")):
        found = model.keypoints(frame)
        np.testing.assert_allclose(found.xy, reference[f"kp_{which}_value"], atol=1e-4)
        assert found.jacobian is not None
        np.testing.assert_allclose(found.jacobian, reference[f"kp_{which}_jacobian"], atol=1e-4)


def test_dense_motion_and_prediction_agree(case: tuple[Any, MotionModel]) -> None:
    reference, model = case
    engine = model.engine
    inside = engine.inspect(engine.encode(picture(1)), model.keypoints(driving(1)[1]))
    np.testing.assert_allclose(inside.deformation, reference["deformation"][0], atol=2e-3)
    assert inside.occlusion is not None
    np.testing.assert_allclose(inside.occlusion, reference["occlusion"][0, 0], atol=2e-3)
    prediction = inside.prediction.transpose(2, 0, 1)
    np.testing.assert_allclose(prediction, reference["prediction"][0], atol=2e-3)


@pytest.mark.parametrize("relative", [True, False])
def test_animation_is_within_one_grey_level(case: tuple[Any, MotionModel], relative: bool) -> None:
    reference, model = case
    frames = model.animate_frames(picture(1), driving(1), relative=relative, adapt_scale=relative)
    ours = np.stack(list(frames))[:, ::2, ::2].astype(int)
    theirs = reference[f"animation_relative{relative:d}_adapt{relative:d}"].astype(int)
    assert (np.abs(ours - theirs) <= 1).mean() >= 0.999
