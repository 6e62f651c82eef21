"""``deepmeme swap convert``: from a model folder and a video to a marked file."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from deepmeme.cli.main import run
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.demo import asset
from deepmeme.provenance.credentials_found import read_credentials
from tests.faces.drawn import scene
from tests.pipelines.drawn import write_picture, write_video
from tests.pipelines.studio import frames_of

pytest.importorskip("onnx")
from tests.pipelines.tiny_swap import write_swap

COUNT, FPS = 14, 3  # segments are of 6 frames


class Desk:
    """A folder with a model and a video, and the command line in it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd
        self.out = folder / "out.mp4"

    def run(self, *words: object) -> tuple[int, str, str]:
        self._capfd.readouterr()
        code = run(["swap", "convert", *map(str, words)])
        out, err = self._capfd.readouterr()
        return code, out, " ".join(err.split())

    def made(self, *words: object) -> dict[str, Any]:
        code, out, err = self.run(*words, "--json")
        assert code == 0, (out, err)
        return dict(json.loads(out))

    def refused(self, *words: object) -> str:
        before = set(self.folder.rglob("*"))
        code, out, err = self.run(*words)
        assert (code, out) == (2, ""), err
        assert set(self.folder.rglob("*")) == before
        return err


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("material")
    write_swap(folder / "pair")
    still = scene(180, 140, ((70.0, 70.0, 85.0),))
    shifts = [np.float64([[1, 0, 1.5 * i], [0, 1, 0]]) for i in range(COUNT)]
    border = {"borderMode": cv2.BORDER_REFLECT}
    frames = [cv2.warpAffine(still, shift, (180, 140), **border) for shift in shifts]
    write_video(folder / "ann.mp4", frames, fps=FPS, sound=True)
    write_picture(folder / "ann.png", still)
    return folder


@pytest.fixture
def desk(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Desk:  # fmt: skip
    for entry in material.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DEEPMEME_CONSENT", "1")
    return Desk(tmp_path, capfd)


def test_the_last_message_says_what_was_done(desk: Desk) -> None:
    code, out, err = desk.run("pair", "ann.mp4", "-o", "out.mp4")
    assert (code, out) == (0, "")
    assert "tiny, 32 pixels: Bob for Ann" in err and "the only person" in err
    assert f"in {COUNT} of {COUNT} frames" in err and "the video's" in err
    assert "Made" in err and "out.mp4 (" in err and "frames a second, from file to file" in err
    found = read_credentials(desk.out)
    assert found is not None and found.ours and found.title == "Face swap"


def test_json_and_the_default_name(desk: Desk) -> None:
    facts = desk.made("pair", "ann.mp4", "--to", "a", "--preview", 5)
    assert facts["output"] == str(desk.folder / "pair-ann-preview.mp4")
    assert facts["ok"] and facts["frames"] == 5 and facts["marked"]
    story = facts["story"]
    assert story["preview"] and (story["shown"], story["put_in"]) == ("Bob", "Ann")
    assert story["options"] == {"to": "a", "preview": 5}
    code, _, err = desk.run("pair", "ann.mp4", "--preview", 5, "-o", "p.gif")
    assert code == 0 and "the first 5 frames" in err and "none (gif has no sound)" in err
    assert "leave out --preview" in err


def test_a_picture_becomes_a_picture(desk: Desk) -> None:
    facts = desk.made("pair", "ann.png")
    assert facts["output"] == str(desk.folder / "pair-ann.png")
    before, after = read_image(desk.folder / "ann.png"), read_image(Path(facts["output"]))
    assert before.shape == after.shape
    assert desk.made("pair", "ann.png", "-o", "x.jpg", "--colour", "none")["frames"] == 1


@pytest.mark.usefixtures("research")
def test_resume_gives_the_same_frames(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepmeme.pipelines.swap import convert as swap_convert

    plain, calls = swap_convert.swap_frame, 0

    def stops(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KeyboardInterrupt
        return plain(*given)

    with monkeypatch.context() as patch:
        patch.setattr(swap_convert, "swap_frame", stops)
        code, _, err = desk.run("pair", "ann.mp4", "-o", "out.mp4")
    assert code == 130 and "--resume" in err and not desk.out.exists()
    assert "--resume" in desk.refused("pair", "ann.mp4", "-o", "out.mp4")
    refused = desk.refused("pair", "ann.mp4", "-o", "out.mp4", "--resume", "--erode", "4")
    assert "other options" in refused
    facts = desk.made("pair", "ann.mp4", "-o", "out.mp4", "--resume")
    assert facts["resumed_at"] == 6 and facts["frames"] == COUNT
    desk.made("pair", "ann.mp4", "-o", "whole.mp4")
    for resumed, whole in zip(
        frames_of(desk.out), frames_of(desk.folder / "whole.mp4"), strict=True
    ):
        np.testing.assert_array_equal(resumed, whole)


def test_a_script_must_say_that_people_agree(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPMEME_CONSENT")
    message = desk.refused("pair", "ann.mp4", "-o", "out.mp4")
    assert "ann.mp4 shows a face" in message and "--i-have-consent" in message
    assert desk.run("pair", "ann.mp4", "-o", "a.mp4", "--preview", 2, "--i-have-consent")[0] == 0
    assert desk.run("pair", asset("driver.mp4"), "-o", "b.mp4", "--preview", 2)[0] == 0


def test_private_leaves_the_names_out(desk: Desk) -> None:
    desk.made("pair", "ann.mp4", "-o", "out.mp4", "--private", "--preview", 2)
    found = read_credentials(desk.out)
    assert found is not None and "ann.mp4" not in [part.title for part in found.ingredients]


def test_what_does_not_fit_is_refused_in_words(desk: Desk) -> None:
    assert "--to 'c': expected one of a, b" in desk.refused("pair", "ann.mp4", "--to", "c")
    assert "--feather 99" in desk.refused("pair", "ann.mp4", "--feather", 99)
    assert "is no trained swap" in desk.refused("ann.png", "ann.mp4")
    assert "the model comes first" in desk.refused("ann.mp4", "pair")
    assert "input and the output" in desk.refused("pair", "ann.mp4", "-o", "ann.mp4")
    assert "no format" in desk.refused("pair", "ann.mp4", "-o", "out.xyz")
    assert "is no" in desk.refused("pair", "missing.mp4")
    assert "--max-size" in desk.refused("pair", "ann.mp4", "-o", "o.mp4", "--max-size", "1MB")


def test_hostile_identities_are_refused(desk: Desk) -> None:
    for value in ({"a": "x" * 9}, {"a": [1e400]}, {"b": [1.0]}, [1], {"a": [[1.0]]}):
        folder = write_swap(desk.folder / f"m{len(list(desk.folder.iterdir()))}", identities=value)
        code, _, err = desk.run(folder, "ann.mp4", "-o", "out.mp4")
        assert code in (0, 2) and "fault in deepmeme" not in err


def test_the_label_and_the_comparison(desk: Desk) -> None:
    desk.made("pair", "ann.mp4", "-o", "out.mp4", "--compare", "--label", "--preview", 2)
    clip = open_clip(desk.out)
    assert clip.width > 2 * 180 and clip.height > 140
