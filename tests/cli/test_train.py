"""``deepmeme train``: a lesson and the model that comes of it; what is refused, and how."""

import json
from pathlib import Path

import pytest

from deepmeme.cli.main import main
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


def test_a_lesson_and_its_model(
    bank: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    lesson = ("train", "portrait", "keypoints", "--banks", bank, "-o", run, *QUICK, "--json")
    code, out, _ = said(capfd, *lesson)
    assert code == 0
    assert json.loads(out) == {
        "ok": True, "run": str(run / "keypoints"), "step": 1, "finished": True
    }  # fmt: skip
    assert (run / "keypoints" / "index.html").is_file()
    code, out, _ = said(capfd, "train", "portrait", "export", run, "-o", tmp_path / "m", "--json")
    assert code == 0 and json.loads(out)["model"] == str(tmp_path / "m")
    code, out, _ = said(capfd, "models", "doctor", tmp_path / "m")
    assert code == 0 and "portrait" in out


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
