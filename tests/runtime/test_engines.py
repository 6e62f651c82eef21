"""The two engines are one model: every option gives the same frames on both."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.models.motion.config import MotionConfig
from deepmeme.pipelines.motion_model import MotionModel
from deepmeme.runtime.engine import KeypointArrays, as_unit_nchw
from deepmeme.runtime.load import build_engine, checkpoint_from_arrays
from deepmeme.weights.seeded import seeded_weights
from tests.runtime.reference_pictures import picture

SOURCE = picture(3, 64)
FRAMES = [np.roll(picture(4, 64), (i, 2 * i), (0, 1)) for i in range(3)]


def variant(base: MotionConfig, which: str) -> MotionConfig:
    generator, dense = base.generator, base.generator.dense_motion
    match which:
        case "plain":
            return base
        case "corners":
            return replace(base, align_corners=True)
        case "no jacobian":
            return replace(
                base,
                keypoints=replace(base.keypoints, estimate_jacobian=False),
                generator=replace(generator, estimate_jacobian=False),
            )
        case "single jacobian map":
            return replace(base, keypoints=replace(base.keypoints, single_jacobian_map=True))
        case "no occlusion":
            return replace(base, generator=replace(generator, estimate_occlusion_map=False))
        case "coarse motion":  # deformation smaller than the features, as in vox-512
            coarse = replace(dense, scale_factor=0.125)
            return replace(
                base, antialias_sigma=1.5, generator=replace(generator, dense_motion=coarse)
            )
        case "padded heads":
            return replace(base, keypoints=replace(base.keypoints, pad=3, scale_factor=1.0))
        case "source kept":
            return replace(base, generator=replace(generator, keep_source=True))
    raise AssertionError(which)


def model(config: MotionConfig, engine: str, precision: str = "fp32") -> MotionModel:
    checkpoint = checkpoint_from_arrays(config, seeded_weights(config, seed=5))
    return MotionModel(build_engine(checkpoint, engine=engine, precision=precision))


VARIANTS = ["plain", "corners", "no jacobian", "single jacobian map", "no occlusion",
            "coarse motion", "padded heads", "source kept"]  # fmt: skip


@pytest.mark.parametrize("which", VARIANTS)
def test_engines_agree(small_config: MotionConfig, which: str) -> None:
    config = variant(small_config, which)
    ours, torchs = model(config, "openvino"), model(config, "torch")
    a = np.stack(list(ours.animate_frames(SOURCE, FRAMES))).astype(int)
    b = np.stack(list(torchs.animate_frames(SOURCE, FRAMES))).astype(int)
    assert a.shape == (3, 64, 64, 3)
    assert np.abs(a - b).max() <= 1
    assert np.abs(a[0] - a[2]).mean() > 0.5, "a moving driver must move the source"


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_a_kept_source_that_does_not_move_is_itself(
    small_config: MotionConfig, engine: str
) -> None:
    config = variant(small_config, "source kept")
    weights = seeded_weights(config, seed=5)
    weights["generator"]["final.bias"] = np.array([0, 0, 0, 50], np.float32)  # keep all of it
    weights["generator"]["dense_motion_network.mask.bias"][0] = 99  # all of it background
    ours = MotionModel(build_engine(checkpoint_from_arrays(config, weights), engine=engine))
    (frame,) = ours.animate_frames(SOURCE, [SOURCE])
    assert np.abs(frame - SOURCE * 255.0).max() <= 1
    source = ours.engine.encode(SOURCE)
    inside = ours.engine.inspect(source, ours.engine.detect(FRAMES[1][None]))
    assert inside.occlusion is not None and inside.occlusion.shape == (64, 64)
    assert inside.occlusion.min() > 0.99


def test_align_corners_changes_the_picture(small_config: MotionConfig) -> None:
    today = model(small_config, "openvino")
    era = model(replace(small_config, align_corners=True), "openvino")
    a = np.stack(list(today.animate_frames(SOURCE, FRAMES))).astype(int)
    b = np.stack(list(era.animate_frames(SOURCE, FRAMES))).astype(int)
    assert np.abs(a - b).mean() > 0.2


def test_int8_stays_near_fp32_and_calibrates_itself(small_config: MotionConfig) -> None:
    exact, small = model(small_config, "openvino"), model(small_config, "openvino", "int8")
    assert small.engine.needs_calibration
    a = np.stack(list(exact.animate_frames(SOURCE, FRAMES))).astype(float)
    b = np.stack(list(small.animate_frames(SOURCE, FRAMES))).astype(float)
    assert not small.engine.needs_calibration
    error = np.square(a - b).mean()
    assert error > 0, "int8 that equals fp32 to the last bit did not run in int8"
    assert 10 * np.log10(255**2 / error) >= 35


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_render_stream_keeps_order(small_config: MotionConfig, engine: str) -> None:
    loaded = model(small_config, engine)
    handle = loaded.engine.encode(SOURCE)
    found = loaded.engine.detect(np.stack(FRAMES * 4))
    at_once = loaded.engine.render(handle, found)
    one_by_one = [loaded.engine.render(handle, found.frame(i))[0] for i in range(12)]
    streamed = list(loaded.engine.render_stream(handle, (found.frame(i) for i in range(12))))
    for stack in (one_by_one, streamed):
        assert np.abs(np.stack(stack).astype(int) - at_once.astype(int)).max() <= 1


def test_render_stream_can_be_left_early(small_config: MotionConfig) -> None:
    loaded = model(small_config, "openvino")
    handle = loaded.engine.encode(SOURCE)
    found = loaded.engine.detect(np.stack(FRAMES))
    stream = loaded.engine.render_stream(handle, (found.frame(i % 3) for i in range(100)))
    first = next(stream)
    stream.close()
    again = loaded.engine.render(handle, found.frame(0))[0]
    np.testing.assert_array_equal(first, again)


def test_anchor_is_the_source_pose(small_config: MotionConfig) -> None:
    loaded = model(small_config, "openvino")
    still = loaded.engine.render(loaded.engine.encode(SOURCE), loaded.keypoints(SOURCE))[0]
    frames = list(loaded.animate_frames(SOURCE, FRAMES, anchor=1))
    assert np.abs(frames[1].astype(int) - still.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (np.zeros((1, 32, 32, 3), np.uint8), "shape (64, 64, 3)"),
        (np.zeros((1, 64, 64, 4), np.uint8), "found (64, 64, 4)"),
        (np.full((1, 64, 64, 3), 255.0), "must lie in [0, 1]"),
        (np.full((1, 64, 64, 3), np.nan), "must lie in [0, 1]"),
        (np.zeros((1, 64, 64, 3), np.int32), "uint8 or float"),
    ],
)
def test_wrong_frames_say_what_was_expected(frames: Any, says: str) -> None:
    with pytest.raises(InputError) as error:
        as_unit_nchw(frames, 64)
    assert says in str(error.value)


def test_uint8_and_float_frames_agree(small_config: MotionConfig) -> None:
    loaded = model(small_config, "openvino")
    frame = np.rint(SOURCE * 255).astype(np.uint8)
    a, b = loaded.keypoints(frame), loaded.keypoints(frame / 255)
    np.testing.assert_allclose(a.xy, b.xy, atol=1e-6)


def test_too_few_frames_for_the_anchor(small_config: MotionConfig) -> None:
    loaded = model(small_config, "openvino")
    with pytest.raises(InputError, match="frame 5 cannot be its anchor"):
        list(loaded.animate_frames(SOURCE, FRAMES, anchor=5))
    with pytest.raises(InputError, match="has 0 frame"):
        list(loaded.animate_frames(SOURCE, []))


def test_keypoint_arrays_frame() -> None:
    found = KeypointArrays(np.arange(12, dtype=np.float32).reshape(3, 2, 2))
    np.testing.assert_array_equal(found.frame(-1).xy, found.xy[2:])
    np.testing.assert_array_equal(found.frame(1).xy, found.xy[1:2])


def test_the_product_runs_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import deepmeme.cli.main, deepmeme.pipelines.animate\n"
        "from deepmeme.models.motion.config import presets\n"
        "from deepmeme.runtime.load import build_engine, checkpoint_from_arrays\n"
        "from deepmeme.weights.seeded import seeded_weights\n"
        "config = presets()['vox-256']\n"
        "engine = build_engine(checkpoint_from_arrays(config, seeded_weights(config, 1)))\n"
        "import numpy as np\n"
        "print(engine.detect(np.zeros((1, 256, 256, 3), np.uint8)).xy.shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "(1, 10, 2)", done.stderr
