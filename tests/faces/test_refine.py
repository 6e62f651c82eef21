"""Landmarks correct boxes, refuse walls, and find what no cascade sees."""

from fractions import Fraction

import numpy as np
import pytest

from deepmeme.faces import Box, Crop, Face, Finder, crop_clip, find_faces
from deepmeme.faces.refine import guess_face, refine_face, search_faces
from deepmeme.media.clip import Clip
from deepmeme.runtime.engine import ModelInfo
from tests.faces.drawn import clip_of, scene
from tests.faces.marks import NAMES, Marks, marked


def boxed(x: float, y: float, side: float, angle: float = 0.0) -> Face:
    return Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), 0.6, angle)


@pytest.mark.parametrize("lean", [0.0, 18.0, -40.0])
@pytest.mark.parametrize(("dx", "dy", "size"), [(0, 0, 1), (0.2, -0.15, 0.8), (-0.2, 0.2, 1.4)])
def test_a_box_is_put_right(lean: float, dx: float, dy: float, size: float) -> None:
    apart = 40.0
    picture = marked(400, 300, [(210, 140, apart, lean)])
    rough = boxed(210 + dx * 100, 160 + dy * 100, 100 * size)
    face = refine_face(picture, rough, Marks().finder)
    exact = refine_face(picture, boxed(210, 160, 100, lean), Marks().finder)
    assert face is not None and exact is not None
    np.testing.assert_allclose(face.box, exact.box, atol=3)
    assert face.angle_deg == pytest.approx(lean, abs=3)
    # Eyes sit in the box's upper half, as in the cascades' boxes.
    assert 2.3 * apart < face.box.width < 2.8 * apart
    middle = np.array(face.box.centre) - (210, 140)
    down = np.array([-np.sin(np.deg2rad(lean)), np.cos(np.deg2rad(lean))])
    assert 0.1 * apart < middle @ down < 0.6 * apart


def test_walls_are_no_faces() -> None:
    picture = marked(300, 200, [])
    assert refine_face(picture, boxed(150, 100, 80), Marks().finder) is None
    assert search_faces(picture, Marks().finder) == ()


def test_what_a_cascade_saw_is_looked_at_again() -> None:
    picture = scene(360, 300, [(160, 170, 150)])  # a face for the cascade, not for the marks
    assert len(find_faces(picture)) == 1
    assert find_faces(picture, Marks().finder) == ()


@pytest.mark.parametrize("place", [(80, 100, 40, 0), (300, 150, 45, 30), (200, 120, 60, -50)])
def test_finds_faces_that_no_cascade_knows(place: tuple[float, float, float, float]) -> None:
    picture = marked(400, 240, [place])
    assert find_faces(picture) == ()
    (face,) = find_faces(picture, Marks().finder)
    assert np.linalg.norm(np.array(face.box.centre) - place[:2]) < 0.7 * place[2]
    assert face.angle_deg == pytest.approx(place[3], abs=3)
    assert face.score > 0.9


def test_finds_one_face_once() -> None:
    assert len(search_faces(marked(240, 240, [(120, 110, 55, 0)]), Marks().finder)) == 1


def test_a_clip_is_followed_with_few_looks() -> None:
    marks = Marks()
    clip = clip_of(24, lambda i: marked(320, 240, [(150 + i, 110, 36, 5)], seed=1))
    crop = crop_clip(clip, samples=8, finder=marks.finder)
    assert crop.found_face and abs(crop.centre_x - 161) < 6
    assert crop.side == pytest.approx(2 * 2.5 * 36, rel=0.1)
    windows = marks.looks - 7 * 2
    assert windows < 40  # searched once, then two looks a frame


def test_a_face_that_comes_late_is_found() -> None:
    def draw(index: int) -> np.ndarray:
        return marked(320, 240, [(150, 110, 36, 0)] if index > 3 else [])

    crop = crop_clip(clip_of(12, draw), samples=12, finder=Marks().finder)
    assert crop.found_face and abs(crop.centre_x - 150) < 5


def test_a_clip_of_walls_gets_its_centre() -> None:
    blank = np.zeros((60, 90, 3), np.uint8)
    crop = crop_clip(
        Clip(90, 60, Fraction(25), 2, lambda: iter([blank] * 2)), finder=Marks().finder
    )
    assert crop == Crop(45, 30, 60)


class Engine:
    """As much of an engine as a finder asks for."""

    resolution = 64
    needs_calibration = False

    def __init__(self, names: tuple[str, ...] | None, framing: float = 1.8) -> None:
        self._info = ModelInfo("a", "portrait", "b", "fp32", "cpu", 64, 3, 0, "", framing, names)

    def info(self) -> ModelInfo:
        return self._info


def test_only_models_that_name_a_face_find_one() -> None:
    finder = Finder.of(Engine(NAMES))  # type: ignore[arg-type]
    assert finder is not None and finder.framing == 1.8 and finder.resolution == 64
    assert Finder.of(Engine(None)) is None  # type: ignore[arg-type]
    assert Finder.of(Engine(("a", "b", "c"))) is None  # type: ignore[arg-type]
    raw = Engine(NAMES)
    raw.needs_calibration = True
    assert Finder.of(raw) is None  # type: ignore[arg-type]


def test_guesses_only_where_something_looks_like_a_face() -> None:
    picture = marked(300, 240, [(150, 110, 60, 12)])
    guess = guess_face(picture, Marks().finder)
    assert guess is not None and guess.score > 0.85
    assert np.linalg.norm(np.array(guess.box.centre) - (150, 110)) < 60
    assert guess_face(marked(300, 240, []), Marks().finder) is None
    assert guess_face(marked(600, 500, [(150, 110, 22, 0)]), Marks().finder) is None  # too small
