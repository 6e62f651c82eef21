"""Drawn faces are found where they are, and walls have none."""

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.faces import Face, detect_faces
from tests.faces.drawn import scene


def near(face: Face, x: float, y: float, size: float) -> bool:
    middle = np.array(face.box.centre)
    return bool(np.linalg.norm(middle - (x, y)) < 0.2 * size) and 0.7 < face.box.width / size < 1.3


@pytest.mark.parametrize("place", [(160, 170, 150), (100, 120, 90), (250, 200, 110)])
@pytest.mark.parametrize("tone", [1.0, 0.5])
def test_finds_a_face(place: tuple[float, float, float], tone: float) -> None:
    faces = detect_faces(scene(360, 300, [place], tone=tone))
    assert len(faces) == 1 and near(faces[0], *place)
    assert 0.5 < faces[0].score <= 1 and abs(faces[0].angle_deg) < 8


def test_several_come_largest_first() -> None:
    places = [(80, 110, 80), (230, 150, 130), (380, 120, 100)]
    faces = detect_faces(scene(460, 300, places))
    assert [near(face, *place) for face, place in zip(faces, (places[1], places[2], places[0]),
                                                      strict=True)] == [True] * 3  # fmt: skip


def test_size_of_the_picture_does_not_matter() -> None:
    picture = scene(400, 400, [(200, 200, 180)])
    large = np.repeat(np.repeat(picture, 4, axis=0), 4, axis=1)
    (here,), (there,) = detect_faces(picture), detect_faces(large)
    np.testing.assert_allclose(np.array(there.box) / 4, here.box, atol=8)


def test_a_small_face_in_a_large_picture() -> None:
    faces = detect_faces(scene(1400, 1000, [(900, 400, 70)]), leaning=False)
    assert len(faces) == 1 and near(faces[0], 900, 400, 70)


@pytest.mark.parametrize("angle", [-35.0, 40.0])
def test_leaning_heads_and_which_way(angle: float) -> None:
    picture = scene(300, 260, [(150, 130, 120)], angle_deg=angle)
    (face,) = detect_faces(picture)
    assert near(face, 150, 130, 120) and face.angle_deg == pytest.approx(angle, abs=15)


def test_walls_have_no_faces() -> None:
    for seed in range(3):
        assert detect_faces(scene(220, 160, seed=seed)) == ()
    assert detect_faces(np.zeros((120, 120, 3), np.uint8)) == ()


def test_the_same_picture_gives_the_same_faces() -> None:
    picture = scene(300, 260, [(150, 130, 120)])
    assert detect_faces(picture) == detect_faces(picture.copy())


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 2, 3), (25, 25, 3)])
def test_tiny_pictures(shape: tuple[int, ...]) -> None:
    assert detect_faces(np.full(shape, 90, np.uint8)) == ()


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3), np.float32),
        np.zeros((0, 9, 3), np.uint8),
    ],
)
def test_only_rgb_pictures(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match="RGB pictures"):
        detect_faces(picture)
