"""The question before the first picture of a person: once, in a terminal, or answered by a flag."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from deepmeme.demo_assets import asset
from deepmeme.provenance.found import read_marks
from tests.faces.drawn import scene
from tests.pipelines.drawn import write_picture
from tests.pipelines.studio import Studio, picture_of

WORDS = ("animate", "people.png", "dance.mp4", "-o", "out.mp4", "-y")


class Terminal(io.StringIO):
    """A stream with somebody in front of it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def people(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Studio:
    """Two faces in one picture, and a user who was never asked."""
    studio.engine.pretend(framing=2.0)
    studio.source = write_picture(
        studio.folder / "people.png", scene(400, 260, ((90.0, 130.0, 110.0), (300.0, 140.0, 80.0)))
    )
    monkeypatch.delenv("DEEPMEME_CONSENT")
    monkeypatch.setenv("DEEPMEME_CONFIG_DIR", str(tmp_path.with_name(f"{tmp_path.name}-config")))
    return studio


def typed(studio: Studio, monkeypatch: pytest.MonkeyPatch, answer: str) -> tuple[int, str]:
    """Exit code and what the terminal showed when somebody answers the question so."""
    screen = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", Terminal(answer))
        patch.setattr("sys.stderr", screen)
        code = studio.run(*WORDS)[0]
    return code, " ".join(screen.getvalue().split())


def kept(studio: Studio) -> Path:
    return studio.folder.with_name(f"{studio.folder.name}-config") / "consent.json"


def test_a_script_must_say_it(people: Studio) -> None:
    message = people.refused(*WORDS)
    assert "people.png shows a face" in message
    assert "--i-have-consent" in message and "DEEPMEME_CONSENT=1" in message
    code, out, _ = people.run(*WORDS, "--json")
    assert code == 2 and "--i-have-consent" in json.loads(out)["error"]["message"]
    assert not kept(people).exists()


def test_the_flag_and_the_variable(people: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    assert people.run(*WORDS, "--i-have-consent")[0] == 0
    assert not kept(people).exists(), "each script says it for itself"
    monkeypatch.setenv("DEEPMEME_CONSENT", "1")
    assert people.run(*WORDS)[0] == 0
    monkeypatch.setenv("DEEPMEME_CONSENT", "0")
    assert people.run(*WORDS)[0] == 2


def test_a_yes_is_asked_for_once(people: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed(people, monkeypatch, "y\n")
    assert code == 0 and "Do you have the consent" in shown and people.out.exists()
    answer = json.loads(kept(people).read_text())
    assert answer["agreed"] is True and answer["wording"] == 1 and len(answer["date"]) == 10
    code, shown = typed(people, monkeypatch, "")
    assert code == 0 and "consent" not in shown
    assert people.run(*WORDS, "--json")[0] == 0, "a script may rely on it, too"


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "maybe\n"])
def test_anything_else_is_a_no(
    people: Studio, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    before = set(people.folder.rglob("*"))
    code, shown = typed(people, monkeypatch, answer)
    assert code == 2 and "nothing written" in shown
    assert set(people.folder.rglob("*")) == before and not kept(people).exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"agreed": false, "wording": 1}', '{"agreed": true, "wording": 0}']
)
def test_an_answer_to_something_else_does_not_count(people: Studio, content: str) -> None:
    kept(people).parent.mkdir()
    kept(people).write_text(content)
    assert "--i-have-consent" in people.refused(*WORDS)


def test_an_answer_that_cannot_be_kept(people: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(people).parent.write_text("a file where the folder should be")
    code, shown = typed(people, monkeypatch, "yes\n")
    assert code == 0 and "cannot be kept" in shown and "DEEPMEME_CONFIG_DIR" in shown


@pytest.mark.parametrize("options", [("--no-crop",), ("--crop", "10,10,200,200"), ("--preview",)])
def test_no_option_leads_around_it(people: Studio, options: tuple[str, ...]) -> None:
    words = [word for word in WORDS if word not in ("-o", "out.mp4")]
    assert "--i-have-consent" in people.refused(*words, *options)


def test_it_is_asked_before_the_driver_is_watched(
    people: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watched(*given: object) -> None:
        raise AssertionError("the driver was watched")

    monkeypatch.setattr("deepmeme.pipelines.animate.open_driving", watched)
    people.refused(*WORDS)


def test_who_is_nobody_is_not_asked_about(people: Studio) -> None:
    copied = people.folder / "copy.png"
    copied.write_bytes(asset("painting.png").read_bytes())
    for picture in (asset("cartoon.png"), copied, people.folder / "me.png"):
        assert people.run("animate", picture, "dance.mp4", "-o", "x.mp4", "-y")[0] == 0, picture


def test_what_deepmeme_made_was_asked_about_before(people: Studio) -> None:
    pose = people.folder / "me.png"
    made = ("animate", "people.png", pose, "-o", "made.png")
    assert people.run(*made, "--i-have-consent")[0] == 0
    assert people.run("animate", "made.png", "dance.mp4", "-o", "again.mp4")[0] == 0


def test_a_watermark_says_the_same_without_credentials(people: Studio) -> None:
    made = ("animate", "people.png", people.folder / "me.png", "-o", "made.png")
    assert people.run(*made, "--i-have-consent")[0] == 0
    write_picture(people.folder / "stripped.png", picture_of(people.folder / "made.png"))
    assert people.run("animate", "stripped.png", "dance.mp4", "-o", "again.mp4")[0] == 0


def test_a_line_in_the_metadata_is_not_enough(people: Studio) -> None:
    """Anybody can type it."""
    said = PngInfo()
    said.add_text("Comment", "Made by AI with deepmeme 0.1.0")
    with Image.open(people.source) as image:
        image.save(people.folder / "forged.png", pnginfo=said)
    assert read_marks(people.folder / "forged.png") is not None
    assert "--i-have-consent" in people.refused("animate", "forged.png", "dance.mp4", "-o", "x.mp4")


def test_credentials_of_another_picture_are_not_enough(people: Studio) -> None:
    made = ("animate", people.folder / "me.png", people.folder / "me.png", "-o", "made.png")
    assert people.run(*made)[0] == 0
    signed, other = (people.folder / "made.png").read_bytes(), people.source.read_bytes()
    at = signed.index(b"caBX") - 4
    chunk = signed[at : at + 12 + int.from_bytes(signed[at : at + 4], "big")]
    (people.folder / "moved.png").write_bytes(other[:33] + chunk + other[33:])
    assert "--i-have-consent" in people.refused("animate", "moved.png", "dance.mp4", "-o", "x.mp4")


def test_python_does_not_ask(people: Studio) -> None:
    import deepmeme

    assert deepmeme.animate(people.source, people.driving, "out.mp4").num_frames == 12
