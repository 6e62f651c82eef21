"""``deepmeme train``: a lesson and the model that comes of it; what is refused, and how."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import deepmeme
from deepmeme.cli.main import main
from tests.data.face_bank import write_face_bank
from tests.data.face_squares import write_squares
from tests.train.tiny_bank import write_bank

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

QUICK = ("--steps", "1", "--batch-size", "1", "--accelerator", "cpu", "--preview-every", "0")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("banks") / "discs", size=256)


def said(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    out, err = capfd.readouterr()
    return int(ended.value.code or 0), out, err


def test_a_lesson(bank: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    lesson = ("train", "portrait", "keypoints", "--banks", bank, "-o", run, *QUICK, "--json")
    code, out, _ = said(capfd, *lesson)
    assert code == 0
    assert json.loads(out) == {
        "ok": True, "run": str(run / "keypoints"), "step": 1, "finished": True
    }  # fmt: skip
    assert (run / "keypoints" / "index.html").is_file()


def test_faces_in_one_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    heads, run = write_face_bank(tmp_path / "heads"), tmp_path / "run"
    for network in ("finder", "landmarks"):
        command = (
            "train", "faces", network, "--banks", heads, "-o", run, *QUICK, "--size", "64", "--json"
        )  # fmt: skip
        code, out, _ = said(capfd, *command)
        assert code == 0 and json.loads(out)["run"] == str(run / network)
    code, out, _ = said(capfd, "train", "export", run, "-o", tmp_path / "model", "--json")
    assert code == 0
    assert json.loads(out) == {"ok": True, "model": str(tmp_path / "model"), "int8": None}
    assert {"find.onnx", "landmarks.onnx"} < {file.name for file in (tmp_path / "model").iterdir()}


def test_masks_and_identities_in_one_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    squares, run = write_squares(tmp_path / "squares"), tmp_path / "run"
    for network, flag in (("mask", "--squares"), ("identity", "--people")):
        command = (
            "train", "faces", network, flag, squares, "-o", run, *QUICK, "--batch-size", "4",
            "--size", "32", "--json",
        )  # fmt: skip
        code, out, _ = said(capfd, *command)
        assert code == 0 and json.loads(out)["run"] == str(run / network)
    code, _, _ = said(capfd, "train", "export", run, "-o", tmp_path / "model", "--json")
    assert code == 0
    assert {"mask.onnx", "identity.onnx"} < {f.name for f in (tmp_path / "model").iterdir()}
    code, _, err = said(capfd, "train", "faces", "mask", "--squares", tmp_path, "-o", run)
    assert code == 2 and "squares.json" in err
    lone = ("train", "faces", "identity", "--people", squares, "-o", tmp_path / "lone", *QUICK)
    code, _, err = said(capfd, *lone)
    assert code == 2 and "at least two at a time" in " ".join(err.split())


TINY = """
dataset_params: {frame_shape: [32, 32, 3], augmentation_params: {flip_param: {time_flip: true}}}
model_params:
  common_params: {num_kp: 3, num_channels: 3, estimate_jacobian: true}
  kp_detector_params: {temperature: 0.1, block_expansion: 8, max_features: 16, scale_factor: 0.5,
    num_blocks: 2}
  generator_params: {block_expansion: 8, max_features: 16, num_down_blocks: 2,
    num_bottleneck_blocks: 1, estimate_occlusion_map: true, dense_motion_params:
    {block_expansion: 8, max_features: 16, num_blocks: 2, scale_factor: 0.5}}
  discriminator_params: {scales: [1], block_expansion: 8, max_features: 16, num_blocks: 2, sn: true}
train_params: {num_epochs: 2, num_repeats: 2, epoch_milestones: [1], batch_size: 1,
  scales: [1, 0.5], checkpoint_freq: 1, loss_weights: {generator_gan: 1, feature_matching: [1, 1]}}
"""


def test_a_folder_of_videos_becomes_a_model(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    random, data = np.random.default_rng(0), tmp_path / "videos"
    for video in ("one", "two", "three"):
        (data / video).mkdir(parents=True)
        for frame in range(3):
            picture = random.integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(picture).save(data / video / f"{frame}.png")
    config = tmp_path / "tiny.yaml"
    config.write_text(TINY)
    run = tmp_path / "run"
    command = (
        "train", "motion", "--data", data, "--config", config, "-o", run, "--frames",
        tmp_path / "frames", "--accelerator", "cpu", "--preview-every", "0",
    )  # fmt: skip
    code, out, _ = said(capfd, *command, "--steps", "2", "--json")
    assert code == 0
    facts = json.loads(out)
    assert facts["finished"] and facts["step"] == 2 and facts["model"] == str(run / "model")
    code, _, err = said(capfd, *command, "--steps", "3")  # goes on
    assert code == 0 and "step 3" in err
    code, out, _ = said(capfd, "train", "export", run, "-o", tmp_path / "again", "--json")
    assert code == 0 and json.loads(out)["model"] == str(tmp_path / "again")
    frames = list(
        deepmeme.load_model(run / "model").animate_frames(picture, [picture, picture[::-1]])
    )
    assert [frame.shape for frame in frames] == [(32, 32, 3)] * 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--steps", "0"), "--steps 0: expected a number from 1"),
        (("--shares", "1,2"), "a number from 0 for each of the 1 banks"),
        (("--shares", "much"), "a number from 0"),
        (("--precision", "fp8"), "one of 32-true"),
    ],
)
def test_what_does_not_fit_is_said(
    bank: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    says: str,
) -> None:
    lesson = ("train", "portrait", "motion", "--banks", bank, "-o", tmp_path / "run")
    code, _, err = said(capfd, *lesson, *words)
    assert code == 2 and says in " ".join(err.split())
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_no_bank(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lesson = ("train", "portrait", "keypoints", "--banks", tmp_path, "-o", tmp_path / "run")
    code, _, err = said(capfd, *lesson)
    assert code == 2 and str(tmp_path) in "".join(err.split())
