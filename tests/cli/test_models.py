"""``deepmeme models`` as typed: what it prints, its exit codes, and what it leaves behind."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepmeme.cli.main import run
from deepmeme.weights import catalogue
from deepmeme.weights.catalogue import Entry
from tests.media.drawn import write_video
from tests.weights.file_server import FileServer, file_server
from tests.weights.published import published_tree, reference_yaml, save, tiny

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("DEEPMEME_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return save(tmp_path / "tiny-cpk.pth.tar", published_tree(tiny("vox-256")))


def deepmeme(*words: object) -> int:
    code: int = run([str(word) for word in words])
    return code


def answer(capsys: Capture) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_list(capsys: Capture) -> None:
    assert deepmeme("models", "list") == 0
    shown = capsys.readouterr().out
    for word in ("fomm.vox-adv", "fomm.mgif", "728.8 MB", "Tai-Chi"):
        assert word in shown
    assert deepmeme("models", "list", "--json") == 0
    models = {model["name"]: model for model in answer(capsys)["models"]}
    assert models["fomm.vox"]["num_bytes"] == 728_766_691
    assert models["fomm.vox"]["here"] is False


def test_info(capsys: Capture) -> None:
    assert deepmeme("models", "info", "vox") == 0
    shown = capsys.readouterr().out
    for word in ("VoxCeleb", "vox-256", "sha256", "https://github.com/", "By hand from"):
        assert word in shown
    assert deepmeme("models", "info", "fomm.vox", "--json") == 0
    assert answer(capsys)["preset"] == "vox-256"


def test_info_of_a_file_is_a_diagnosis(file: Path, capsys: Capture) -> None:
    assert deepmeme("models", "info", file, "--json") == 0
    assert answer(capsys)["family"] == "fomm"


def test_a_name_that_is_none(capsys: Capture) -> None:
    for command in ("info", "pull", "doctor"):
        assert deepmeme("models", command, "fomm.vax") == 2
        assert "Did you mean" in capsys.readouterr().err
    assert deepmeme("models", "pull", "fomm.vax", "--json") == 2
    assert answer(capsys)["error"]["type"] == "ModelNotFound"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


def published_at(url: str, content: bytes, monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    entry = Entry(
        name="fomm.tiny", title="Tiny", family="fomm", expects="anything", licence="CC0",
        filename="tiny-cpk.pth.tar", urls=(url,), by_hand=("https://example.org/page",),
        num_bytes=len(content), **facts,
    )  # fmt: skip
    monkeypatch.setattr(catalogue, "PUBLISHED", (entry,))


def test_pull(
    server: FileServer, file: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    published_at(server.add("/a", content), content, monkeypatch, sha256=digest)
    assert deepmeme("models", "pull", "tiny", "--json") == 0
    (model,) = answer(capsys)["models"]
    assert model["here"] and Path(model["path"]).read_bytes() == content
    assert deepmeme("models", "pull", "fomm.tiny") == 0
    assert "fomm.tiny is here" in capsys.readouterr().err
    assert len(server.requests) == 1
    assert deepmeme("models", "doctor", "fomm.tiny") == 0


def test_pull_without_a_published_sum(
    server: FileServer, file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file.read_bytes()
    published_at(server.add("/a", content), content, monkeypatch)
    assert deepmeme("models", "pull", "tiny") == 0
    assert hashlib.sha256(content).hexdigest() in capsys.readouterr().err


def test_pull_when_all_fail(
    server: FileServer, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_at(server.base + "/gone", b"1234", monkeypatch)
    assert deepmeme("models", "pull", "tiny") == 2
    said = capsys.readouterr().err
    for word in ("404", "https://example.org/page", str(tmp_path / "cache" / "models")):
        assert word in said
    monkeypatch.setenv("DEEPMEME_OFFLINE", "1")
    assert deepmeme("models", "pull", "tiny") == 2
    assert "DEEPMEME_OFFLINE" in capsys.readouterr().err


def test_doctor(file: Path, capsys: Capture) -> None:
    assert deepmeme("models", "doctor", file) == 0
    shown = capsys.readouterr().out
    for word in ("First Order Motion Model", "optimizer_generator", "training only", "It loads."):
        assert word in shown


def test_doctor_of_a_file_that_does_not_load(file: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "mgif.yaml").write_text(reference_yaml(tiny("mgif-256")))
    assert deepmeme("models", "doctor", file, "--config", tmp_path / "mgif.yaml") == 2
    shown = capsys.readouterr().out
    assert "does not fit its configuration" in shown and "It does not load." in shown
    assert deepmeme("models", "doctor", file, "-c", tmp_path / "mgif.yaml", "--json") == 2
    found = answer(capsys)
    assert found["ok"] is False and found["problems"]


def test_doctor_of_a_hostile_file(tmp_path: Path, capsys: Capture) -> None:
    bad = tmp_path / "bad.pth.tar"
    bad.write_bytes(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.")
    for command in (("doctor", bad), ("convert", bad, "-o", tmp_path / "x.safetensors")):
        assert deepmeme("models", *command) == 2
        assert "os.system" in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()


def test_convert(file: Path, tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "slim.safetensors"
    assert deepmeme("models", "convert", file, "-o", target, "--precision", "fp16", "--json") == 0
    facts = answer(capsys)
    assert facts["bytes_after"] == target.stat().st_size < facts["bytes_before"] / 4
    assert deepmeme("models", "convert", file, "-o", target) == 2
    assert "something already" in capsys.readouterr().err
    assert deepmeme("models", "convert", file, "-o", target, "--overwrite") == 0
    assert "Made" in capsys.readouterr().err


def test_convert_with_ranges_runs_in_int8_at_once(
    file: Path, tmp_path: Path, capsys: Capture
) -> None:
    from deepmeme.runtime.load import load_engine

    video, folder = tmp_path / "drive.mp4", tmp_path / "vox"
    rng = np.random.default_rng(0)
    write_video(video, [rng.integers(0, 255, (64, 64, 3), np.uint8) for _ in range(6)])
    small = replace(tiny("vox-256"), frame_shape=(64, 64, 3))
    (tmp_path / "small.yaml").write_text(reference_yaml(small))
    words = ("convert", file, "-o", folder, "-c", tmp_path / "small.yaml")
    words += ("--calibrate-on", video, "--json")
    assert deepmeme("models", *words) == 0
    assert answer(capsys)["int8_psnr_db"] > 20
    assert not load_engine(folder, engine="openvino", precision="int8").needs_calibration
    slim = tmp_path / "a.safetensors"
    assert deepmeme("models", "convert", file, "-o", slim, "--calibrate-on", video) == 2
    assert "needs a model folder" in capsys.readouterr().err
