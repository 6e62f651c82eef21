"""The pictures and the model that ship: faces are found in all of them, however they lean."""

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.faces import Finder, crop_clip, crop_face, detect_faces, find_faces
from deepmeme.faces.refine import search_faces
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.motion_model import load_model

Frame = NDArray[np.uint8]
ASSETS = Path(str(files("deepmeme").joinpath("demo_assets")))
PICTURES = ("painting.png", "statue.png", "cartoon.png", "captain.png")


@pytest.fixture(scope="module")
def finder() -> Finder:
    found = Finder.of(load_model("portrait").engine)
    assert found is not None
    return found


def turned(picture: Frame, angle_deg: float) -> Frame:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle_deg, 0.8)
    moved = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


@pytest.mark.parametrize("name", PICTURES)
def test_one_face_in_each(name: str, finder: Finder) -> None:
    picture = read_image(ASSETS / name)
    (seen,) = detect_faces(picture)
    (placed,) = find_faces(picture, finder)
    assert seen.box.overlap(placed.box) > 0.6
    assert placed.score > 0.88 and abs(placed.angle_deg) < 8
    crop = crop_face(placed, within=picture.shape)
    assert crop.box.x0 <= placed.box.x0 and crop.box.y1 >= placed.box.y1


def test_leaning_and_searched_for(finder: Finder) -> None:
    picture = turned(read_image(ASSETS / "painting.png"), -40.0)
    (face,) = search_faces(picture, finder)
    assert face.angle_deg == pytest.approx(-40, abs=10)


def test_no_face_in_walls(finder: Finder) -> None:
    picture = read_image(ASSETS / "statue.png")
    corner = np.ascontiguousarray(picture[:120, :120])
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    assert find_faces(corner, finder) == find_faces(noise, finder) == ()


def test_the_driver_is_followed(finder: Finder) -> None:
    clip = open_clip(ASSETS / "driver.mp4")
    by_cascade, by_landmarks = crop_clip(clip, samples=3), crop_clip(clip, samples=3, finder=finder)
    assert by_cascade.found_face and by_landmarks.found_face
    assert by_cascade.box.overlap(by_landmarks.box) > 0.7
