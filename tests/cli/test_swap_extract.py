"""``deepmeme swap extract``: what the terminal says, and who is asked."""

import json
from pathlib import Path

import pytest
import typer

from deepmeme.cli.swap_extract import extract
from deepmeme.faces.faceset import open_faceset
from tests.pipelines.heads_on_stage import ASSETS, TELLER, two_heads_video
from tests.pipelines.studio import Studio


@pytest.fixture
def folder(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """The command, with a network that knows the shipped heads, and a video of two of them."""
    app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
    group = typer.Typer()
    group.command("extract")(extract)
    group.command("other")(lambda: None)
    app.add_typer(group, name="swap")
    monkeypatch.setattr("deepmeme.cli.tree.build", lambda: typer.main.get_command(app))
    monkeypatch.setattr("deepmeme.pipelines.swap.extract.shipped_embedder", lambda: TELLER)
    two_heads_video(studio.folder / "two.mp4")
    return studio


def test_says_how_many_faces_and_whose(folder: Studio) -> None:
    code, out, err = folder.run("swap", "extract", "two.mp4", "-o", "set", "--every", "0")
    assert code == 0 and out == ""
    assert "20 found" in err and "8 another person" in err and "Kept" in err
    assert "2; person 0 in 12 faces is kept; type --person 1 for the next" in err
    assert "Only" in err and "sheet.png" in err
    code, out, err = folder.run("swap", "extract", "-o", "set", "--person", "1")
    assert code == 0 and "person 1 in 8 faces is kept; type --person 0" in err
    assert {record.person for record in open_faceset(Path("set")).kept().records} == {1}


def test_json(folder: Studio) -> None:
    words = ("swap", "extract", "two.mp4", "-o", "set", "--size", "64", "--json")
    code, out, err = folder.run(*words)
    facts = json.loads(out)
    assert code == 0 and err == "" and facts["ok"] is True
    assert facts["folder"] == "set" and facts["people"] == [6, 4] and facts["looks"] == 6
    code, out, _ = folder.run(*words, "--person", "5")
    assert code == 2 and "no person 5" in json.loads(out)["error"]["message"]


def test_consent(folder: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DEEPMEME_CONSENT")
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    message = folder.refused("swap", "extract", "two.mp4", "-o", "set")
    assert "two.mp4 shows a face" in message and "--i-have-consent" in message
    shipped = ASSETS / "painting.png"
    assert folder.run("swap", "extract", shipped, "-o", "shipped")[0] == 0
    assert folder.run("swap", "extract", "two.mp4", "-o", "set", "--i-have-consent")[0] == 0
    assert folder.run("swap", "extract", "-o", "set")[0] == 0, "nobody new is in it"


def test_what_cannot_be_used(folder: Studio) -> None:
    assert "no such file" in folder.refused("swap", "extract", "nobody.mp4", "-o", "set")
    assert "No face was found" in folder.refused("swap", "extract", "dance.mp4", "-o", "set")
    assert "two.mp4 is a file" in folder.refused("swap", "extract", "two.mp4", "-o", "two.mp4")
    message = folder.refused("swap", "extract", "two.mp4", "-o", "set", "--size", "7")
    assert "--size 7" in message and "32" in message
