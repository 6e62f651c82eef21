"""``diagnose`` says what a file is and what keeps it from loading."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from deepmeme.errors import InputError, WeightsError
from deepmeme.weights.checkpoint import load_checkpoint, save_checkpoint
from deepmeme.weights.convert import convert
from deepmeme.weights.doctor import diagnose
from tests.weights.published import published_tree, reference_yaml, save, tiny


def test_a_published_checkpoint(checkpoint_file: Path) -> None:
    found = diagnose(checkpoint_file)
    assert found.loads and not found.problems
    assert (found.container, found.family) == ("torch-legacy", "fomm")
    assert found.facts["epoch"] == "99"
    assert found.num_bytes == checkpoint_file.stat().st_size
    parts = {part.name: part for part in found.parts}
    assert set(parts) == {
        "generator", "kp_detector", "discriminator",
        "optimizer_generator", "optimizer_kp_detector", "optimizer_discriminator",
    }  # fmt: skip
    assert {name for name, part in parts.items() if part.needed} == {"generator", "kp_detector"}
    # Adam keeps two numbers for each parameter, and a step
    assert parts["optimizer_generator"].num_bytes > 1.5 * parts["generator"].num_bytes
    assert found.ballast_bytes > found.num_bytes / 2
    assert any("training only" in line and "models convert" in line for line in found.remarks)
    json.dumps(found.as_dict())


def test_zip_and_safetensors(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    zipped = save(tmp_path / "a.pth.tar", tiny_tree, legacy=False)
    assert diagnose(zipped).container == "torch-zip" and diagnose(zipped).loads
    slim = save_checkpoint(tmp_path / "a.safetensors", load_checkpoint(zipped))
    found = diagnose(slim)
    assert found.loads and found.container == "safetensors" and found.ballast_bytes == 0
    assert found.config_from == "the file's header"
    assert any("no discriminator" in line for line in found.remarks)


def test_its_own_yaml_and_a_wrong_one(tmp_path: Path, checkpoint_file: Path) -> None:
    (tmp_path / "right.yaml").write_text(reference_yaml(tiny("vox-256")))
    (tmp_path / "wrong.yaml").write_text(reference_yaml(tiny("mgif-256")))
    assert diagnose(checkpoint_file, tmp_path / "right.yaml").loads
    found = diagnose(checkpoint_file, tmp_path / "wrong.yaml")
    assert not found.loads
    assert "jacobian.weight: expected (4, 7, 7, 7), found (12, 7, 7, 7)" in found.problems[0]
    assert "wrong.yaml" in found.problems[0]
    missing = diagnose(checkpoint_file, tmp_path / "missing.yaml")
    assert "no such configuration file" in missing.problems[0]


def test_missing_parts_and_keys(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    alone = diagnose(save(tmp_path / "a.pth.tar", {"generator": tiny_tree["generator"]}))
    assert (
        not alone.loads and "expected the sections generator and kp_detector" in alone.problems[0]
    )
    bare = diagnose(save(tmp_path / "b.pth.tar", tiny_tree["generator"]))
    assert not bare.loads and bare.family == "fomm"
    holed = dict(tiny_tree["kp_detector"])
    del holed["predictor.encoder.down_blocks.1.norm.bias"]
    found = diagnose(save(tmp_path / "c.pth.tar", tiny_tree | {"kp_detector": holed}))
    assert not found.loads
    assert "predictor.encoder.down_blocks.1.norm.bias: expected (12,), missing" in found.problems[0]


def test_entries_that_may_be_left_out(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    slim = {
        part: {k: v for k, v in tiny_tree[part].items() if not k.endswith("num_batches_tracked")}
        for part in ("generator", "kp_detector")
    }
    found = diagnose(save(tmp_path / "a.pth.tar", slim))
    assert found.loads
    assert any("left out" in line for line in found.remarks)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("first.conv.bias", float("nan"), "NaN or infinite"),
        ("first.conv.bias", float("-inf"), "NaN or infinite"),
        ("first.norm.running_var", -1.0, "variances below zero"),
    ],
)
def test_numbers_that_broke(
    tmp_path: Path, tiny_tree: dict[str, Any], key: str, value: float, says: str
) -> None:
    broken = tiny_tree["generator"][key].clone()
    broken[0] = value
    tree = tiny_tree | {"generator": tiny_tree["generator"] | {key: broken}}
    found = diagnose(save(tmp_path / "a.pth.tar", tree))
    assert not found.loads
    assert f"generator.{key}" in found.problems[0] and says in found.problems[0]


FAMILY_KEYS = {
    "monkey-net": {"generator": ["dense_motion_module.x"], "kp_detector": ["x"]},
    "face-vid2vid": {"generator": ["first.x"], "kp_detector": ["x"], "he_estimator": ["x"]},
    "liveportrait": {"": ["detector.stages.0.weight", "fc_kp.weight"]},
    "portrait": {"": ["detector.x", "dense_motion.x", "painter.x", "encoder.x"]},
    "fomm": {"": ["bottleneck.x", "final.weight", "dense_motion_network.x"]},
    "mraa": {"generator": ["x"], "region_predictor": ["x"], "bg_predictor": ["x"]},
    "unknown": {"": ["layer.weight"]},
}


@pytest.mark.parametrize("family", FAMILY_KEYS)
def test_families_by_their_keys(tmp_path: Path, family: str) -> None:
    sections = {name: {key: torch.zeros(2) for key in keys}
                for name, keys in FAMILY_KEYS[family].items()}  # fmt: skip
    tree = sections.get("", sections)
    for wrapped in (tree, {"state_dict": tree} if "" in sections else tree):
        found = diagnose(save(tmp_path / "a.pth", wrapped))
        assert found.family == family and not found.loads
        assert "expected the sections generator and kp_detector" in found.problems[0]


def test_other_families(tmp_path: Path) -> None:
    thing = {"weight": torch.zeros(2)}
    tree = {"inpainting_network": thing, "dense_motion_network": thing, "kp_detector": thing}
    found = diagnose(save(tmp_path / "a.pth.tar", tree))
    assert found.family == "tpsmm" and not found.loads
    assert "Thin-Plate-Spline" in found.problems[0]
    assert {part.name for part in found.parts} == set(tree)


NOT_WEIGHTS = {
    "page.pth.tar": (b"<!DOCTYPE html><title>Quota exceeded</title>", "web page"),
    "pointer.pth.tar": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    "config.yaml": (b"model_params:\n  common_params:\n", "swapped"),
    "packed.gz": (b"\x1f\x8b\x08" + bytes(100), "gunzip"),
    "real.tar": (bytes(257) + b"ustar" + bytes(300), "tar archive"),
    "noise": (b"\x93\xff\x00" * 50, "no file of weights"),
    "keras.h5": (b"\x89HDF\r\n\x1a\n", "Keras"),
}


@pytest.mark.parametrize("name", NOT_WEIGHTS)
def test_things_that_are_no_weights(tmp_path: Path, name: str) -> None:
    content, says = NOT_WEIGHTS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=says) as error:
        diagnose(tmp_path / name)
    assert name in str(error.value)


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="no such file"):
        diagnose(tmp_path / "missing.pth.tar")
    with pytest.raises(InputError, match="empty"):
        diagnose(tmp_path / "empty")
    with pytest.raises(WeightsError, match=r"folder without a model\.json"):
        diagnose(tmp_path / "folder")


def test_model_folders(tmp_path: Path, checkpoint_file: Path) -> None:
    folder = tmp_path / "vox"
    convert(checkpoint_file, folder)
    found = diagnose(folder)
    assert found.loads and found.container == "model-folder" and found.family == "fomm"
    weights = folder / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert "damaged" in diagnose(folder).problems[0]
    weights.unlink()
    assert "missing" in diagnose(folder).problems[0]
    for text in ("not json", "[]", "{}"):
        (folder / "model.json").write_text(text)
        with pytest.raises(WeightsError, match=r"model\.json does not describe a model"):
            diagnose(folder)


def test_a_folder_of_stages(tmp_path: Path) -> None:
    (tmp_path / "detect.onnx").write_bytes(b"stage")
    card = {
        "name": "portrait", "family": "portrait", "resolution": 256,
        "stages": {"detect": {"file": "detect.onnx", "sha256": "0" * 64}},
    }  # fmt: skip
    (tmp_path / "model.json").write_text(json.dumps(card))
    found = diagnose(tmp_path)
    assert found.family == "portrait"
    assert "detect.onnx is damaged" in found.problems[0]


def test_the_published_vox_is_known_by_its_sum(
    monkeypatch: pytest.MonkeyPatch, checkpoint_file: Path
) -> None:
    from deepmeme.weights import doctor
    from deepmeme.weights.catalogue import by_sha256, find

    vox = find("fomm.vox")
    assert vox is not None and vox.sha256 is not None
    assert by_sha256(vox.sha256) is vox
    monkeypatch.setattr(doctor, "by_sha256", lambda digest: vox)
    assert diagnose(checkpoint_file).known_as == "fomm.vox"


def test_ambiguous_shapes_list_their_configurations(tmp_path: Path) -> None:
    found = diagnose(save(tmp_path / "a.pth.tar", published_tree(tiny("mgif-256"))))
    assert found.loads and found.fits == ()  # tiny, so none of the published ones
