"""The networks that ship: what they say of faces that anybody may see."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.faces.align import align_face, in_square
from deepmeme.faces.crop import Crop
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.identity import SAME_ABOVE, identity_vector, knows_people
from deepmeme.faces.landmarks import Landmarks, find_landmarks
from deepmeme.faces.mask import PEOPLE, face_mask, knows_masks
from deepmeme.media.image import read_image
from deepmeme.weights.folder import check_folder

ASSETS = Path(__file__).parents[2] / "src" / "deepmeme" / "demo_assets"
SIZE = 96


def aligned(name: str) -> tuple[np.ndarray, Landmarks, Crop]:
    image = read_image(ASSETS / name)
    points = find_landmarks(image, detect_faces(image)[0])
    return image, points, align_face(points.xy_px, points.names)


def test_the_folder_is_whole_and_small() -> None:
    assert check_folder(PEOPLE) == []
    assert knows_masks() and knows_people()
    assert sum(file.stat().st_size for file in PEOPLE.iterdir()) < 2_000_000


@pytest.mark.parametrize("name", ["painting.png", "cartoon.png", "statue.png"])
def test_a_face_in_full_view_is_nearly_all_seen(name: str) -> None:
    image, points, crop = aligned(name)
    square, xy = crop.cut(image, SIZE), in_square(points.xy_px, crop)

    mask, hull = (
        np.asarray(m, float)
        for m in (face_mask(square, xy, points.names), hull_mask(xy, points.names, SIZE))
    )
    assert 0.75 < mask.sum() / hull.sum() <= 1


def test_what_is_put_before_a_face_is_no_face() -> None:
    image, points, crop = aligned("painting.png")
    square, xy = crop.cut(image, SIZE), in_square(points.xy_px, crop)
    hidden = square.copy()
    cv2.rectangle(hidden, (0, 62), (SIZE, 78), (30, 60, 200), -1)

    mask = face_mask(hidden, xy, points.names)
    assert mask[66:75].mean() < 0.25 * face_mask(square, xy, points.names)[66:75].mean()
    assert mask[35:55].mean() > 0.7 * face_mask(square, xy, points.names)[35:55].mean()


def test_one_face_is_nearer_to_itself_than_to_others() -> None:
    vectors, again = [], []
    for name in ("painting.png", "cartoon.png", "statue.png"):
        image, _, crop = aligned(name)
        square = crop.cut(image, SIZE)
        dim = np.asarray(square * 0.7 + 12, np.uint8)[:, ::-1]
        vectors.append(identity_vector(square))
        again.append(identity_vector(cv2.GaussianBlur(np.ascontiguousarray(dim), (0, 0), 0.8)))
    alike = np.stack(vectors) @ np.stack(again).T

    assert (np.diag(alike) > SAME_ABOVE).all()
    assert (alike.argmax(1) == np.arange(3)).all()
