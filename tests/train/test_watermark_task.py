"""The watermark's reader: its examples are right, a run becomes the file that verify reads."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from deepmeme.data.marked import SIDE, open_marked, recoded, treated
from deepmeme.models.watermark import WatermarkReader
from deepmeme.provenance.watermark_net import inputs, soft_signs
from deepmeme.train.courses import WATERMARK_COURSE
from deepmeme.train.export import export_any
from deepmeme.train.watermark_task import WatermarkTask, correlation, export_reader, train_watermark
from tests.train.tiny_bank import write_bank

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    return write_bank(tmp_path_factory.mktemp("bank") / "b", size=256)


def test_examples_are_functions_of_their_number(bank):
    first, again = open_marked([bank], seed=3), open_marked([bank], seed=3)
    for number in (0, 5):
        a, b = first(number), again(number)
        assert a.planes.shape == (2, SIDE, SIDE) and a.signs.shape == (1, SIDE, SIDE)
        assert np.array_equal(a.planes, b.planes) and np.array_equal(a.signs, b.signs)
    assert not np.array_equal(first(0).signs, first(1).signs)


def test_an_example_shows_what_it_says(bank):
    """The picture's detail goes along with the signs, at the place where they are said to be."""
    pictures = open_marked([bank], seed=1)
    examples = [pictures(number) for number in range(8)]
    planes, signs = (torch.from_numpy(np.stack(part)) for part in zip(*examples, strict=True))
    right = correlation(planes[:, :1], signs).mean()
    shifted = correlation(planes[:, :1], signs.roll(4, -1)).mean()
    assert right > 0.1 and abs(shifted) < right / 3


def test_correlation_is_a_cosine():
    signs = torch.tensor([1.0, -1, 1, -1]).view(1, 1, 2, 2)
    assert correlation(3 * signs, signs).item() == pytest.approx(1, abs=1e-4)
    assert correlation(torch.ones(1, 1, 2, 2), signs).item() == pytest.approx(0, abs=1e-6)


def test_treatments_keep_the_picture_recognisable(bank):
    frames = [np.full((64, 64, 3), 90, np.uint8) for _ in range(3)]
    for frame in frames:
        frame[20:40, 20:40] = 180
    for seed in range(8):
        for frame in treated(frames, np.random.default_rng(seed)):
            assert frame.shape == (64, 64, 3)
            assert abs(float(frame[25:35, 25:35].mean()) - 180) < 12
    assert len(recoded([frame[:63] for frame in frames], crf=20)) == 3


def test_a_run_becomes_the_reader_that_ships(bank, tmp_path):
    short = replace(WATERMARK_COURSE, steps=2, batch_size=2, accelerator="cpu")
    assert train_watermark([bank], tmp_path / "run", short).finished
    assert list((tmp_path / "run" / "previews").glob("*.png"))
    export_any(tmp_path / "run", tmp_path / "model")
    found = load_file(tmp_path / "model" / "reader.safetensors")
    assert {name: array.shape for name, array in found.items()} == {
        "0.weight": (24, 2, 5, 5), "0.bias": (24,), "1.weight": (24, 24, 3, 3), "1.bias": (24,),
        "2.weight": (24, 24, 3, 3), "2.bias": (24,), "3.weight": (1, 24, 3, 3), "3.bias": (1,),
    }  # fmt: skip


def test_the_engine_computes_what_torch_does(tmp_path, monkeypatch):
    """The shipped weights, drawn in OpenVINO and in torch."""
    from importlib import resources

    path = resources.files("deepmeme.weights.bundled") / "watermark" / "reader.safetensors"
    shipped = load_file(str(path))
    reader = WatermarkReader()
    for index, layer in enumerate(reader.convolutions):
        for name in ("weight", "bias"):
            value = torch.from_numpy(shipped[f"{index}.{name}"].astype(np.float32))
            getattr(layer, name).data.copy_(value)
    grey = np.random.default_rng(0).uniform(0, 255, (50, 70)).astype(np.float32)
    with torch.no_grad():
        wanted = reader(torch.from_numpy(inputs(grey))[None])[0, 0].numpy()
    made = soft_signs(grey)  # in bf16 where the processor has it
    assert np.corrcoef(made.ravel(), wanted.ravel())[0, 1] > 0.9995
    assert np.abs(made - wanted).max() < 0.05 * np.abs(wanted).max()
    again = export_reader(dict(reader.state_dict()), tmp_path, width=24)
    assert all(np.array_equal(shipped[k], v) for k, v in load_file(again).items())


def test_it_learns(bank):
    """Twenty steps on one batch halve what is missing."""
    torch.manual_seed(0)
    pictures = open_marked([bank], seed=1)
    task = WatermarkTask(pictures, pictures, width=8)
    batch = task.batch(0, 4, torch.device("cpu"))
    optimizer = torch.optim.Adam(task.reader.parameters(), 5e-3)
    losses = []
    for step in range(30):
        loss = next(iter(task.turns(batch, step))).losses["signs"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
