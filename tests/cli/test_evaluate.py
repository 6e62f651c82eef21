"""``deepmeme evaluate`` on the drawn world."""

import json

import pytest

from deepmeme.cli.evaluate import spread
from deepmeme.provenance.found import read_marks
from tests.evaluation.stage import write_clip
from tests.pipelines.studio import Studio


def test_options_take_all_files_that_follow() -> None:
    words = ["new", "--data", "a", "b", "--stills", "c", "d", "--most", "3", "--data", "e"]
    wanted = ["new", "--data", "a", "--data", "b", "--stills", "c", "--stills", "d"]
    assert spread(words) == [*wanted, "--most", "3", "--data", "e"]


def test_figures_for_scripts(studio: Studio) -> None:
    clip = write_clip(studio.folder / "b.mp4")
    code, out, err = studio.run(
        "evaluate", "old", "--data", clip, studio.driving, "--compare", "old",
        "--landmarks", "none", "--json",
    )  # fmt: skip
    assert code == 0, err
    found = json.loads(out)
    assert found["ok"] and found["report"] is None
    assert sorted(clip["name"] for clip in found["clips"]) == ["b", "dance"]
    assert list(found["models"]) == ["old", "old (2)"]
    assert found["clips"][0]["means"]["old"]["l1"] < found["clips"][0]["means"]["still"]["l1"]
    assert found["clips"][0]["means"]["old"]["akd"] is None


def test_a_report_for_people(studio: Studio) -> None:
    code, out, err = studio.run(
        "evaluate", "--data", studio.driving, "--stills", studio.source,
        "--landmarks", "none", "-o", "report",
    )  # fmt: skip
    assert code == 0 and out == "", err
    assert "Self-reenactment" in err and "portrait" in err and "AKD not measured" in err
    assert "frames a second" in err and "report.html" in err
    folder = studio.folder / "report"
    assert {path.name for path in folder.iterdir()} == {"report.html", "results.json", "sheets"}
    assert all(read_marks(sheet) for sheet in (folder / "sheets").iterdir())
    again, _, err = studio.run(
        "evaluate", "--data", studio.driving, "--landmarks", "none", "-o", "report"
    )
    assert again == 0, err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing option '--data'"),
        (("--data", "nowhere"), "there is no such file"),
        (("--data", "me.png"), "me.png is a still picture"),
        (("--data", "dance.mp4", "--stills", "dance.mp4"), "is no picture"),
        (("--data", "dance.mp4", "--landmarks", "guess"), "mediapipe, own, none or auto"),
        (("--data", "dance.mp4", "--identity", "me.png"), "face-api"),
        (("--data", "dance.mp4", "-o", "me.png"), "me.png cannot be the report's folder"),
    ],
)
def test_what_cannot_be_measured_is_said(studio: Studio, words: tuple[str, ...], said: str) -> None:
    extra = () if "--landmarks" in words else ("--landmarks", "none")
    assert said in studio.refused("evaluate", *words, *extra)
