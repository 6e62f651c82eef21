"""``deepmeme data`` as typed: what it prints, its exit codes, and what it leaves behind."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deepmeme.cli.main import run
from deepmeme.data import sources
from deepmeme.data.sources import FLUENT_EMOJI, Remote
from deepmeme.weights import download
from tests.data.small_emoji import packed
from tests.weights.file_server import FileServer, file_server

Capture = pytest.CaptureFixture[str]
PACKAGE = packed("1f609", "1f600")


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("DEEPMEME_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A registry with one small package, and a table that knows it."""
    digest = hashlib.sha256(PACKAGE).hexdigest()
    remote = Remote("small-1.0.0.tgz", "{npm}/small-1.0.0.tgz", len(PACKAGE), digest)
    monkeypatch.setattr(sources, "DATA_SETS", (replace(FLUENT_EMOJI, files=(remote,)),))
    with file_server() as running:
        monkeypatch.setenv("DEEPMEME_NPM_REGISTRY", running.base)
        running.add("/small-1.0.0.tgz", PACKAGE)
        yield running


def deepmeme(*words: object) -> int:
    code: int = run([str(word) for word in words])
    return code


def test_list(capsys: Capture) -> None:
    assert deepmeme("data", "list") == 0
    shown = capsys.readouterr().out
    for word in ("fluent-emoji", "synthetic-heads", "CC BY 4.0", "public domain"):
        assert word in shown
    assert deepmeme("data", "list", "--json") == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["data"]}
    assert found["fluent-emoji"]["files"][0]["num_bytes"] == 164_966_217
    assert found["grid"]["files"][0]["sha256"] == "unknown, printed after download"


def test_info(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_NPM_REGISTRY", "https://mirror.example")
    assert deepmeme("data", "info", "fluent-emoji") == 0
    shown = capsys.readouterr().out
    for word in ("MIT", "https://mirror.example/@lobehub/", "165.0 MB", "deepmeme data prepare"):
        assert word in shown
    assert deepmeme("data", "info", "grid", "--json") == 0
    assert json.loads(capsys.readouterr().out)["licence"] == "CC BY 4.0"
    assert deepmeme("data", "info", "imagenet") == 2
    assert "There are: fluent-emoji" in capsys.readouterr().err


def test_prepare(server: FileServer, capsys: Capture, tmp_path: Path) -> None:
    assert deepmeme("data", "prepare", "fluent-emoji", "-o", tmp_path / "e", "--size", 16) == 0
    shown = capsys.readouterr().err
    assert "(as it should be)" in shown and "fluent-emoji is ready" in shown and "MIT" in shown
    again = ("data", "prepare", "fluent-emoji", "-o", tmp_path / "e", "--size", 16, "--json")
    assert deepmeme(*again) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["ok"] and facts["num_items"] == 2
    assert Path(facts["folder"]) == (tmp_path / "e").resolve()
    assert len(server.requests) == 1


def test_prepare_says_what_went_wrong(server: FileServer, capsys: Capture, tmp_path: Path) -> None:
    server.add("/small-1.0.0.tgz", PACKAGE[:-9] + b"otherwise")
    assert deepmeme("data", "prepare", "fluent-emoji", "-o", tmp_path / "e") == 2
    shown = capsys.readouterr().err
    assert "could not be downloaded" in shown and "sha256" in shown and "small-1.0.0.tgz" in shown
    assert deepmeme("data", "prepare", "fluent-emoji", "--from", tmp_path / "none") == 2
    assert "no such file or folder" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert deepmeme("data", "prepare", "fluent-emoji", "-o", tmp_path / "file") == 2
    assert "is a file" in capsys.readouterr().err
