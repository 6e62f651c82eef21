"""Nudity is refused where the guard is installed; a detector made by the test stands in for it."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import deepmeme
from deepmeme.demo_assets import asset
from deepmeme.errors import InputError, MissingExtra
from deepmeme.media.image import read_image
from deepmeme.pipelines.guard import REFUSED, THRESHOLD, open_guard
from tests.pipelines.drawn import dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.studio import Studio

PINK = (255, 0, 255)
DETECTOR = """
import numpy as np

class NudeDetector:
    looks = 0

    def detect(self, image):
        type(self).looks += 1
        blue, green, red = (image[..., i].astype(int) for i in range(3))
        share = float(((blue > 200) & (red > 200) & (green < 90)).mean())
        found = [{"class": "FACE_FEMALE", "score": 0.9, "box": [0, 0, 9, 9]}]
        if share:
            found.append({"class": "FEMALE_BREAST_EXPOSED", "score": min(1.0, 20 * share),
                          "box": [0, 0, 9, 9]})
        return found
"""
"""What is pink counts as bare: the more of it, the surer; 2 % of a picture are refused."""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put a ``nudenet`` of a test's own on the path."""
    package = folder.with_name(f"{folder.name}-site") / "nudenet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "nudenet", raising=False)


@pytest.fixture
def guarded(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A studio where pink is refused."""
    install(studio.folder, monkeypatch, DETECTOR)
    yield studio
    sys.modules.pop("nudenet", None)


def looks() -> int:
    return int(sys.modules["nudenet"].NudeDetector.looks)


def bare(side: int = 64, share: float = 0.1) -> np.ndarray:
    """Dots with so much pink above them."""
    frame = dots_picture(side, side)
    frame[: max(1, round(side * share))] = PINK
    return frame


def test_without_it_nothing_is_loaded(studio: Studio) -> None:
    if find_spec("nudenet") is not None:
        pytest.skip("nudenet is installed here")
    assert open_guard() is None
    studio.animate(source=write_picture(studio.folder / "bare.png", bare()))
    assert "nudenet" not in sys.modules and "onnxruntime" not in sys.modules


def test_a_source_is_refused_before_anything_is_written(guarded: Studio) -> None:
    write_picture(guarded.folder / "bare.png", bare())
    message = guarded.refused("animate", "bare.png", "dance.mp4", "-o", "out.mp4")
    assert "bare.png seems to show a bare breast" in message
    assert f"{THRESHOLD:g}" in message and "docs/guards.md" in message
    assert guarded.engine.rendered == 0


def test_python_is_guarded_as_well(guarded: Studio) -> None:
    source = write_picture(guarded.folder / "bare.png", bare())
    with pytest.raises(InputError, match="bare breast"):
        deepmeme.animate([guarded.source, source], guarded.driving)


def test_what_is_dressed_goes_through(guarded: Studio) -> None:
    assert guarded.animate()["frames"] == 12
    assert looks() == 1 + 2, "the source, and two moments of 1.2 s"


def test_a_little_is_not_enough(guarded: Studio) -> None:
    source = write_picture(guarded.folder / "hat.png", bare(share=1 / 64))
    assert guarded.animate(source=source)["frames"] == 12


def test_the_animated_square_is_looked_at_closely(guarded: Studio) -> None:
    """Too small to be seen in the whole picture."""
    wide = np.full((400, 400, 3), 90, np.uint8)
    wide[40:104, 20:84] = bare()
    source = write_picture(guarded.folder / "wide.png", wide)
    assert guarded.run("animate", source, "dance.mp4", "-o", "a.mp4", "--no-crop")[0] == 0
    message = guarded.refused(
        "animate", source, "dance.mp4", "-o", "b.mp4", "--crop", "20,40,64,64"
    )
    assert "wide.png" in message


def test_a_result_is_discarded(guarded: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """It turns pink after two seconds and a half: the first look after that ends the work."""
    render = guarded.engine._render
    monkeypatch.setattr(
        guarded.engine,
        "_render",
        lambda source, xy: bare() if guarded.engine.rendered >= 25 + 3 else render(source, xy),
    )
    write_video(guarded.driving, dots_clip(40, side=64))
    message = guarded.refused("animate", "me.png", "dance.mp4", "-o", "out.mp4")
    assert "The result at 3.0 s" in message


def test_a_driver_counts_where_it_is_shown(guarded: Studio) -> None:
    write_video(guarded.driving, [bare() for _ in range(12)])
    assert guarded.animate()["frames"] == 12
    shown = ("animate", "me.png", "dance.mp4", "-o", "shown.mp4", "--layout", "side-by-side")
    assert "The driving video at 0.0 s" in guarded.refused(*shown)
    assert "driving video" in guarded.refused("animate", "me.png", "dance.mp4", "--preview")


def test_a_still_is_looked_at(guarded: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    pose = write_picture(guarded.folder / "pose.png", dots_picture(64, 64, spread=0.2))
    monkeypatch.setattr(guarded.engine, "_render", lambda source, xy: bare())
    message = guarded.refused("animate", "me.png", pose, "-o", "still.png")
    assert "The result" in message


def test_resumed_work_looks_at_the_same_moments(guarded: Studio) -> None:
    rendered = deepmeme.animate(guarded.source, guarded.driving, loop=3)
    counts = []
    for start in (0, 5, 10, 11):
        before = looks()
        assert len(list(rendered.frames_from(start))) == 36 - start
        counts.append(looks() - before)
    assert counts == [4, 3, 3, 2]


@pytest.mark.parametrize(
    "code",
    [
        "raise OSError('libonnxruntime.so is cut off')",
        "import a_library_that_is_gone",
        "class NudeDetector:\n    def __init__(self):\n        raise RuntimeError('no model')",
        "class NudeDetector:\n    def detect(self, image):\n        return 7",
    ],
)
def test_a_broken_guard_is_no_guard(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    install(studio.folder, monkeypatch, code)
    with pytest.raises(MissingExtra, match="pip uninstall nudenet"):
        deepmeme.animate(studio.source, studio.driving, studio.out)
    assert "does not work" in studio.refused("animate", "me.png", "dance.mp4")
    sys.modules.pop("nudenet", None)


@pytest.mark.skipif(find_spec("nudenet") is None, reason="the extra guard is not installed")
@pytest.mark.filterwarnings("default")
def test_the_real_one_lets_the_demonstration_through() -> None:
    guard = open_guard()
    assert guard is not None
    for name in ("painting.png", "cartoon.png", "statue.png", "captain.png"):
        assert guard.worst(read_image(asset(name)))[1] < 0.75 * THRESHOLD
    known = sys.modules["nudenet"].NudeDetector().detect(np.zeros((320, 320, 3), np.uint8))
    assert known == [] and len(REFUSED) == 5
