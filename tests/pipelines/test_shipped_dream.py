"""The models of faces that ship: small, quick to draw from, and what they paint are faces."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepmeme.cli.main import run
from deepmeme.faces.detect import detect_faces
from deepmeme.pipelines.demo import dream_up, prepare_demo
from deepmeme.pipelines.dream import Dream, load_dream
from deepmeme.provenance.verify import verify
from deepmeme.weights.catalogue import BUNDLED, find


@pytest.fixture(params=["gan", "vae"])
def dream(request: pytest.FixtureRequest) -> Dream:
    return load_dream(request.param)


def test_they_are_small_and_have_a_card(dream: Dream) -> None:
    folder = BUNDLED / dream.info.name
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8_000_000
    assert "## Figures" in (folder / "CARD.md").read_text(encoding="utf-8")
    entry = find(dream.info.name)
    assert entry is not None and entry.shipped and entry.family == dream.info.name


def test_all_weights_together_are_small() -> None:
    assert sum(file.stat().st_size for file in BUNDLED.rglob("*")) < 40_000_000


def test_what_they_paint_are_faces_of_many_people(dream: Dream) -> None:
    pictures = dream.paint(dream.sample(24, seed=5, variety=0.8))
    assert pictures.shape == (24, 128, 128, 3)
    found = [bool(detect_faces(picture)) for picture in pictures]
    assert np.mean(found) >= 0.9
    assert pictures.std(0).mean() > 25  # of grey levels from face to face


def test_a_smile_is_a_smile_to_the_eye_of_the_vae(dream: Dream) -> None:
    """A step along a trait is read again by the encoder, which has not been asked."""
    judge = load_dream("vae")
    faces = dream.sample(8, seed=3, variety=0.7)
    for name in ("smile", "mouth_open", "yaw", "skin"):
        read = [
            judge.attributes(judge.looked_up(__file__, judge.model.encode(dream.paint(codes))))
            for codes in (dream.edit(faces, {name: -1.5}), dream.edit(faces, {name: 1.5}))
        ]
        moved = {trait: float(np.mean(read[1][trait] - read[0][trait])) for trait in judge.traits}
        assert moved[name] > 0.8
        assert moved[name] == max(moved.values())


def test_people_of_the_demo_can_be_animated_at_once(tmp_path: Path) -> None:
    scene = dream_up(tmp_path)
    assert len(scene.pictures) == 3
    assert all(verify(Path(picture)).exit_code == 0 for picture in scene.pictures)
    again = dream_up(tmp_path / "again")
    for one, other in zip(scene.pictures, again.pictures, strict=True):
        assert Path(one).read_bytes()[:24] == Path(other).read_bytes()[:24]
    animation = prepare_demo(scene)
    assert len(animation.story.sources) == 3 and animation.story.frames > 50


def test_the_first_command_needs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["faces", "sample", "--seed", "7", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["faces"] == 16 and facts["model"] == "gan"
    assert verify(facts["output"]).exit_code == 0
