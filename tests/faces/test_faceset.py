"""Facesets: folders that people edit by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.faces.crop import Crop
from deepmeme.faces.faceset import FaceRecord, open_faceset, write_index

NAMES = ("nose_3", "iris_r")


def record(number: int, **changes: object) -> FaceRecord:
    facts: dict[str, object] = {
        "file": f"{number:06d}.png", "source": "clip.mp4", "frame": number,
        "crop": Crop(10.5, 20.25, 33.0, -4.5, found_face=True),
        "points": ((0.25, -0.5), (number / 8, 1.0)), "yaw_deg": 3.5,
    }  # fmt: skip
    return FaceRecord(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    records = [record(0), record(1, person=1), record(2, keep=False, why="blurred"), record(3)]
    write_index(tmp_path, records, size_px=32, names=NAMES)
    (tmp_path / "faces").mkdir()
    (tmp_path / "masks").mkdir()
    for number in range(3):
        Image.new("RGB", (32, 32), (number, 9, 9)).save(tmp_path / f"faces/{number:06d}.png")
    Image.new("L", (32, 32), 7).save(tmp_path / "masks/000000.png")
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    found = open_faceset(folder)
    assert found.records == (
        record(0), record(1, person=1), record(2, keep=False, why="blurred"), record(3)
    )  # fmt: skip
    assert found.size_px == 32 and found.names == NAMES
    assert found.points().shape == (4, 2, 2)
    assert found.picture(found.records[1])[0, 0].tolist() == [1, 9, 9]
    mask = found.mask(found.records[0])
    assert mask is not None and mask.shape == (32, 32) and mask[0, 0] == 7
    assert found.mask(found.records[1]) is None


def test_faces_left_out_by_flag_line_or_picture_do_not_count(folder: Path) -> None:
    assert [r.frame for r in open_faceset(folder).kept().records] == [0, 1]
    assert [r.frame for r in open_faceset(folder).kept(person=1).records] == [1]
    (folder / "faces/000000.png").unlink()
    assert [r.frame for r in open_faceset(folder).kept().records] == [1]
    lines = (folder / "faces.jsonl").read_text().splitlines()
    (folder / "faces.jsonl").write_text("\n".join(["", *lines[2:]]))
    assert [r.frame for r in open_faceset(folder).records] == [2, 3]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{", "face 1:"),
        ("[]", "no JSON object"),
        ('{"nonsense": 1}', "unknown: nonsense"),
        (record(0).as_line().replace("000000.png", "../../secret.png"), "name of a picture"),
        (record(0).as_line().replace('"frame":0', '"frame":-1'), "whole numbers"),
        (record(0, points=((0, 0),)).as_line(), "1 points, expected 2"),
        (record(0).as_line().replace("33.0", "0"), "side above 0"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(folder: Path, wrong: str, said: str) -> None:
    (folder / "faces.jsonl").write_text(wrong + "\n")
    with pytest.raises(InputError, match=said):
        open_faceset(folder)


def test_pictures_of_another_size_and_other_folders_are_refused(folder: Path) -> None:
    Image.new("RGB", (40, 32)).save(folder / "faces/000000.png")
    found = open_faceset(folder)
    with pytest.raises(InputError, match=r"40 x 32; expected 32 x 32"):
        found.picture(found.records[0])
    with pytest.raises(InputError, match="swap extract"):
        open_faceset(folder / "faces")
    assert np.isfinite(found.points()).all()
