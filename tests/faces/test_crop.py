"""Squares: where they lie, what they show, and that the way back is the way there."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepmeme.errors import InputError
from deepmeme.faces import Box, Crop, Face, crop_centre, crop_clip, crop_face, follow_face
from deepmeme.media.clip import Clip
from tests.faces.drawn import clip_of, scene

crops = st.builds(
    Crop,
    centre_x=st.floats(-200, 2000),
    centre_y=st.floats(-200, 2000),
    side=st.floats(3, 3000),
    angle_deg=st.floats(-180, 180),
)


@given(crops, st.integers(2, 512), st.floats(-500, 500), st.floats(-500, 500))
@settings(max_examples=100, deadline=None)
def test_there_and_back(crop: Crop, size: int, x: float, y: float) -> None:
    there, back = crop.matrix(size), crop.inverse(size)
    point = np.array([x, y, 1.0])
    again = back @ (*(there @ point), 1.0)
    np.testing.assert_allclose(again, point[:2], atol=1e-6 * max(1.0, crop.side))


@given(crops, st.integers(2, 512))
@settings(max_examples=100, deadline=None)
def test_the_middle_is_the_middle_and_corners_are_corners(crop: Crop, size: int) -> None:
    middle = crop.matrix(size) @ (crop.centre_x - 0.5, crop.centre_y - 0.5, 1.0)
    np.testing.assert_allclose(middle, (size - 1) / 2, atol=1e-4)
    # Outer corners of the cut lie half a pixel beyond its first and last pixels.
    reach = [
        crop.inverse(size) @ (x, y, 1.0) for x in (-0.5, size - 0.5) for y in (-0.5, size - 0.5)
    ]
    corners = np.array(reach) + 0.5
    box = crop.box
    np.testing.assert_allclose(corners.min(axis=0), (box.x0, box.y0), atol=1e-4 * crop.side + 1e-3)
    np.testing.assert_allclose(corners.max(axis=0), (box.x1, box.y1), atol=1e-4 * crop.side + 1e-3)


@given(st.integers(-20, 60), st.integers(-20, 60), st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_whole_pixels_are_copied(x: int, y: int, side: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    cut = Crop(x + side / 2, y + side / 2, side).cut(picture, side)
    rows = np.clip(np.arange(y, y + side), 0, 39)
    columns = np.clip(np.arange(x, x + side), 0, 49)
    np.testing.assert_array_equal(cut, picture[rows][:, columns])


@given(crops, st.integers(1, 64))
@settings(max_examples=50, deadline=None)
def test_any_square_can_be_cut(crop: Crop, size: int) -> None:
    picture = np.full((37, 61, 3), 200, np.uint8)
    cut = crop.cut(picture, size)
    assert cut.shape == (size, size, 3) and cut.dtype == np.uint8
    assert np.all(np.abs(cut.astype(int) - 200) <= 1)
    quick = crop.quick_cut(picture, size)
    assert quick.shape == (size, size, 3) and quick.dtype == np.uint8
    assert np.all(np.abs(quick.astype(int) - 200) <= 1)


@pytest.mark.parametrize("side", [60, 128, 190, 193, 400, 700])
@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_the_quick_cut_shows_the_same_at_the_same_place(side: float, angle: float) -> None:
    y, x = np.mgrid[:800, :900].astype(np.float64)
    wave = [127 + 110 * np.sin(x / 31 + phase) * np.cos(y / 23) for phase in (0, 1, 2)]
    picture = np.stack(wave, axis=-1).astype(np.uint8)
    crop = Crop(433.3, 391.7, side, angle)
    apart = crop.cut(picture, 128).astype(int) - crop.quick_cut(picture, 128)
    assert np.abs(apart).mean() < 1 and np.abs(apart).max() < 12


@pytest.mark.parametrize("factor", [2, 3, 7, 16])
def test_shrinking_averages(factor: int) -> None:
    fine = np.indices((16 * factor, 16 * factor)).sum(axis=0) % 2 * 255  # a one-pixel check
    picture = np.repeat(fine[..., None], 3, axis=2).astype(np.uint8)
    cut = Crop(8 * factor, 8 * factor, 16 * factor).cut(picture, 16)
    assert np.abs(cut.astype(int) - 127.5).max() < 16 if factor > 2 else cut.std() < 40


def test_a_turned_square_stands_the_head_upright() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    turn = math.radians(30)
    for step in np.linspace(-60, 60, 400):  # a bar that leans by 30 degrees, clockwise
        x, y = 100 + step * math.sin(turn), 100 - step * math.cos(turn)
        picture[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] = 255
    cut = Crop(100, 100, 140, 30.0).cut(picture, 140)
    bright = np.argwhere(cut[..., 0] > 128)
    assert np.ptp(bright[:, 0]) > 110 and np.ptp(bright[:, 1]) < 12


@given(
    st.floats(0, 1900), st.floats(0, 1000), st.floats(20, 600), st.floats(1, 4),
    st.floats(-60, 60),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_face_s_square(x: float, y: float, side: float, framing: float, angle: float) -> None:
    face = Face(Box(x, y, x + side, y + side), 0.9, angle)
    plain = crop_face(face, framing=framing)
    assert plain.side == pytest.approx(framing * side) and plain.found_face
    assert plain.angle_deg == 0 and plain.centre_x == pytest.approx(face.box.centre[0])
    # A little above the middle of the face: there is hair, below is only more neck.
    assert 0 <= face.box.centre[1] - plain.centre_y < 0.2 * side
    upright = crop_face(face, framing=framing, upright=True)
    assert upright.angle_deg == (angle if abs(angle) >= 12 else 0)
    within = crop_face(face, framing=framing, within=(1080, 1920, 3))
    assert 0.74 * plain.side < within.side <= plain.side + 1e-6
    assert abs(within.centre_x - plain.centre_x) <= 0.251 * side


def test_a_square_stays_within_if_it_can() -> None:
    face = Face(Box(20, 30, 120, 130), 0.9)
    crop = crop_face(face, framing=2.0, within=(400, 400, 3))
    assert crop.box.x0 == pytest.approx(0, abs=6) and crop.box.y0 >= -6 and crop.side == 200


@pytest.mark.parametrize("framing", [0, -1, float("nan"), float("inf")])
def test_framings_that_cannot_be(framing: float) -> None:
    with pytest.raises(InputError, match="Framing"):
        crop_face(Face(Box(0, 0, 9, 9), 1.0), framing=framing)


@pytest.mark.parametrize("wrong", [{"side": 0}, {"side": -2}, {"centre_x": float("nan")}])
def test_squares_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="finite numbers"):
        Crop(**({"centre_x": 1, "centre_y": 1, "side": 2} | wrong))


@given(st.integers(1, 300), st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_centre(width: int, height: int) -> None:
    crop = crop_centre((height, width, 3))
    side = min(width, height)
    assert crop.side == side and not crop.found_face
    assert crop.box.x0 >= 0 and crop.box.x1 <= width and crop.box.y1 <= height
    assert abs((crop.box.x0 + crop.box.x1) - width) <= 1  # a pixel, where it isn't even
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    x, y = (width - side) // 2, (height - side) // 2
    np.testing.assert_array_equal(crop.cut(picture, side), picture[y : y + side, x : x + side])


def test_a_clip_gets_one_square_with_the_whole_motion() -> None:
    def draw(index: int) -> np.ndarray:
        return scene(300, 220, [(150 + 30 * math.sin(index), 120 + 6 * math.cos(index), 90)])

    clip = clip_of(12, draw)
    crop = crop_clip(clip, samples=6)
    assert crop.found_face and crop.side == pytest.approx(2 * 90, rel=0.15)
    assert abs(crop.centre_x - 150) < 15 and abs(crop.centre_y - 118) < 12
    assert crop_clip(clip, samples=6) == crop


def test_a_clip_without_faces_gets_its_centre() -> None:
    crop = crop_clip(clip_of(6, lambda index: scene(200, 120, seed=index)), samples=2)
    assert crop == crop_centre((120, 200)) and not crop.found_face


def test_a_clip_is_looked_at_in_its_first_minute_only() -> None:
    looked: list[int] = []

    def frames():
        for index in range(10**6):
            looked.append(index)
            yield blank

    blank = np.zeros((40, 40, 3), np.uint8)
    crop_clip(Clip(40, 40, Fraction(25), None, frames), samples=5)
    assert max(looked) < 60 * 25
    with pytest.raises(InputError, match="samples=0"):
        crop_clip(Clip(40, 40, Fraction(25), 1, lambda: iter([blank])), samples=0)


def boxed(x: float, y: float, side: float, score: float = 0.9) -> Face:
    return Face(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), score)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.05), st.floats(0, 0.3))
@settings(max_examples=40, deadline=None)
def test_follows_through_jitter_gaps_and_strangers(seed: int, jitter: float, gaps: float) -> None:
    random = np.random.default_rng(seed)
    seen: list[list[Face]] = []
    for _ in range(20):
        x, y, side = np.array([300, 200, 100]) + 100 * random.normal(0, jitter, 3).clip(-0.2, 0.2)
        faces = [] if random.random() < gaps else [boxed(x, y, side)]
        if random.random() < 0.3:  # wallpaper, here and there
            faces.append(boxed(*random.uniform(0, 600, 2), random.uniform(20, 140), 0.5))
        seen.append(faces)
    followed = follow_face(seen)
    assert followed is not None
    assert np.linalg.norm(np.array(followed.box.centre) - (300, 200)) < 15
    assert followed.box.width == pytest.approx(100, rel=0.15)


def test_follows_nobody_who_is_hardly_there() -> None:
    assert follow_face([]) is None
    assert follow_face([[], [], [boxed(100, 100, 50)], []]) is None
    assert follow_face([[boxed(100, 100, 50)], [], [boxed(400, 100, 50)], []]) is None


def test_follows_the_larger_of_two() -> None:
    followed = follow_face([[boxed(100, 100, 50), boxed(300, 100, 90)]] * 5)
    assert followed is not None and followed.box.centre[0] == 300
