"""The portrait's training on a bank of discs: learns, stops, goes on bit for bit, exports."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deepmeme.models.motion.portrait import PortraitConfig
from deepmeme.runtime.load import load_folder
from deepmeme.train import checkpointing as store
from deepmeme.train import portrait as training
from deepmeme.train.export_portrait import export, load
from tests.train.tiny_bank import NAMES, write_bank

TINY = PortraitConfig(
    NAMES,
    resolution=256,
    detector_widths=(4, 4),
    motion_widths=(4, 4),
    features=4,
    fine_features=4,
    painter_blocks=1,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("banks") / "discs", size=256)


@pytest.fixture
def settings(bank: Path, tmp_path: Path) -> training.Settings:
    return training.Settings(
        banks=(bank,),
        out=tmp_path / "run",
        phase="keypoints",
        steps=3,
        batch_size=1,
        save_every=2,
        sheet_every=100,
        accelerator="cpu",
        config=TINY,
    )


@pytest.mark.parametrize("phase", ["keypoints", "motion"])
def test_a_killed_run_goes_on_bit_for_bit(
    settings: training.Settings, phase: str, tmp_path: Path
) -> None:
    whole = replace(settings, phase=phase, save_every=1000)
    training.train(whole)
    killed = replace(settings, phase=phase, out=tmp_path / "killed")
    with pytest.MonkeyPatch.context() as patch:
        real = training._losses
        calls = []

        def dying(*arguments: object) -> object:
            calls.append(arguments)
            if len(calls) == 3:
                raise RuntimeError("killed")
            return real(*arguments)  # type: ignore[arg-type]

        patch.setattr(training, "_losses", dying)
        with pytest.raises(RuntimeError, match="killed"):
            training.train(killed)
    training.train(killed)
    first, second = (store.load_latest(run.out / phase) for run in (whole, killed))
    assert first is not None and second is not None
    assert first.step == second.step == 3
    for name, value in first.tensors.items():
        assert torch.equal(value, second.tensors[name]), name


def test_ctrl_c_keeps_what_is_learnt(
    settings: training.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_losses", interrupted)
    training.train(settings)
    found = store.load_latest(settings.out / "keypoints")
    assert found is not None and found.step == 0


def test_an_infinite_loss_does_not_touch_the_weights(
    settings: training.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MAX_BAD_STEPS", 1)
    monkeypatch.setattr(
        training, "_losses", lambda *_: {"bad": torch.tensor(float("nan"), requires_grad=True)}
    )
    with pytest.raises(RuntimeError, match="not finite"):
        training.train(settings)


def test_a_run_becomes_a_folder_that_the_engine_runs(
    settings: training.Settings, tmp_path: Path
) -> None:
    model = training.train(settings)
    folder = tmp_path / "portrait"
    export(model, folder)
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
