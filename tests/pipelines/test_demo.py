import json
from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.pipelines.demo import DRIVER, SCENES, asset, demos, find_scene, prepare_demo
from deepmeme.pipelines.options import AnimateOptions
from tests.pipelines.stub_engine import StubEngine, StubModel
from tests.pipelines.studio import Studio, frames_of, give_studio

SHORT = AnimateOptions(end="0.4")


@pytest.fixture
def studio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Studio:
    return give_studio(tmp_path, monkeypatch, capfd, StubEngine())


def test_what_comes_along_is_small_and_whole() -> None:
    names = {name for scene in SCENES for name in scene.pictures}
    for name in names:
        picture = read_image(asset(name))
        side = 256 if name.startswith("toon_") else 512
        assert picture.shape == (side, side, 3)
        assert picture.std() > 20
    clip = open_clip(asset(DRIVER))
    assert (clip.width, clip.height) == (256, 256)
    assert clip.audio is not None
    assert 5 < sum(1 for _ in clip) / float(clip.fps) < 7
    goat = open_clip(asset("toon_goat.mp4"))
    assert (goat.width, goat.height) == (256, 256) and sum(1 for _ in goat) == 61
    licence = asset(DRIVER).with_name("LICENSE-fluent-emoji.txt")
    assert "Microsoft" in licence.read_text("utf-8")
    files = [path for path in asset(DRIVER).parent.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_500_000


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_scene_can_be_prepared(scene: object) -> None:
    animation = prepare_demo(scene, SHORT, model=StubModel(StubEngine()))  # type: ignore[arg-type]
    assert animation.story.frames == 10
    assert animation.story.layout == scene.layout  # type: ignore[attr-defined]
    assert not animation.story.warnings or "face" not in " ".join(animation.story.warnings)
    first = next(iter(animation.rendered.frames_from(0)))
    assert first.shape[1::-1] == (animation.rendered.width, animation.rendered.height)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"Did you mean painting.*cartoon"):
        find_scene("paintign")


def test_the_grid_has_its_sources_above_and_moves_below(studio: Studio) -> None:
    code, out, err = studio.run("demo")
    assert code == 0, err
    assert out == ""
    target = studio.folder / "deepmeme-demo.mp4"
    assert str(target.name) in err
    frames = frames_of(target)
    height, width = frames[0].shape[:2]
    assert len(frames) == 140
    assert width > 1.8 * height  # four columns, two rows
    moved = np.abs(np.stack(frames[::20]).astype(int) - frames[0]).mean((0, 3))
    assert moved[: height // 2 - 4].max() < 25  # what is drawn once stays
    assert moved[height // 2 :, : width // 4].mean() > 3  # the driver moves
    assert open_clip(target).audio is not None


def test_it_can_be_run_again_and_as_a_gif(studio: Studio) -> None:
    for _ in range(2):
        code, out, err = studio.run("demo", "cartoon", "--gif", "--json")
        assert code == 0, err
    facts = json.loads(out)
    made = Path(facts["output"])
    assert made.name == "deepmeme-demo-cartoon.gif"
    assert sniff(made).name == "gif"


def test_size_and_budget_are_kept(studio: Studio) -> None:
    code, out, err = studio.run(
        "demo", "--gif", "--json", "--size", "48", "--max-size", "300KB", "-o", "small.gif"
    )
    assert code == 0, err
    facts = json.loads(out)
    assert facts["bytes"] <= 300_000
    assert "expected a number" in studio.refused("demo", "--size", "7")


def test_unknown_name_is_exit_code_two(studio: Studio) -> None:
    assert "painting, cartoon" in studio.refused("demo", "opera")


def test_a_named_file_is_not_overwritten_unasked(studio: Studio) -> None:
    mine = studio.folder / "mine.mp4"
    mine.write_bytes(b"mine")
    assert "-y" in studio.refused("demo", "meme", "-o", mine)
    assert mine.read_bytes() == b"mine"
    assert "contradict" in studio.refused("demo", "--gif", "-o", "other.mp4")


def test_list_names_them(studio: Studio) -> None:
    code, _, err = studio.run("demo", "list")
    assert code == 0
    assert all(f"deepmeme demo {scene.name}" in err for scene in SCENES)
    code, out, _ = studio.run("demo", "list", "--json")
    assert json.loads(out) == demos() and "swap" in demos()
