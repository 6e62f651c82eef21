"""What follows the documentation refuses what is wrong in it, and says on which line."""

from pathlib import Path

import pytest

from tests.docs import program
from tests.docs.blocks import blocks_of
from tests.docs.follow import faults_of, faults_of_form, faults_of_speech

pytestmark = pytest.mark.usefixtures("reader")


def followed(folder: Path, text: str) -> str:
    """What is wrong with a page."""
    page = folder / "page.md"
    page.write_text(text)
    return "\n".join([*faults_of(page, folder), *faults_of_speech(page), *faults_of_form(page)])


def shell(*lines: str) -> str:
    return "\n".join(["# A page", "", "```shell", *lines, "```", ""])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("deepmeme animated me.jpg dance.mp4", "No such command 'animated'"),
        ("deepmeme train motion --dat VIDEOS", "No such option: --dat"),
        ("deepmeme serve --port soon", "Invalid value for '--port'"),
        ("deepmeme swap convert pair", "Missing argument"),
        ("deepmeme models info nobody", "no model and no file called 'nobody'"),
        ("deepmeme verify missing.mp4", "missing.mp4"),
        ("deepmeme models list --josn | cat", "No such option: --josn"),
        ("python benchmarks/nothing.py", "benchmarks/nothing.py does not exist"),
        ("python benchmarks/long_video.py --hours 3", "unrecognized arguments: --hours"),
        ("python -m deepmeme.data.dream_faces --people x -o F", "invalid int value: 'x'"),
        ("python -m deepmeme.data.nothing", "no module deepmeme.data.nothing"),
        ("make everything", "no target 'everything'"),
        ("pip install '.[trains]'", "no extra 'trains'"),
        ("docker build -f deploy/Dockerfiles .", "deploy/Dockerfiles does not exist"),
        ("curl http://127.0.0.1:7860/v1/animation", "no /v1/animation"),
        ("curl -X PUT http://127.0.0.1:7860/v1/jobs/3", "does not take PUT"),
        ("curl -F face=@me.jpg http://127.0.0.1:7860/v1/animations", "no field 'face'"),
        (
            "curl -F source=@nobody.jpg http://127.0.0.1:7860/v1/animations",
            "nothing has made nobody.jpg",
        ),
        ("frobnicate me.jpg", "no rule says what 'frobnicate' has to satisfy"),
        ("/bin/ls", "no programs by paths"),
        ("cd nowhere", "nowhere: No such file"),
        ("deepmeme 'models list", "unexpected EOF"),
    ],
)
def test_a_wrong_line_is_refused(line: str, why: str, tmp_path: Path) -> None:
    told = followed(tmp_path, shell("deepmeme models list > list.txt", line))
    assert why in told and "page.md:" in told, told


def test_lines_are_numbered(tmp_path: Path) -> None:
    told = followed(tmp_path, shell("# a comment", "deepmeme models list", "", "make nothing"))
    assert told == "page.md:7: the Makefile has no target 'nothing'"


def test_what_a_line_makes_is_there_for_the_next(tmp_path: Path) -> None:
    lines = ("deepmeme motion extract dance.mp4 -o a.npz", "deepmeme animate me.jpg a.npz -o b.mp4")
    assert not followed(tmp_path, shell(*lines, "for f in b.*; do deepmeme verify $f; done"))
    assert (tmp_path / "b.mp4").stat().st_size > 1000
    again = tmp_path / "again"
    again.mkdir()
    assert not followed(again, shell(*lines))  # remembered, and laid there again
    assert (again / "b.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import deepmeme\ndeepmeme.animated('me.jpg')", "page.md:3: deepmeme has no 'animated'"),
        ("import deepmeme\ndeepmeme.load_model('x', nam=1)", "unexpected keyword argument 'nam'"),
        ("import deepmeme\nc = deepmeme.Client('')\nc.waits()", "page.md:4: c has no 'waits'"),
        ("import deepmeme\n\nunknown", "page.md:4: NameError"),
        ("for x in y", "page.md:2: expected ':'"),
    ],
)
def test_wrong_python_is_refused(text: str, why: str, tmp_path: Path) -> None:
    assert why in followed(tmp_path, f"```python\n{text}\n```\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```\nx\n```\n", "page.md:2: ValueError: say what it is"),
        ("```yaml\na: [\n```\n", "ParserError"),
        ("```toml\na = \n```\n", "TOMLDecodeError"),
        ("```systemd\nExecStart=x\n```\n", "MissingSectionHeaderError"),
        ("```dockerfile\nFROM x\nplease run\n```\n", "no instruction: please run"),
        ("```caddy\nx {\n```\n", "a brace is missing"),
        ("Type this:\n\n    deepmeme demo\n", "page.md:3: put it between"),
        ("One writes `deepmeme swap convret`.\n", "No such command 'convret'"),
        ("See `make nothing`.\n", "no target 'nothing'"),
        ("Say `deepmeme animate --loop-it`.\n", "No such option: --loop-it"),
    ],
)
def test_other_wrong_forms_are_refused(text: str, why: str, tmp_path: Path) -> None:
    assert why in followed(tmp_path, text)


def test_sentences_may_leave_words_out(tmp_path: Path) -> None:
    text = (
        "`deepmeme animate`, `deepmeme faces`, `deepmeme train export RUN -o FOLDER`,\n"
        "`deepmeme train motion ... --devices N`, `deepmeme models\npull NAME`, `make test`,\n"
        "`deepmeme.animate(...)`, `python benchmarks/watermark.py`, `deepmeme[train]`.\n"
    )
    assert not followed(tmp_path, text)


def test_blocks_are_found_wherever_they_are(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("- a list\n\n  ```shell\n  a\n    b\n  ```\n\n~~~~ python title=x\n```\n~~~~\n")
    found = [(block.line, block.language, block.text) for block in blocks_of(page)]
    assert found == [(4, "shell", "a\n  b\n"), (9, "python", "```\n")]
    page.write_text("```shell\nls\n")
    with pytest.raises(ValueError, match=r"page\.md:1: this block has no end"):
        blocks_of(page)


def test_the_table_of_what_is_not_run_names_commands() -> None:
    for name in (*program.PARSED_ONLY, *program.SHORTENED, *program.FINE):
        assert program.command_of(name.split()) == name
