"""Faces of videos and pictures become a faceset."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.errors import InputError, Interrupted, NoFaceFound, OutputError
from deepmeme.faces.align import from_square
from deepmeme.faces.faceset import open_faceset
from deepmeme.media.lock import only_writer
from deepmeme.pipelines.swap.extract import extract_faces
from deepmeme.pipelines.swap.extract_options import ExtractOptions
from deepmeme.pipelines.swap.extract_people import Embedder
from tests.pipelines.drawn import write_picture, write_video
from tests.pipelines.heads_on_stage import (
    ASSETS,
    TELLER,
    by_colour,
    stage,
    two_heads,
    two_heads_video,
)

ALL = ExtractOptions(every=0, difference=0, size=64)
FRAMES, SECOND = 12, 8  # frames, and in how many of them the statue is


def extract(sources, out, options=ALL, **more):
    return extract_faces(sources, out, options, embedder=TELLER, **more)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return two_heads_video(tmp_path_factory.mktemp("video") / "two heads.mp4", FRAMES)


@pytest.fixture(scope="module")
def extracted(video, tmp_path_factory):
    """The folder of a run that nothing stopped, not to be written into, and its story."""
    folder = tmp_path_factory.mktemp("faces") / "set"
    return folder, extract([video], folder)


@pytest.fixture
def again(extracted, tmp_path):
    """A copy of that folder."""
    shutil.copytree(extracted[0], tmp_path / "again")
    return tmp_path / "again"


def test_every_face_of_every_frame(extracted):
    folder, story = extracted
    assert story.looks == FRAMES and story.faces == FRAMES + SECOND
    assert story.people == (FRAMES, SECOND) and story.kept == FRAMES
    assert story.left_out == {"another person": SECOND}
    faceset = open_faceset(folder)
    assert faceset.size_px == 64 and len(faceset.records) == FRAMES + SECOND
    names = {path.name for path in (folder / "faces").iterdir()}
    assert names == {record.file for record in faceset.records}
    assert "two-heads_000007_1.png" in names and "two-heads_000011_0.png" in names
    for record in faceset.records:
        assert faceset.picture(record).shape == (64, 64, 3)
        assert record.source == "two heads.mp4"
        mask = faceset.mask(record)
        assert 0.3 < mask.mean() / 255 < 0.95 and mask[-1, 0] == mask[-1, -1] == 0


def test_landmarks_and_squares_go_with_the_head(extracted):
    faceset = open_faceset(extracted[0])
    painted = sorted((r for r in faceset.records if r.person == 0), key=lambda r: r.frame)
    nose = faceset.names.index("nose_3")
    places = [from_square(np.array(r.points), r.crop)[nose] for r in painted]
    for record, place in zip(painted, places, strict=True):
        moved = place - places[0]
        assert moved == pytest.approx((4 * record.frame, record.frame % 5), abs=2.0)
        assert 70 < record.crop.side < 130 and abs(record.yaw_deg) < 15
        assert record.sharpness > 0.5 and record.score > 0.8


def test_the_sheet_and_the_story(extracted):
    folder, story = extracted
    sheet = cv2.imread(str(folder / "sheet.png"))
    assert sheet.shape[1] > 1000 and sheet.shape[0] < 500
    assert story.sheet == str(folder / "sheet.png")
    assert any("Only 12 faces" in hint for hint in story.hints)
    assert any("same way" in hint for hint in story.hints)
    json.dumps(story.as_dict())


def test_another_person_without_a_new_look(extracted, again, video):
    story = extract([], again, ExtractOptions(size=64, difference=0, person=1))
    assert story.looks == 0 and story.kept == SECOND and story.person == (1,)
    kept = open_faceset(again).kept()
    assert {record.person for record in kept.records} == {1}
    assert len(open_faceset(again).records) == FRAMES + SECOND
    story = extract([], again, ExtractOptions(size=64, difference=0, person="1, 0"))
    assert story.kept == FRAMES + SECOND and story.person == (0, 1) and not story.left_out
    story = extract([video], again)
    assert story.looks == 0 and story.known == ("two heads.mp4",)
    index = (again / "faces.jsonl").read_text()
    assert index == (extracted[0] / "faces.jsonl").read_text()
    with pytest.raises(InputError, match=r"no person 2.*0 \(12 faces\), 1 \(8 faces\)"):
        extract([], again, ExtractOptions(size=64, person=2))
    assert (again / "faces.jsonl").read_text() == index


def test_ctrl_c_and_on(video, extracted, tmp_path):
    seen = 0

    def tired(square):
        nonlocal seen
        seen += 1
        if seen in (7, 12):
            raise KeyboardInterrupt
        return by_colour(square)

    for kept in (6, 10):
        with pytest.raises(Interrupted, match=f"{kept} faces"):
            extract_faces([video], tmp_path / "set", ALL, embedder=Embedder(tired, 0.5))
        assert not (tmp_path / "set" / "faces.jsonl").exists()
    story = extract_faces([video], tmp_path / "set", ALL, embedder=Embedder(tired, 0.5))
    assert story.looks < FRAMES and story.faces == FRAMES + SECOND
    assert_same(tmp_path / "set", extracted[0])


def assert_same(folder, other):
    """But for the sheets, on which the folder's name stands."""
    mine, others = contents(folder), contents(other)
    assert mine.pop("sheet.png") and others.pop("sheet.png")
    assert mine == others


@pytest.mark.parametrize("share", [0.05, 0.3, 0.61, 0.95])
def test_a_journal_that_was_cut_anywhere(again, extracted, video, share):
    journal = (again / "extract.jsonl").read_bytes()
    (again / "extract.jsonl").write_bytes(journal[: int(len(journal) * share)])
    (again / "faces.jsonl").unlink()
    extract([video], again)
    assert_same(again, extracted[0])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_killed(video, extracted, tmp_path):
    program = f"""
import os, signal
from tests.pipelines.test_swap_extract import *
seen = 0
def killer(square):
    global seen
    seen += 1
    if seen == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return by_colour(square)
extract_faces([{str(video)!r}], {str(tmp_path / "set")!r}, ALL, embedder=Embedder(killer, 0.5))
"""
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", program], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "set" / "extract.jsonl").exists()
    story = extract([video], tmp_path / "set")
    assert 0 < story.looks < FRAMES
    assert_same(tmp_path / "set", extracted[0])


def test_more_sources_are_added_and_the_same_one_is_not(again, video, tmp_path):
    other = write_video(tmp_path / "more.mp4", [stage(("painting", 100 + i, 30)) for i in range(3)])
    renamed = shutil.copy(video, tmp_path / "other name.mp4")
    picture = write_picture(tmp_path / "more.png", stage(("statue", 60, 40)))
    story = extract([renamed, other, picture, picture], again)
    assert story.known == ("other name.mp4",) and story.sources == ("more.mp4", "more.png")
    assert story.looks == 4 and story.people == (FRAMES + 3, SECOND + 1)
    names = {record.file for record in open_faceset(again).records}
    assert {"more_000000_0.png", "more_000002_0.png", "more-2_000000_0.png"} <= names


def test_a_folder_with_a_broken_picture(tmp_path):
    album = tmp_path / "album"
    album.mkdir()
    for index in (1, 2, 10):
        write_picture(album / f"{index}.png", two_heads(index))
    (album / "3.png").write_bytes((album / "2.png").read_bytes()[:5000])
    (album / "notes.txt").write_text("none of them")
    story = extract([album], tmp_path / "set")
    assert story.sources == ("1.png", "2.png", "10.png") and story.people == (3, 1)
    assert len(story.warnings) == 1 and "3.png" in story.warnings[0]
    frames = [(r.source, r.frame) for r in open_faceset(tmp_path / "set").records]
    assert frames == [("1.png", 0), ("2.png", 0), ("10.png", 0), ("10.png", 0)]
    with pytest.raises(InputError, match=r"3\.png"):
        extract([album / "3.png"], tmp_path / "other")
    (album / "3.png").unlink()
    write_picture(album / "4.png", two_heads(9))
    assert extract([album], tmp_path / "set").sources == ("4.png",)


def test_what_is_not_kept_and_why(tmp_path):
    sharp = stage(("painting", 40, 30))
    pictures = {
        "1 sharp": sharp,
        "2 same": np.clip(sharp.astype(int) + 1, 0, 255).astype(np.uint8),
        "3 blurred": cv2.GaussianBlur(stage(("painting", 90, 30)), (0, 0), 5),
        "4 small": stage(("painting", 90, 130), side=60),
        "5 half out": stage(("painting", -85, 40)),
        "6 moved": stage(("painting", 90, 40)),
    }
    for name, picture in pictures.items():
        write_picture(tmp_path / f"{name}.png", picture)
    found = [tmp_path / f"{name}.png" for name in pictures]
    extract(found, tmp_path / "set", ExtractOptions(size=64))
    why = {r.source[2:-4]: (r.keep, r.why) for r in open_faceset(tmp_path / "set").records}
    assert why["blurred"] == (False, "blurred") and why["small"] == (False, "too small")
    assert why["half out"] == (False, "half out of the picture")
    assert sorted([why["sharp"], why["same"]]) == [(False, "duplicate"), (True, "")]
    assert why["moved"][1] in ("", "duplicate")


def test_what_was_changed_by_hand_stays(again, video):
    lines = [json.loads(line) for line in (again / "faces.jsonl").read_text().splitlines()]
    gone = lines.pop(0)["file"]
    lines[0]["keep"] = False
    wanted = next(line for line in lines if line["why"] == "another person")
    wanted["keep"] = True
    (again / "faces.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (again / "faces" / lines[1]["file"]).unlink()
    for _ in range(2):
        story = extract([video], again)
        kept = {record.file for record in open_faceset(again).kept().records}
        assert not kept & {gone, lines[0]["file"], lines[1]["file"]} and wanted["file"] in kept
        assert len(kept) == story.kept == FRAMES - 3 + 1
        assert story.left_out["left out by hand"] == 2
        assert story.left_out["picture deleted"] == 1


def test_everybody_is_asked_about_before_anything_is_written(video, tmp_path):
    asked = []

    def ask(people):
        asked.append(list(people))
        assert not (tmp_path / "set").exists()

    album = tmp_path / "album"
    album.mkdir()
    write_picture(album / "a.png", two_heads(3))
    extract([ASSETS / "statue.png", album, video], tmp_path / "made", ask=None)
    with pytest.raises(AssertionError):  # the shipped picture is written without a question
        (tmp_path / "set").mkdir()
        extract([ASSETS / "statue.png", album], tmp_path / "set", ask=ask)
    asked.clear()
    shutil.rmtree(tmp_path / "set")
    extract([album, video], tmp_path / "set", ask=ask)
    assert asked == [[album]]


def test_a_no_leaves_nothing(video, tmp_path):
    def refuse(people):
        raise InputError("no")

    for source in (video, video.parent):
        with pytest.raises(InputError, match=r"^no$"):
            extract([source], tmp_path / "set", ask=refuse)
    assert list(tmp_path.iterdir()) == []


def test_foreign_folders_are_left_alone(video, again, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="not made by"):
        extract([video], tmp_path / "photos")
    assert contents(tmp_path / "photos") == {"me.png": b"mine"}
    with pytest.raises(OutputError, match="is a file"):
        extract([video], tmp_path / "photos" / "me.png")
    with pytest.raises(InputError, match="--size 64"):
        extract([video], again, ExtractOptions(size=128))
    with only_writer(again), pytest.raises(OutputError, match="another deepmeme"):
        extract([video], again)


def test_no_face_and_no_source(tmp_path):
    empty = write_video(tmp_path / "empty.mp4", [stage() for _ in range(3)])
    with pytest.raises(NoFaceFound, match=r"empty\.mp4"):
        extract([empty], tmp_path / "set")
    with pytest.raises(InputError, match="holds no faces yet"):
        extract([], tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.mp4"]
    with pytest.raises(InputError, match="no videos and no pictures"):
        (tmp_path / "hollow").mkdir()
        extract([tmp_path / "hollow"], tmp_path / "set")


def test_without_the_network_that_tells_persons_apart(video, tmp_path, monkeypatch):
    monkeypatch.setattr("deepmeme.pipelines.swap.extract.shipped_embedder", lambda: None)
    story = extract_faces([video], tmp_path / "set", ALL)
    assert story.people == (FRAMES + SECOND,) and "not told apart" in story.warnings[0]
    story = extract([], tmp_path / "set")  # it came later
    assert story.people == (FRAMES, SECOND) and not story.warnings


def test_enough_is_enough(video, tmp_path):
    story = extract([video], tmp_path / "set", ExtractOptions(every=0, size=64, max_faces=5))
    assert 5 <= story.faces <= 6 and "--max-faces" in story.warnings[0]
    story = extract([video], tmp_path / "set")
    assert story.faces == FRAMES + SECOND


def test_fewer_looks(video, tmp_path):
    story = extract([video], tmp_path / "set", ExtractOptions(every=0.3, size=64))
    assert story.looks == 4
    frames = {record.frame for record in open_faceset(tmp_path / "set").records}
    assert frames == {0, 3, 6, 9}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"look":0', '"look":7'),
        ('"look":0', '"look":"x"'),
        ('"file":"two-heads_000002', '"file":"../../000002'),
        ('"track":', '"wreck":'),
        ('"state":[', '"state":[1,'),
        ('{"extract":1', '{"extract":9'),
        ('{"look"', "look"),
        ('"stem":"two-heads"', '"stem":"../x"'),
    ],
)
def test_journals_of_strangers(again, video, was, now):
    journal = (again / "extract.jsonl").read_text()
    assert was in journal
    (again / "extract.jsonl").write_text(journal.replace(was, now, 1))
    with pytest.raises(InputError, match=r"extract\.jsonl"):
        extract([video], again)


def test_the_shipped_driver_is_followed(tmp_path):
    story = extract_faces([ASSETS / "driver.mp4"], tmp_path / "set", ExtractOptions(size=64))
    assert story.faces == story.looks == 28 and story.kept > 15
    assert story.yaw_deg[0] < -5 < 10 < story.yaw_deg[1]
    records = open_faceset(tmp_path / "set").records
    assert max(r.yaw_deg for r in records) - min(r.yaw_deg for r in records) > 20
