"""``deepmeme verify``: exit codes, JSON for scripts, and a terminal that nobody else commands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from deepmeme.cli.main import run
from deepmeme.provenance.record import InputFile, Record
from deepmeme.provenance.seal import Saved, save_picture
from tests.media.drawn import scenes, write_video
from tests.provenance.results import rendered, smooth_scene
from tests.provenance.test_tampering import EVIL, said_by, sign_as

DANGEROUS = "\x1b\x07\u202e\u200b\r\x9b"


class Shell:
    """Runs ``deepmeme verify`` in a folder with one file of every kind."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd

    def verify(self, *words: object) -> tuple[int, str, str]:
        """Exit code, standard output and the error stream as it is."""
        self._capfd.readouterr()
        code = run(["verify", *map(str, words)])
        out, err = self._capfd.readouterr()
        return code, out, err

    def told(self, *words: object) -> tuple[int, str]:
        """Exit code, and what a person sees, as one line; nothing goes to standard output."""
        code, out, err = self.verify(*words, "--quick")
        assert out == ""
        return code, " ".join(err.split())


@pytest.fixture(scope="module")
def kinds(config_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """intact.png, intact.mp4, altered.png, others.png, plain.png and broken.mp4."""
    folder = tmp_path_factory.mktemp("kinds")
    plain = folder / "plain.png"
    Image.fromarray(smooth_scene(5, 128, 128)).save(plain)
    record = Record("animate", "portrait", "ab" * 32, (InputFile.read("source", plain),))
    saved = save_picture(smooth_scene(0, 128, 128), folder / "intact.png", record)
    rendered([smooth_scene(i, 128, 128) for i in range(4)]).save(folder / "intact.mp4")
    with Image.open(saved.path) as image:
        image.convert("RGB").save(folder / "altered.png")
    sign_as(plain, folder / "others.png", said_by("camera"))
    write_video(folder / "broken.mp4", scenes(3))
    encoded = (folder / "broken.mp4").read_bytes()
    (folder / "broken.mp4").write_bytes(encoded[: encoded.index(b"mdat")])
    return folder


@pytest.fixture
def shell(
    kinds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Shell:
    folder = tmp_path / "here"
    shutil.copytree(kinds, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(folder, capfd)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("intact.png", 0, "Made by AI with deepmeme, and unchanged since. Sure: all that is seen"),
        ("intact.mp4", 0, "Made by AI with deepmeme, and unchanged since."),
        ("altered.png", 3, "as its invisible watermark says. Its credentials are gone"),
        ("others.png", 1, "Not marked by deepmeme. Credentials of camera 1 say"),
        ("plain.png", 1, "No mark of deepmeme, and no content credentials. This proves nothing"),
        ("broken.mp4", 2, "broken.mp4 cannot be opened"),
        ("gone.png", 2, "gone.png: there is no such file"),
    ],
)
def test_exit_codes_and_words(shell: Shell, name: str, code: int, said: str) -> None:
    found, shown = shell.told(name)
    assert found == code and said in shown
    assert name in shown


def test_what_it_stands_on_is_told(shell: Shell) -> None:
    _, shown = shell.told("intact.png")
    for said in (
        "signed by deepmeme on this computer (by deepmeme)", "picture plain.png (sha256",
        "model portrait sha256 abababababab...", "done opened, edited, watermarked.bound",
        "kind compositeWithTrainedAlgorithmicMedia", "watermark work ", "(as the signer says)",
        "metadata Made by AI with deepmeme",
    ):  # fmt: skip
        assert said in shown
    assert "may take" not in shown
    _, shown = shell.told("others.png")
    assert "a name that anybody may take" in shown


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("intact.png", "intact.mp4"), 0),
        (("intact.png", "plain.png"), 1),
        (("altered.png", "plain.png", "intact.png"), 3),
        (("altered.png", "gone.png", "intact.png"), 2),
    ],
)
def test_of_several_files_the_gravest_counts_and_all_are_told(
    shell: Shell, names: tuple[str, ...], code: int
) -> None:
    found, shown = shell.told(*names)
    assert found == code
    assert all(name in shown for name in names)
    found, out, err = shell.verify(*names, "--quick", "--json")
    told = json.loads(out)
    assert (found, told["exit_code"], err) == (code, code, "")
    assert [file["file"] for file in told["files"]] == list(names)


def test_json_is_one_object_and_nothing_else(shell: Shell) -> None:
    code, out, err = shell.verify("--json", "intact.png", "gone.png", "broken.mp4", "altered.png")
    assert (code, err) == (2, "")
    told = json.loads(out)
    assert told["ok"] is False
    states = [(file["state"], file["exit_code"]) for file in told["files"]]
    assert states == [("intact", 0), ("unreadable", 2), ("unreadable", 2), ("altered", 3)]
    assert told["files"][0]["credentials"]["by_this_machine"] is True
    assert told["files"][0]["work_id"] == told["files"][3]["work_id"]
    assert "no such file" in told["files"][1]["error"]


def test_a_folder_of_frames(shell: Shell) -> None:
    frames = [smooth_scene(i, 128, 128) for i in range(3)]
    saved: Saved = rendered(frames).save(shell.folder / "frames")
    code, shown = shell.told("frames")
    assert code == 0 and "Every picture of the folder was made by AI with deepmeme" in shown
    next(saved.path.iterdir()).write_bytes((shell.folder / "plain.png").read_bytes())
    code, shown = shell.told("frames")
    assert code == 3 and "has no credentials" in shown


def test_without_quick_the_long_search_ends_too(shell: Shell) -> None:
    Image.fromarray(smooth_scene(3, 48, 48)).save("small.png")
    code, _, err = shell.verify("small.png")
    assert code == 1 and "quick look" not in err
    assert "quick look" in shell.told("small.png")[1]


@pytest.mark.parametrize("kind", ["readable", "damaged", "missing"])
def test_file_names_do_not_command_the_terminal(shell: Shell, kind: str) -> None:
    name = "a\x1b]0;gone\x07\x1b[2J\u202e\x9b31m\nevil.png"
    if kind == "readable":
        shutil.copy("intact.png", name)
    elif kind == "damaged":  # of which readers of media log that it is
        encoded = Path("intact.mp4").read_bytes()
        Path(name).write_bytes(encoded[: encoded.rindex(b"mdat") + 1500])
    code, _, err = shell.verify(name, "--quick")
    assert not set(DANGEROUS) & set(err)
    assert "evil.png" in err
    assert code == {"readable": 0, "damaged": 3, "missing": 2}[kind]


def test_a_damaged_file_is_told_of_by_the_verdict_alone(shell: Shell) -> None:
    """Not by what readers of media log, with the name as it is: in a process of its own."""
    name = "cut\x1b[2J.mp4"
    encoded = Path("intact.mp4").read_bytes()
    Path(name).write_bytes(encoded[: encoded.rindex(b"mdat") + 1500])
    words = [sys.executable, "-m", "deepmeme", "verify", "--quick", name]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 3 and b"altered" not in done.stdout
    assert b"\x1b" not in done.stderr and b"read as far as" not in done.stderr


def test_credentials_do_not_command_the_terminal(shell: Shell) -> None:
    evil = EVIL.replace("\x00", "")
    parts = [{"title": evil, "relationship": "inputTo", "label": f"i{i}"} for i in range(3)]
    work = {"label": "org.deepmeme.work", "data": {"work_id": evil, "task": evil}}
    for number, generator in enumerate(("deepmeme", evil)):
        said = said_by(generator, title=evil, ingredients=parts, extra=[work])
        path = sign_as(Path("plain.png"), shell.folder / f"evil{number}.png", said)
        code, _, err = shell.verify(path, "--quick")
        assert code in (0, 1) and "evilgpj" in err
        assert not set(DANGEROUS) & set(err)
        code, out, err = shell.verify(path, "--quick", "--json")
        assert err == "" and not set(DANGEROUS) & set(out) and json.loads(out)


def test_the_line_in_the_metadata_does_not_command_the_terminal(shell: Shell) -> None:
    said = b"Comment\0Made by AI with deepmeme 1\x1b[2J\x9b\x07evil"
    import zlib

    chunk = len(said).to_bytes(4, "big") + b"tEXt" + said
    chunk += zlib.crc32(b"tEXt" + said).to_bytes(4, "big")
    encoded = Path("plain.png").read_bytes()
    Path("line.png").write_bytes(encoded[:33] + chunk + encoded[33:])
    code, _, err = shell.verify("line.png", "--quick")
    assert code == 3 and "deepmeme 1" in err and not set(DANGEROUS) & set(err)
