"""Files in the published formats give the tensors that PyTorch put into them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from deepmeme.errors import InputError, WeightsError
from deepmeme.models.motion.config import MotionConfig, presets
from deepmeme.weights.checkpoint import load_checkpoint, save_checkpoint
from deepmeme.weights.infer import fitting_presets, infer_config
from deepmeme.weights.shapes import expected_shapes
from deepmeme.weights.stored import Storage, StoredTensor, contiguous
from deepmeme.weights.torch_file import open_torch
from tests.weights.published import PRESETS, published_tree, reference_yaml, save, tiny


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("legacy", [True, False], ids=["legacy", "zip"])
def test_every_published_configuration(tmp_path: Path, name: str, legacy: bool) -> None:
    config = tiny(name)
    tree = published_tree(config)
    file = save(tmp_path / "00000099-checkpoint.pth.tar", tree, legacy=legacy)
    yaml_file = tmp_path / f"{name}.yaml"
    yaml_file.write_text(reference_yaml(config))

    loaded = load_checkpoint(file, yaml_file)

    assert loaded.metadata["epoch"] == "99"
    assert loaded.metadata["container"] == ("torch-legacy" if legacy else "torch-zip")
    for part in ("generator", "kp_detector", "discriminator"):
        arrays = getattr(loaded, part)
        assert list(arrays) == list(tree[part]) or set(arrays) == set(tree[part])
        for key, tensor in tree[part].items():
            np.testing.assert_array_equal(arrays[key], tensor.numpy())
    assert loaded.config.keypoints == config.keypoints
    assert loaded.config.generator == config.generator
    assert loaded.config.discriminator == config.discriminator
    assert loaded.config.antialias_sigma == config.antialias_sigma
    assert loaded.config.frame_shape == config.frame_shape


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "vox-512"])
def test_without_its_yaml(tmp_path: Path, name: str) -> None:
    config = tiny(name)
    loaded = load_checkpoint(save(tmp_path / "a.pth.tar", published_tree(config)))
    assert loaded.metadata["config_from"] == "inferred from the shapes"
    assert loaded.config.keypoints == config.keypoints
    assert loaded.config.discriminator == config.discriminator
    assert loaded.config.generator == config.generator
    assert expected_shapes(loaded.config) == expected_shapes(config)


def unread(name: str) -> dict[str, dict[str, StoredTensor]]:
    """Sections of a full-size published checkpoint; only the blur kernels have numbers."""
    shapes = expected_shapes(presets()[name])
    sections: dict[str, dict[str, StoredTensor]] = {}
    for part, table in shapes.items():
        sections[part] = {}
        for key, shape in table.items():
            storage = Storage(key, "float32", int(np.prod(shape)))
            if key.endswith("down.weight"):
                axis = np.exp(-((np.arange(shape[-1]) - shape[-1] // 2) ** 2) / (2 * 1.5**2))
                kernel = np.outer(axis, axis) / axis.sum() ** 2
                storage.buffer = np.ascontiguousarray(
                    np.broadcast_to(kernel, shape), np.float32
                ).tobytes()
                storage.offset = 0
            sections[part][key] = StoredTensor(storage, 0, shape, contiguous(shape))
    return sections


@pytest.mark.parametrize("name", PRESETS)
def test_full_size_shapes_name_their_preset(name: str) -> None:
    sections = unread(name)
    assert name in fitting_presets(sections)
    hint = name.removesuffix("-256") + "-cpk.pth.tar"
    assert infer_config(sections, hint=hint).name == name


def test_mgif_alone_has_mgifs_shapes() -> None:
    assert fitting_presets(unread("mgif-256")) == ["mgif-256"]


def test_vox_512_with_the_yaml_of_its_pull_request(tmp_path: Path) -> None:
    config = tiny("vox-512")
    file = save(tmp_path / "vox-512.pth.tar", published_tree(config))
    text = reference_yaml(config).replace("- 512", "- 256")
    (tmp_path / "vox-512.yaml").write_text(text)
    loaded = load_checkpoint(file, tmp_path / "vox-512.yaml")
    assert loaded.config.frame_shape == (512, 512, 3)
    assert loaded.config.antialias_sigma == 1.5
    assert loaded.kp_detector["down.weight"].shape == (3, 1, 13, 13)
    assert "512" in loaded.metadata["notes"]


def test_slim_files_without_optimizers_or_discriminator(
    tmp_path: Path, tiny_tree: dict[str, Any]
) -> None:
    slim = {name: tiny_tree[name] for name in ("generator", "kp_detector")}
    loaded = load_checkpoint(save(tmp_path / "slim.pth.tar", slim))
    assert loaded.discriminator is None
    assert "epoch" not in loaded.metadata


@pytest.mark.parametrize("legacy", [True, False])
def test_files_saved_from_a_gpu(
    tmp_path: Path, tiny_tree: dict[str, Any], legacy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
    file = save(tmp_path / "a.pth.tar", tiny_tree, legacy=legacy)
    assert b"cuda:0" in file.read_bytes()
    wanted = tiny_tree["generator"]["first.conv.weight"].numpy()
    np.testing.assert_array_equal(load_checkpoint(file).generator["first.conv.weight"], wanted)


def test_names_from_data_parallel(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    wrapped = {
        part: {f"module.{key}": value for key, value in tiny_tree[part].items()}
        for part in ("generator", "kp_detector")
    }
    loaded = load_checkpoint(save(tmp_path / "a.pth.tar", wrapped))
    assert "first.conv.weight" in loaded.generator


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_formats_are_widened(
    tmp_path: Path, tiny_tree: dict[str, Any], dtype: torch.dtype
) -> None:
    def cast(value: torch.Tensor) -> torch.Tensor:
        return value.to(dtype) if value.is_floating_point() else value

    tree = {p: {k: cast(v) for k, v in tiny_tree[p].items()} for p in ("generator", "kp_detector")}
    loaded = load_checkpoint(save(tmp_path / "a.pth.tar", tree))
    for key, value in tree["generator"].items():
        np.testing.assert_array_equal(loaded.generator[key], value.to(torch.float32).numpy())


def test_entries_that_old_files_lack_are_filled(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    lacking = ("num_batches_tracked", "down.weight")
    tree = {
        part: {k: v for k, v in tiny_tree[part].items() if not k.endswith(lacking)}
        for part in ("generator", "kp_detector")
    }
    config = tiny("vox-256")
    loaded = load_checkpoint(save(tmp_path / "a.pth.tar", tree), config)
    np.testing.assert_allclose(
        loaded.kp_detector["down.weight"], tiny_tree["kp_detector"]["down.weight"], atol=1e-7
    )
    assert loaded.generator.keys() == tiny_tree["generator"].keys()


def test_views_slices_and_shared_storages(tmp_path: Path) -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tree = {
        "base": base,
        "transposed": base.T,
        "slice": base[1:3, ::2],
        "scalar": torch.tensor(7),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base[0]),
        "flags": torch.tensor([True, False]),
        "nested": [1, 2.5, None, "text", (base[3],)],
        "size": base.shape,
    }
    for legacy in (True, False):
        read = open_torch(save(tmp_path / f"{legacy}.pt", tree, legacy=legacy)).tree
        for name in ("base", "transposed", "slice", "scalar", "empty", "parameter", "flags"):
            wanted = tree[name].detach().numpy()  # type: ignore[attr-defined]
            np.testing.assert_array_equal(read[name].array(), wanted)
            assert read[name].array().dtype == wanted.dtype
        assert read["nested"][:4] == [1, 2.5, None, "text"]
        assert tuple(read["size"]) == (4, 6)


@pytest.mark.parametrize("half", [False, True])
def test_safetensors_round_trip(tmp_path: Path, checkpoint_file: Path, half: bool) -> None:
    first = load_checkpoint(checkpoint_file, tiny("vox-256"))
    path = save_checkpoint(tmp_path / "a.safetensors", first, half=half, discriminator=True)
    second = load_checkpoint(path)
    assert second.config == first.config
    assert second.metadata["config_from"] == "the file's header"
    assert second.metadata["epoch"] == "99"
    for part in ("generator", "kp_detector", "discriminator"):
        before, after = getattr(first, part), getattr(second, part)
        assert before.keys() == after.keys()
        for key in before:
            wanted = before[key]
            if half and wanted.dtype.kind == "f" and not key.endswith("down.weight"):
                wanted = wanted.astype(np.float16).astype(np.float32)
            np.testing.assert_array_equal(after[key], wanted)
            assert after[key].dtype == before[key].dtype
    assert save_checkpoint(tmp_path / "b.safetensors", second, half=half).is_file()


def test_bytes_of_a_second_writing_are_the_same(tmp_path: Path, checkpoint_file: Path) -> None:
    first = load_checkpoint(checkpoint_file)
    a = save_checkpoint(tmp_path / "a.safetensors", first).read_bytes()
    b = save_checkpoint(tmp_path / "b.safetensors", load_checkpoint(tmp_path / "a.safetensors"))
    assert a == b.read_bytes()


def test_the_safetensors_library_reads_what_we_write(tmp_path: Path, checkpoint_file: Path) -> None:
    checkpoint = load_checkpoint(checkpoint_file)
    path = save_checkpoint(tmp_path / "a.safetensors", checkpoint, half=True)
    with safe_open(path, "np") as file:
        assert file.metadata()["family"] == "fomm"
        for key, array in checkpoint.generator.items():
            found = file.get_tensor(f"generator.{key}")
            assert found.shape == array.shape
            np.testing.assert_allclose(found, array, atol=1e-3, rtol=1e-3)


def test_wrong_yaml_names_the_right_one(tmp_path: Path) -> None:
    mgif, vox = tiny("mgif-256"), tiny("vox-256")
    file = save(tmp_path / "mgif.pth.tar", published_tree(mgif))
    (tmp_path / "vox-256.yaml").write_text(reference_yaml(vox))
    with pytest.raises(WeightsError) as error:
        load_checkpoint(file, tmp_path / "vox-256.yaml")
    said = str(error.value)
    assert str(file) in said and "vox-256.yaml" in said
    assert "kp_detector: jacobian.weight: expected (12, 7, 7, 7), found (4, 7, 7, 7)" in said


def test_wrong_preset_for_full_size_shapes_is_told_by_doctor_too() -> None:
    assert set(fitting_presets(unread("vox-adv-256"))) == {"vox-adv-256", "taichi-adv-256"}


BAD_YAMLS = {
    "not yaml: [": "not valid YAML",
    "- a list": "mapping",
    "model_params: {}": "missing",
    "model_params: {common_params: {num_tps: 10}}": "Thin-Plate-Spline",
    "model_params: {common_params: {num_kp: ten}}": "expected a whole number",
    "model_params: {common_params: {num_kp: 10, num_points: 3}}": "num_points: unknown",
}


@pytest.mark.parametrize(("text", "says"), BAD_YAMLS.items())
def test_bad_yaml(tmp_path: Path, checkpoint_file: Path, text: str, says: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(WeightsError, match=says) as error:
        load_checkpoint(checkpoint_file, tmp_path / "a.yaml")
    assert str(tmp_path / "a.yaml") in str(error.value)


def test_no_yaml_there(tmp_path: Path, checkpoint_file: Path) -> None:
    with pytest.raises(InputError, match="no such configuration file"):
        load_checkpoint(checkpoint_file, tmp_path / "missing.yaml")
    with pytest.raises(InputError, match="vox-adv-256"):
        load_checkpoint(checkpoint_file, "vox-1024")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_weights(tmp_path: Path, tiny_tree: dict[str, Any], value: float) -> None:
    generator = dict(tiny_tree["generator"])
    broken = generator["first.conv.bias"].clone()
    broken[1] = value
    tree = tiny_tree | {"generator": generator | {"first.conv.bias": broken}}
    with pytest.raises(WeightsError, match=r"generator\.first\.conv\.bias holds 1 values"):
        load_checkpoint(save(tmp_path / "a.pth.tar", tree))


def test_other_families_are_named(tmp_path: Path) -> None:
    thing = {"weight": torch.zeros(1)}
    for tree, says in (
        ({"inpainting_network": thing, "dense_motion_network": thing}, "Thin-Plate-Spline"),
        ({"generator": thing, "region_predictor": thing}, "Articulated"),
        ({"weight": torch.zeros(1)}, "no family that deepmeme knows"),
        ({}, "no tensors"),
    ):
        with pytest.raises(WeightsError, match=says):
            load_checkpoint(save(tmp_path / "a.pth.tar", tree))


def test_a_value_too_large_for_half(tmp_path: Path, tiny_tree: dict[str, Any]) -> None:
    bias = torch.full_like(tiny_tree["generator"]["first.conv.bias"], 1e5)
    tree = tiny_tree | {"generator": tiny_tree["generator"] | {"first.conv.bias": bias}}
    checkpoint = load_checkpoint(save(tmp_path / "a.pth.tar", tree))
    with pytest.raises(WeightsError, match="float16 cannot hold"):
        save_checkpoint(tmp_path / "a.safetensors", checkpoint, half=True)
    assert not (tmp_path / "a.safetensors").exists()


def test_config_json_round_trip() -> None:
    for config in presets().values():
        assert MotionConfig.from_json(config.to_json()) == config
