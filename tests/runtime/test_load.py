"""Model folders: what ships runs on both engines, and what is broken says so."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepmeme import load_model
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.errors import InputError, ModelNotFound, WeightsError
from deepmeme.models.motion.portrait import PortraitConfig, PortraitModel
from deepmeme.runtime.engine import KeypointArrays, MotionEngine
from deepmeme.train.export_portrait import export
from tests.runtime.reference_pictures import picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained portrait model of 64 pixels, as it would ship."""
    target = tmp_path_factory.mktemp("models") / "small"
    torch.manual_seed(3)
    config = PortraitConfig(
        KEYPOINT_NAMES, resolution=64, detector_widths=(8, 8, 8), motion_widths=(8, 8, 8),
        features=8, fine_features=8, painter_blocks=1,
    )  # fmt: skip
    export(PortraitModel(config), target)
    return target


def moved(folder: Path, engine: str) -> np.ndarray:
    """A source as it is, and with its keypoints pushed aside. (Untrained, it finds none itself.)"""
    loaded = load_model(folder, engine=engine, precision="fp32").engine
    still = np.random.default_rng(1).uniform(-0.5, 0.5, (len(KEYPOINT_NAMES), 2))
    xy = np.stack([still, still + np.array([0.2, 0.1])]).astype(np.float32)
    handle = replace(loaded.encode(picture(3, 64)), keypoints=keypoints_like(loaded, xy[:1]))
    return loaded.render(handle, KeypointArrays(xy)).astype(float)


def keypoints_like(loaded: MotionEngine, xy: np.ndarray) -> Any:
    """Keypoints in the engine's own kind of array."""
    kind = type(loaded.encode(picture(3, 64)).keypoints)
    return kind(xy if kind is KeypointArrays else torch.from_numpy(xy))


def test_both_engines_run_what_ships(folder: Path) -> None:
    ours, torchs = moved(folder, "openvino"), moved(folder, "torch")
    assert np.abs(ours - torchs).max() <= 1
    assert np.abs(ours[0] - ours[1]).mean() > 3, "moved keypoints must move the source"


def test_a_model_knows_its_keypoints(folder: Path) -> None:
    info = load_model(folder).info()
    assert (info.family, info.engine, info.resolution) == ("portrait", "openvino", 64)
    assert info.keypoint_names == KEYPOINT_NAMES
    assert load_model(folder).keypoints(picture(3, 64)).xy.shape == (1, len(KEYPOINT_NAMES), 2)


def broken(folder: Path, target: Path, **changes: object) -> Path:
    """A copy of the folder with other entries in its model.json."""
    target.mkdir()
    for file in folder.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    card = json.loads((folder / "model.json").read_text())
    (target / "model.json").write_text(json.dumps(card | changes))
    return target


def test_a_changed_stage_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = broken(folder, tmp_path / "m")
    with (copy / "render.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match=r"render\.onnx is damaged"):
        load_model(copy)


def test_a_missing_stage_is_named(folder: Path, tmp_path: Path) -> None:
    copy = broken(folder, tmp_path / "m")
    (copy / "encode.onnx").unlink()
    with pytest.raises(WeightsError, match=r"encode\.onnx, which is missing"):
        load_model(copy)


def test_a_stage_outside_the_folder_is_not_read(folder: Path, tmp_path: Path) -> None:
    card = json.loads((folder / "model.json").read_text())
    outside = tmp_path / "outside.onnx"
    outside.write_bytes((folder / "render.onnx").read_bytes())
    stages = card["stages"] | {"render": card["stages"]["render"] | {"file": "../outside.onnx"}}
    copy = broken(folder, tmp_path / "m", stages=stages)
    with pytest.raises(WeightsError, match=r"outside\.onnx, which is missing"):
        load_model(copy)


def test_a_stage_without_a_sum_is_refused(folder: Path, tmp_path: Path) -> None:
    stages = json.loads((folder / "model.json").read_text())["stages"]
    copy = broken(folder, tmp_path / "m", stages=stages | {"encode": {"file": "encode.onnx"}})
    with pytest.raises(WeightsError, match=r"model\.json should name a file with its sha256"):
        load_model(copy)


@pytest.mark.parametrize("text", ["", "[]", '{"family": "oracle"}', "{"])
def test_a_strange_model_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(WeightsError, match=r"model\.json"):
        load_model(tmp_path)


def test_names_and_engines_that_do_not_exist(folder: Path) -> None:
    with pytest.raises(ModelNotFound):
        load_model("no-such-model")
    with pytest.raises(InputError, match="engine='cuda' is unknown"):
        load_model(folder, engine="cuda")
    with pytest.raises(InputError, match="runs on the CPU here"):
        load_model(folder, engine="openvino", device="cuda")
    for device in ("cuda:99", "toaster"):
        with pytest.raises(InputError, match=f"device='{device}': PyTorch can't use it"):
            load_model(folder, device=device)
    with pytest.raises(InputError, match="precision='fp16' is not for the OpenVINO engine"):
        load_model(folder, engine="openvino", precision="fp16")


@pytest.mark.parametrize("text", [None, "", "[]", '{"render": {"conv": [1]}}'])
def test_broken_ranges_are_named(folder: Path, tmp_path: Path, text: str | None) -> None:
    copy = broken(folder, tmp_path / "m", calibration="ranges.json")
    if text is not None:
        (copy / "ranges.json").write_text(text)
    with pytest.raises(WeightsError, match=r"ranges\.json does not hold int8 ranges"):
        load_model(copy)


@pytest.mark.parametrize(
    ("name", "does"), [("finder", "finds faces"), ("people", "tells faces from what hides them")]
)
def test_what_looks_at_faces_is_no_motion_model(name: str, does: str) -> None:
    with pytest.raises(WeightsError, match=f"{does} and moves nothing"):
        load_model(name)


NO_TORCH = """
import sys, deepmeme
from deepmeme.runtime import load
load.gpu_may_be_there = lambda: False
deepmeme.load_model("portrait")
assert "torch" not in sys.modules
"""


def test_without_a_gpu_torch_is_not_even_imported() -> None:
    subprocess.run([sys.executable, "-c", NO_TORCH], check=True, timeout=60)
