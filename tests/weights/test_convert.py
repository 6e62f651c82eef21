"""Slimmer files with the same numbers, whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepmeme.errors import InputError, OutputError, WeightsError
from deepmeme.runtime.load import load_engine
from deepmeme.weights.checkpoint import load_checkpoint
from deepmeme.weights.convert import convert
from tests.weights.published import reference_yaml, save, tiny


def assert_same_networks(a: Path, b: Path, *, atol: float = 0) -> None:
    first, second = load_checkpoint(a), load_checkpoint(b)
    for part in ("generator", "kp_detector"):
        before, after = getattr(first, part), getattr(second, part)
        assert before.keys() == after.keys()
        for key, array in before.items():
            np.testing.assert_allclose(after[key], array, atol=atol, rtol=atol)


def test_slim_file(tmp_path: Path, checkpoint_file: Path) -> None:
    (tmp_path / "vox.yaml").write_text(reference_yaml(tiny("vox-256")))
    target = tmp_path / "vox.safetensors"
    done = convert(checkpoint_file, target, config=tmp_path / "vox.yaml")
    assert_same_networks(checkpoint_file, target)
    assert done.bytes_before == checkpoint_file.stat().st_size
    assert done.bytes_after == target.stat().st_size < done.bytes_before / 2
    assert done.config == tiny("vox-256").__class__.from_json(done.config.to_json())
    loaded = load_checkpoint(target)
    assert loaded.metadata["source_sha256"] == load_checkpoint(checkpoint_file).sha256
    assert loaded.discriminator is None


def test_half_precision_is_half_as_large(tmp_path: Path, checkpoint_file: Path) -> None:
    full = convert(checkpoint_file, tmp_path / "full.safetensors")
    half = convert(checkpoint_file, tmp_path / "half.safetensors", precision="fp16")
    weights = sum(a.nbytes for a in load_checkpoint(full.path).generator.values())
    assert half.bytes_after < full.bytes_after - 0.4 * weights
    assert_same_networks(full.path, half.path, atol=1e-3)


def test_the_discriminator_on_demand(tmp_path: Path, checkpoint_file: Path) -> None:
    convert(checkpoint_file, tmp_path / "a.safetensors", discriminator=True)
    assert load_checkpoint(tmp_path / "a.safetensors").discriminator is not None


def test_without_a_discriminator_to_keep(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    slim = {part: tiny_tree[part] for part in ("generator", "kp_detector")}
    file = save(tmp_path / "a.pth.tar", slim)
    with pytest.raises(WeightsError, match="no discriminator"):
        convert(file, tmp_path / "a.safetensors", discriminator=True)


def test_model_folder_runs(tmp_path: Path, checkpoint_file: Path) -> None:
    folder = tmp_path / "models" / "vox"
    convert(checkpoint_file, folder, precision="fp16")
    card = json.loads((folder / "model.json").read_text())
    assert (card["name"], card["family"], card["resolution"]) == ("vox", "fomm", 256)
    assert card["weights"]["file"] == "weights.safetensors"
    engine = load_engine(folder, engine="openvino", precision="fp32")
    assert engine.info().num_keypoints == 3
    frame = np.random.default_rng(0).integers(0, 255, (1, 256, 256, 3), np.uint8)
    slow = load_engine(checkpoint_file, engine="openvino", precision="fp32")
    np.testing.assert_allclose(engine.detect(frame).xy, slow.detect(frame).xy, atol=5e-3)
    assert_same_networks(checkpoint_file, folder, atol=1e-3)
    assert sorted(p.name for p in folder.parent.iterdir()) == ["vox"]


def test_a_folder_can_be_converted_again(tmp_path: Path, checkpoint_file: Path) -> None:
    convert(checkpoint_file, tmp_path / "vox")
    convert(tmp_path / "vox", tmp_path / "vox.safetensors")
    assert_same_networks(checkpoint_file, tmp_path / "vox.safetensors")


def test_nothing_is_replaced_unasked(tmp_path: Path, checkpoint_file: Path) -> None:
    target = tmp_path / "a.safetensors"
    target.write_text("mine")
    with pytest.raises(OutputError, match="something already"):
        convert(checkpoint_file, target)
    assert target.read_text() == "mine"
    convert(checkpoint_file, target, overwrite=True)
    assert_same_networks(checkpoint_file, target)
    with pytest.raises(InputError, match="would replace the source"):
        convert(target, target, overwrite=True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "holiday.jpg").write_text("mine")
    with pytest.raises(OutputError, match="holds other files"):
        convert(checkpoint_file, tmp_path / "folder", overwrite=True)
    assert (tmp_path / "folder" / "holiday.jpg").exists()


def test_folders_are_replaced_when_asked(tmp_path: Path, checkpoint_file: Path) -> None:
    convert(checkpoint_file, tmp_path / "vox")
    with pytest.raises(OutputError, match="something already"):
        convert(checkpoint_file, tmp_path / "vox")
    convert(checkpoint_file, tmp_path / "vox", overwrite=True)
    assert_same_networks(checkpoint_file, tmp_path / "vox")


@pytest.mark.parametrize(
    ("target", "how", "says"),
    [
        ("a.pth.tar", {}, "safetensors"),
        ("a.onnx", {}, "safetensors"),
        ("a.safetensors", {"precision": "int8"}, "fp32, fp16"),
    ],
)
def test_targets_and_precisions_that_are_none(
    tmp_path: Path, checkpoint_file: Path, target: str, how: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        convert(checkpoint_file, tmp_path / target, **how)
    assert not (tmp_path / target).exists()


def test_a_bad_source_leaves_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth.tar"
    bad.write_bytes(b"\x80\x02" + bytes(50))
    for target in ("a.safetensors", "folder"):
        with pytest.raises(WeightsError):
            convert(bad, tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pth.tar"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(tmp_path: Path, checkpoint_file: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    for target in ("a.safetensors", "folder"):
        with pytest.raises(OutputError, match="cannot be written"):
            convert(checkpoint_file, locked / target)


def test_a_full_disk_leaves_nothing(
    tmp_path: Path, checkpoint_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    for target in ("a.safetensors", "folder"):
        with pytest.raises(OutputError, match="No space left"):
            convert(checkpoint_file, tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint_file.name]


def test_no_such_folder(tmp_path: Path, checkpoint_file: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        convert(checkpoint_file, tmp_path / "missing" / "a.safetensors")
