"""OpenCV's cascades still find faces, for comparison and where the network is missing."""

import pytest

from deepmeme.faces import detect
from deepmeme.faces.cascade import cascade_faces
from tests.faces.drawn import scene


def test_a_face_and_a_wall() -> None:
    (face,) = cascade_faces(scene(360, 300, [(160, 170, 150)]))
    assert abs(face.box.centre[0] - 160) < 20 and abs(face.box.centre[1] - 170) < 20
    assert cascade_faces(scene(220, 160)) == ()


def test_they_stand_in_for_a_missing_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect, "is_here", lambda: False)
    picture = scene(360, 300, [(160, 170, 150)])
    assert detect.detect_faces(picture) == cascade_faces(picture)


def test_leaning_heads() -> None:
    (face,) = cascade_faces(scene(300, 260, [(150, 130, 120)], angle_deg=40.0))
    assert face.angle_deg == pytest.approx(40, abs=15)
