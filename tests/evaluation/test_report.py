"""The page and the files: whole, marked, worst first."""

import json
import re
from pathlib import Path

import pytest

from deepmeme.errors import OutputError
from deepmeme.evaluation.evaluate import Request, evaluate
from deepmeme.evaluation.report import write_report
from deepmeme.evaluation.sheets import SheetFolder
from deepmeme.provenance.found import read_marks
from tests.evaluation.stage import judges, model, write_clip, write_still


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_clip(folder / "far.mp4", reach=0.5)
    write_clip(folder / "a<b>.mp4", reach=0.02)
    stills = (write_still(folder / "still.png"),)
    models = [model("new"), model("old")]
    sheets = SheetFolder(folder / "out" / "sheets", models, stills)
    clips = (folder / "far.mp4", folder / "a<b>.mp4")
    found = evaluate(models, Request(clips, stills), judges(), pictures=sheets)
    write_report(found, sheets.files, folder / "out")
    return folder / "out"


def test_every_sheet_is_marked_as_made_by_ai(report: Path) -> None:
    sheets = sorted((report / "sheets").iterdir())
    names = ["clip_a_b_.jpg", "clip_far.jpg", "stills_a_b_.jpg", "stills_far.jpg"]
    assert [sheet.name for sheet in sheets] == names
    assert all(read_marks(sheet) is not None for sheet in sheets)


def test_the_page_is_one_file_and_escapes_names(report: Path) -> None:
    page = (report / "report.html").read_text("utf-8")
    assert page.count("data:image/jpeg;base64,") == 4
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert "a&lt;b&gt;" in page and "a<b>" not in page
    for said in ("Clips, worst first", "new against old", "What the measures say", "dots"):
        assert said in page


def test_the_worst_clip_comes_first(report: Path) -> None:
    found = json.loads((report / "results.json").read_text("utf-8"))
    akd = [clip["means"]["new"]["akd"] for clip in found["clips"]]
    assert akd == sorted(akd, reverse=True)
    page = (report / "report.html").read_text("utf-8")
    first = re.findall(r"<div class=card><div class=head><h3>(far|a&lt;b&gt;)", page)[0]
    assert first.replace("&lt;", "<").replace("&gt;", ">") == found["clips"][0]["name"]


def test_results_are_plain_json(report: Path) -> None:
    text = (report / "results.json").read_text("utf-8")
    found = json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert found["protocol"]["judges"]["landmarks"] == "dots"
    assert found["clips"][0]["means"]["new"]["l1"] >= 0
    assert {bar["met"] for bar in found["bars"]} <= {True, False, None}
    assert found["comparison"]["clips"][0]["clips"] == 2
    assert len(found["stills"]) == 2


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", count=5)
    found = evaluate([model()], Request((clip,)), judges())
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        write_report(found, {}, tmp_path / "taken")
