"""Scenes show faces where their labels say, the same every time."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.data.face_crops import open_crops
from deepmeme.data.scene_faces import COLUMNS, WEIGHT, moved_faces
from deepmeme.data.scene_grounds import clutter, ground, read_faceless
from deepmeme.data.scenes import MOST_FACES, Scenes, open_scenes
from deepmeme.errors import InputError
from tests.data.face_bank import EYES_APART, NAMES, write_face_bank


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_face_bank(tmp_path_factory.mktemp("banks") / "drawn")


@pytest.fixture(scope="module")
def scenes(bank: Path) -> Scenes:
    return open_scenes([bank], size=128)


def test_labels_of_a_bank(scenes: Scenes) -> None:
    (bank,) = scenes.banks
    apart = EYES_APART * 127 / 2
    for face in bank.faces:
        assert face[WEIGHT] == 1
        assert face[2] == pytest.approx(2.5 * apart, rel=0.12)
        eyes = face[6:10].reshape(2, 2)
        assert np.linalg.norm(eyes[1] - eyes[0]) == pytest.approx(apart, rel=0.05)
        down = face[3:5]
        assert np.linalg.norm(down) == pytest.approx(1, abs=1e-5)
        mouth = face[12:16].reshape(2, 2).mean(0) - eyes.mean(0)
        assert mouth @ down > 0.95 * np.linalg.norm(mouth)


def test_training_never_sees_the_held_out_heads(bank: Path, scenes: Scenes) -> None:
    (held_out,) = open_scenes([bank], held_out=True).banks
    assert set(held_out.bank.group[held_out.chosen]) == {0}
    assert set(scenes.banks[0].bank.group[scenes.banks[0].chosen]) == {1, 2}


def test_a_scene_is_a_function_of_its_number(scenes: Scenes) -> None:
    first, again, other = scenes(5), scenes(5), scenes(6)
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.faces, again.faces)
    assert not np.array_equal(first.picture, other.picture)


def test_shapes_and_ranges(scenes: Scenes) -> None:
    counts, turns = [], []
    for number in range(40):
        picture, faces = scenes(number)
        assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
        assert faces.shape[1] == COLUMNS and len(faces) <= MOST_FACES
        counts.append(len(faces))
        turns += np.rad2deg(np.arctan2(-faces[:, 3], faces[:, 4])).tolist()
        apart = [
            np.abs(a[:2] - b[:2]).max() / (a[2] + b[2])
            for i, a in enumerate(faces)
            for b in faces[:i]
        ]
        assert min(apart, default=1) > 0.5
    assert min(counts) == 0 and max(counts) > 2
    assert max(map(abs, turns)) < 50.1 and max(map(abs, turns)) > 25


def test_the_face_is_where_the_label_says(scenes: Scenes) -> None:
    """Pupils are darker than the forehead between the brows and the hair."""
    plain = replace(scenes, harsh=False, side_px=(50.0, 90.0))
    seen = 0
    for number in range(60):
        picture, faces = plain(number)
        for face in faces[(faces[:, WEIGHT] == 1) & (faces[:, 2] > 50)]:
            right, left = face[6:8], face[8:10]
            brow = (right + left) / 2 - 0.17 * face[2] * face[3:5]
            spots = [np.round(p - 0.5).astype(int) for p in (right, left, brow)]
            if min(map(min, spots)) < 2 or max(map(max, spots)) > 125:
                continue
            grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float)
            values = [grey[y - 1 : y + 2, x - 1 : x + 2].mean() for x, y in spots]
            assert max(values[:2]) < values[2]
            seen += 1
    assert seen > 8


def test_a_mirror_swaps_right_and_left() -> None:
    face = np.zeros((1, COLUMNS), np.float32)
    face[0, :6] = 30, 40, 20, 0, 1, 1
    face[0, 6:] = 25, 35, 35, 35, 30, 40, 27, 45, 33, 45
    (moved,) = moved_faces(face, np.array([[-2, 0, 100], [0, 2, 0]], np.float32))
    np.testing.assert_allclose(moved[:6], [40, 80, 40, 0, 1, 1])
    np.testing.assert_allclose(moved[6:10], [30, 70, 50, 70])  # the right eye stays on the left
    np.testing.assert_allclose(moved[12:], [34, 90, 46, 90])


def test_grounds_and_things() -> None:
    rng = np.random.default_rng(0)
    photograph = rng.integers(0, 255, (90, 140, 3)).astype(np.uint8)
    pictures = [ground(rng, 48, (photograph,)) for _ in range(30)]
    assert {picture.shape for picture in pictures} == {(48, 48, 3)}
    for picture in pictures:
        before = picture.copy()
        clutter(picture, rng)
        np.testing.assert_array_equal(picture, before)


def test_messages(tmp_path: Path, bank: Path) -> None:
    with pytest.raises(InputError, match="--banks"):
        open_scenes([])
    with pytest.raises(InputError, match="no picture"):
        read_faceless(tmp_path)
    with pytest.raises(InputError, match="lacks the points nobody"):
        open_crops([bank], ["nobody"])


def test_crops_carry_their_points(bank: Path) -> None:
    crops = replace(open_crops([bank], NAMES, size=64), harsh=False, jitter=0.0)
    for number in range(6):
        picture, xy, visible = crops(number)
        assert picture.shape == (64, 64, 3) and visible.all()
        right, left = (xy[NAMES.index(name)] for name in ("iris_r", "iris_l"))
        # Upright within the little that crop_face leaves, the eyes as far apart as framing says
        assert abs(left[1] - right[1]) < 0.3 * (left[0] - right[0])
        assert np.linalg.norm(left - right) == pytest.approx(2 / 1.6 / 2.5, rel=0.12)
    strayed = replace(crops, jitter=1.0)
    assert not np.allclose(strayed(0).xy, crops(0).xy)
