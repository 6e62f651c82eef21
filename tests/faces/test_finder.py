"""The networks that ship: small faces and leaning ones, their points, and frames of any size."""

import numpy as np
import pytest

from deepmeme.errors import WeightsError
from deepmeme.faces.face import Box, Face
from deepmeme.faces.finder import FOLDER, sight_faces
from deepmeme.faces.landmarks import find_landmarks
from tests.faces.drawn import scene


def eyes_of(x: float, y: float, size: float, angle_deg: float = 0.0) -> np.ndarray:
    c, s = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    places = np.array([[-0.42 * 100, -25], [0.42 * 100, -25]]) * size / 240
    return places @ np.array([[c, s], [-s, c]]) + (x, y)


def test_all_files_stay_small() -> None:
    assert (FOLDER / "find.onnx").stat().st_size < 1_000_000
    assert (FOLDER / "landmarks.onnx").stat().st_size < 2_000_000


@pytest.mark.parametrize("shape", [(1280, 720), (720, 1280), (640, 480), (1920, 817), (321, 243)])
def test_a_small_face_in_any_frame(shape: tuple[int, int]) -> None:
    width, height = shape
    size = 0.11 * height
    place = (0.7 * width, 0.4 * height, size)
    (seen,) = sight_faces(scene(width, height, [place]))
    assert np.linalg.norm(np.array(seen.face.box.centre) - place[:2]) < 0.2 * size


@pytest.mark.parametrize("angle", [-45.0, -20.0, 0.0, 30.0, 45.0])
def test_points_turn_with_the_head(angle: float) -> None:
    (seen,) = sight_faces(scene(480, 360, [(240, 180, 150)], angle_deg=angle))
    assert seen.face.angle_deg == pytest.approx(angle, abs=15)
    np.testing.assert_allclose(seen.points[:2], eyes_of(240, 180, 150, angle), atol=12)
    # The right eye is the person's: on the left of the picture
    assert seen.points[0][0] < seen.points[1][0]


def test_largest_first_and_each_once() -> None:
    found = sight_faces(scene(700, 400, [(120, 150, 60), (300, 200, 220), (560, 180, 110)]))
    sizes = [seen.face.box.width for seen in found]
    assert len(found) == 3 and sizes == sorted(sizes, reverse=True)


def test_landmarks_of_a_leaning_face() -> None:
    size, angle = 150.0, 30.0
    picture = scene(480, 360, [(240, 180, size)], angle_deg=angle)
    (seen,) = sight_faces(picture)
    landmarks = find_landmarks(picture, seen.face)
    rows = [landmarks.names.index(name) for name in ("iris_r", "iris_l")]
    apart = 0.35 * size
    error = np.linalg.norm(landmarks.xy_px[rows] - eyes_of(240, 180, size, angle), axis=1)
    assert error.max() < 0.12 * apart
    assert landmarks.misfit < 0.13
    jaw = landmarks.xy_px[landmarks.names.index("jaw_8")] - (240, 180)
    down = np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    assert 0.3 * size < jaw @ down < 0.7 * size


def test_a_second_look_mends_a_box_beside_the_face() -> None:
    size = 150.0
    picture = scene(480, 360, [(240, 180, size)])
    (seen,) = sight_faces(picture)
    good = find_landmarks(picture, seen.face, looks=4).xy_px
    box = seen.face.box
    moved = 0.16 * box.width
    wide = Box(box.x0 + moved, box.y0 - moved, box.x1 + 3 * moved, box.y1 + moved)
    beside = seen.face._replace(box=wide)
    once, twice = (
        float(np.linalg.norm(find_landmarks(picture, beside, looks=n).xy_px - good, axis=1).mean())
        for n in (1, 2)
    )
    assert twice < 0.6 * once and twice < 0.02 * size
    assert find_landmarks(picture, beside).face.box.overlap(box) > beside.box.overlap(box)


def test_a_missing_network_is_named(tmp_path: pytest.TempPathFactory) -> None:
    with pytest.raises(WeightsError, match=r"model\.json"):
        sight_faces(np.zeros((50, 50, 3), np.uint8), folder=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match=r"model\.json"):
        find_landmarks(
            np.zeros((50, 50, 3), np.uint8),
            Face(Box(5, 5, 40, 40), 1.0),
            folder=tmp_path,  # type: ignore[arg-type]
        )
