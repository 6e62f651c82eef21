"""The portrait's lessons on a bank of discs: each learns, goes on, and the run becomes a folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deepmeme.errors import InputError
from deepmeme.models.motion.portrait import PortraitConfig
from deepmeme.runtime.load import load_folder
from deepmeme.train.courses import LESSONS, Lesson
from deepmeme.train.export_portrait import load
from deepmeme.train.options import FitOptions
from deepmeme.train.portrait import export_run, load_run, train_lesson
from deepmeme.train.report import read_log
from deepmeme.train.run_state import averages_of
from tests.train.tiny_bank import NAMES, write_bank

TINY = PortraitConfig(
    NAMES,
    resolution=256,
    detector_widths=(4, 4),
    motion_widths=(4, 4),
    features=4,
    fine_features=4,
    painter_blocks=1,
    closeups=True,
)
SHORT = FitOptions(
    steps=3, batch_size=1, accelerator="cpu", preview_every=2, log_every=1, save_every=2,
    precision="bf16-mixed",
)  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("banks") / "discs", size=256)


@pytest.fixture(scope="module")
def run(bank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All three lessons, a few steps each."""
    out = tmp_path_factory.mktemp("runs") / "portrait"
    for lesson in LESSONS:
        assert train_lesson(lesson, [bank], out, SHORT, config=TINY).finished
    return out


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_reports_and_shows(run: Path, lesson: Lesson) -> None:
    lines = read_log(run / lesson)
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert all(value == value for line in lines for value in line["losses"].values())
    assert len(list((run / lesson / "previews").glob("*.png"))) == 2


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_goes_on_bit_for_bit(
    run: Path, bank: Path, lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "again"
    out.mkdir()
    for before in LESSONS[: LESSONS.index(lesson)]:
        (out / before).symlink_to(run / before)

    def killed(*_: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patch, pytest.raises(SystemError, match="killed"):
        patch.setattr("deepmeme.train.loop._Run.preview", killed)  # after two steps
        train_lesson(lesson, [bank], out, replace(SHORT, save_every=1), config=TINY)
    train_lesson(lesson, [bank], out, SHORT, config=TINY)
    whole, pieces = (averages_of(path / lesson / "checkpoints") for path in (run, out))
    assert whole is not None and pieces is not None
    for player, weights in whole[0].items():
        for name, value in weights.items():
            assert torch.equal(value, pieces[0][player][name]), name


def test_close_ups_come_last(bank: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has not learnt keypoints and motion"):
        train_lesson("closeups", [bank], tmp_path / "run", SHORT, config=TINY)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        load_run(tmp_path)


def test_a_run_becomes_a_folder_that_the_engine_runs(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "portrait"
    export_run(run, folder, [])
    facts = json.loads((folder / "model.json").read_text())
    assert facts["num_keypoints"] == len(NAMES)
    engine = load_folder(folder, precision="fp32")
    picture = torch.rand(256, 256, 3).numpy()
    with torch.no_grad():
        wanted = load(folder).detect(torch.from_numpy(picture).permute(2, 0, 1)[None]).xy
    found = engine.detect(picture[None]).xy
    assert abs(found - wanted.numpy()).max() < 5e-3
    motion = engine.detect(picture[None])
    assert engine.render(engine.encode(picture), motion).shape == (1, 256, 256, 3)
