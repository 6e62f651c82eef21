"""Two drawn people: a pair learns them, changes their faces, goes on after a stop, and ships."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from deepmeme.cli.main import run
from deepmeme.data.swap_faces import concerns, open_person
from deepmeme.errors import InputError, WeightsError
from deepmeme.models.swap.config import SwapConfig
from deepmeme.models.swap.quick import LookEncoder
from deepmeme.runtime.swap import open_swap
from deepmeme.train import swap_training
from deepmeme.train.export import export_any
from deepmeme.train.loop import fit
from deepmeme.train.options import FitOptions
from deepmeme.train.swap_basis_task import Basis, export_basis
from deepmeme.train.swap_task import SwapTask, SwapWeights
from deepmeme.train.swap_training import begin, export_pair, look_of, open_swap_task, pair_of
from deepmeme.train.swap_verdict import verdict
from tests.train.swap_facesets import drawn_face, write_drawn

RED, BLUE = (200, 60, 60), (60, 80, 210)
TINY = SwapConfig("quick", 32, code=16, encoder=16, decoder=16, mask=4, style=8)
PLAIN = SwapWeights()
OPTIONS = FitOptions(
    steps=300, batch_size=8, learning_rate=3e-3, beta1=0.9, warmup=5, average_decay=0.9,
    preview_every=30, log_every=10,
)  # fmt: skip


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("people")
    return write_drawn(root / "red", RED), write_drawn(root / "blue", BLUE, seed=1)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets small enough to learn in seconds; nothing shipped to begin with."""
    monkeypatch.setattr(
        swap_training, "preset", lambda name, resolution: replace(TINY, architecture=name)
    )
    monkeypatch.setattr(swap_training, "BASIS", Path("nowhere"))


@pytest.fixture(scope="module")
def learnt(people: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swap_training, "preset", lambda *_: TINY)
        patch.setattr(swap_training, "BASIS", Path("nowhere"))
        fit(open_swap_task(*people, weights=PLAIN).task, OPTIONS, out)
    return out


def test_a_pair_learns_to_change_faces(learnt: Path, people: tuple[Path, Path]) -> None:
    """A's face comes out in B's colour with A's open mouth; the fast engine paints the same."""
    export_any(learnt, learnt / "model")
    model = open_swap(learnt / "model")
    assert model.info.people == ("red", "blue") and model.info.resolution == 32
    faces = np.stack(
        [
            cv2.resize(drawn_face(RED, open_, 0.2), (32, 32), interpolation=cv2.INTER_AREA)
            for open_ in (0.0, 1.0)
        ]
    )
    to_b, to_a = model.swap(faces, "b"), model.swap(faces, "a")
    cheek = np.s_[:, 17:19, 9:11]
    for swapped, colour in ((to_b, BLUE), (to_a, RED)):
        found = swapped.faces[cheek].mean(axis=(0, 1, 2)) * 255
        brightest = int(np.argmax(colour))
        assert found[brightest] > 2 * np.delete(found, brightest).max(), found
        assert swapped.masks[:, 15:20, 12:20].min() > 0.6 and swapped.masks[:, :3, :3].max() < 0.4
    mouth = to_b.faces[:, 20:22, 15:18, 2].mean(axis=(1, 2))
    assert mouth[0] - mouth[1] > 0.05, "the blue face's mouth opens as the red one's does"
    pair, _ = pair_of(learnt)
    with torch.no_grad():
        unit = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 255
        expected = pair.swap(pair.encode(unit), 1)  # type: ignore[operator]
    np.testing.assert_allclose(
        to_b.faces.transpose(0, 3, 1, 2), expected.picture.numpy(), atol=0.02
    )


def test_a_stopped_run_goes_on_bit_for_bit(
    people: tuple[Path, Path], tmp_path: Path, tiny: None
) -> None:
    short = replace(OPTIONS, steps=6, preview_every=0)
    fit(open_swap_task(*people, weights=PLAIN).task, short, tmp_path / "whole")
    task = open_swap_task(*people, weights=PLAIN).task
    fit(task, replace(short, steps=6, save_every=1), tmp_path / "cut")
    for later in sorted((tmp_path / "cut/checkpoints").iterdir())[-1:]:
        for file in later.iterdir():
            file.unlink()
        later.rmdir()
    fit(open_swap_task(*people, weights=PLAIN).task, short, tmp_path / "cut")
    whole, cut = (pair_of(tmp_path / name)[0].state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(whole[key], cut[key]) for key in whole)


@pytest.mark.parametrize("name", ["classic", "df", "liae"])
def test_every_preset_takes_steps_with_critic_and_perceptual_loss(
    people: tuple[Path, Path], tmp_path: Path, tiny: None, name: str
) -> None:
    task = open_swap_task(*people, name, weights=SwapWeights(critic=0.1, perceptual=1.0)).task
    fitted = fit(task, replace(OPTIONS, steps=2, batch_size=2), tmp_path)
    assert fitted.finished and set(task.players) == {"pair", "critic"}
    model = open_swap(export_pair(tmp_path, tmp_path / "model"))
    assert model.info.preset == name
    assert model.swap(np.zeros((1, 32, 32, 3), np.uint8), "a").faces.shape == (1, 32, 32, 3)


def test_quick_begins_with_what_ships_and_the_looks_of_its_people(
    people: tuple[Path, Path], tmp_path: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(3)
    basis = Basis(TINY)
    export_basis({"basis": basis.state_dict()}, {"config": TINY.as_dict()}, tmp_path / "basis")
    monkeypatch.setattr(swap_training, "BASIS", tmp_path / "basis")
    task = open_swap_task(*people, weights=PLAIN).task
    card = json.loads((tmp_path / "basis/model.json").read_text())
    assert task.facts()["begun_with"] == card["weights"]["sha256"]
    state = task.pair.state_dict()
    torch.testing.assert_close(
        state["decoder_a.paint.last.weight"], basis.paint.last.weight, atol=1e-3, rtol=1e-3
    )
    wanted = look_of(basis.look, task.people.b)
    torch.testing.assert_close(state["decoder_b.look"], wanted, atol=0.02, rtol=0.02)
    assert open_swap_task(*people, fresh=True).task.facts()["begun_with"] == ""
    with pytest.raises(WeightsError, match="does not fit the quick preset"):
        begin(swap_training.build_pair(replace(TINY, code=24)), task.people, tmp_path / "basis")
    assert isinstance(basis.look, LookEncoder)


def test_what_will_go_wrong_is_said_before(people: tuple[Path, Path], tmp_path: Path) -> None:
    few = write_drawn(tmp_path / "few", BLUE, count=9)
    many = write_drawn(tmp_path / "many", RED, count=120)
    pair = swap_training.People(open_person(many, 64), open_person(few, 64))
    said = " ".join(concerns(pair))
    assert "few has 9 faces" in said and "many has 120 faces, few only 9" in said
    same = replace(pair.b, squares=np.repeat(pair.b.squares[:1], 9, axis=0))
    assert "hardly differ" in " ".join(concerns(pair._replace(b=same)))
    aside = replace(pair.b, yaw_deg=pair.b.yaw_deg + 60)
    assert "same poses" in " ".join(concerns(pair._replace(b=aside)))
    assert concerns(pair._replace(b=pair.a)) == ()
    with pytest.raises(InputError, match=r"keeps 3 faces; 8 are the least"):
        open_person(write_drawn(tmp_path / "three", RED, count=3), 64)
    index = many / "faces.jsonl"
    index.write_text(index.read_text().replace('"person":0', '"person":1', 1))
    with pytest.raises(InputError, match="the faces of 2 people"):
        open_person(many, 64)


def test_the_verdict_is_a_sentence(learnt: Path, people: tuple[Path, Path], tiny: None) -> None:
    task = open_swap_task(*people, weights=PLAIN).task
    task.pair.load_state_dict(pair_of(learnt)[0].state_dict())
    said = verdict(learnt, task)
    assert "detail" in said.sentence and 0 < said.sharpness < 1.5 and 0 <= said.gain <= 1
    lines = [{"step": i, "losses": {"a": 1.0}} for i in range(50)]
    (learnt / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "hardly fall" in verdict(learnt, task).sentence


def test_the_command(
    people: tuple[Path, Path], tmp_path: Path, tiny: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["swap", "train", *map(str, people), "-o", str(tmp_path / "run"), "--steps", "2",
             "--batch-size", "2", "--preview-every", "1", "--json"]  # fmt: skip
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["finished"] and open_swap(told["model"]).info.people == ("red", "blue")
    assert told["concerns"] and told["verdict"]["sentence"]
    assert (tmp_path / "run/previews/00000002.png").is_file()
    assert run([*words[:2], str(tmp_path), *words[3:]]) == 2
    assert "swap extract" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_a_task_needs_no_seed_to_draw_the_same(people: tuple[Path, Path], tiny: None) -> None:
    first, second = (open_swap_task(*people, weights=PLAIN).task for _ in range(2))
    assert isinstance(first, SwapTask)
    one, two = (task.batch(5, 3, torch.device("cpu")) for task in (first, second))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one.given, first.batch(6, 3, torch.device("cpu")).given)
