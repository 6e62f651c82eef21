import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.data.toon_canvas import Canvas, ellipse, mix, places, smooth
from deepmeme.data.toons import CAPTAIN, GIRL, draw_toon, toon
from deepmeme.pipelines.demo import asset


def test_a_seed_is_a_person() -> None:
    first, again, other = (draw_toon(toon(seed), 64) for seed in (3, 3, 4))
    assert (first == again).all()
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.parametrize("seed", range(6))
def test_everybody_is_drawn_whole(seed: int) -> None:
    frame = draw_toon(toon(seed), 96)
    assert frame.shape == (96, 96, 3)
    assert frame.dtype == np.uint8
    person = toon(seed)
    skin = np.array(person.skin)
    cheek = frame[55:58, 44:52].reshape(-1, 3).mean(0)
    assert np.abs(cheek - skin).max() < 70  # skin where the nose is
    assert frame[42:50, 30:45].min() < 60 < 200 < frame[42:50, 30:45].max()  # ink and eye-white


def test_faces_are_symmetric_about_the_middle() -> None:
    frame = draw_toon(CAPTAIN, 128).astype(int)
    eyes = frame[52:72, 24:104]
    assert np.abs(eyes - eyes[:, ::-1]).mean() < 8


@pytest.mark.parametrize(("person", "name"), [(GIRL, "cartoon.png"), (CAPTAIN, "captain.png")])
def test_the_demo_shows_what_the_code_draws(person: object, name: str) -> None:
    shipped = cv2.resize(cv2.imread(str(asset(name))), (128, 128), interpolation=cv2.INTER_AREA)
    drawn = draw_toon(person, 128)  # type: ignore[arg-type]
    assert np.abs(shipped[..., ::-1].astype(int) - drawn).mean() < 4


def test_command(tmp_path: Path) -> None:
    out = tmp_path / "girl.png"
    words = [sys.executable, "-m", "deepmeme.data.toons", "-o", str(out), "--name", "girl"]
    subprocess.run([*words, "--size", "48"], check=True)
    assert cv2.imread(str(out)).shape == (48, 48, 3)


def test_a_shape_covers_its_area() -> None:
    canvas = Canvas(64, (0, 0, 0))
    canvas.paint(canvas.mask(ellipse(0, 0, 0.5, 0.5)), (255, 255, 255))
    share = canvas.picture().mean() / 255
    assert share == pytest.approx(np.pi * 0.25 / 4, rel=0.03)


def test_a_smooth_line_goes_through_its_points() -> None:
    points = places("0,0  0.5,0.25  1,-0.5")
    line = smooth(points, closed=False)
    gaps = [np.linalg.norm(line - np.array(point), axis=1).min() for point in points]
    assert max(gaps) < 1e-6


def test_mix_keeps_the_ends() -> None:
    assert mix((1, 2, 3), (200, 100, 50), 0) == (1, 2, 3)
    assert mix((1, 2, 3), (200, 100, 50), 1) == (200, 100, 50)
