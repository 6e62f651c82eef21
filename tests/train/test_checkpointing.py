"""Checkpoints: whole, in small parts, the newest kept, exact."""

from pathlib import Path

import pytest
import torch

from deepmeme.errors import WeightsError
from deepmeme.train import checkpointing as store
from deepmeme.train.schedule import Average, warm_cosine


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b": torch.arange(5)}
    store.save(tmp_path, 12, tensors, {"seed": 3})
    found = store.load_latest(tmp_path)
    assert found is not None
    assert found.step == 12 and found.facts == {"seed": 3}
    assert all(torch.equal(found.tensors[name], value) for name, value in tensors.items())


def test_parts_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PART_BYTES", 1000)
    tensors = {str(i): torch.full((100,), float(i)) for i in range(9)}
    folder = store.save(tmp_path, 1, tensors, {})
    sizes = [part.stat().st_size for part in folder.glob("*.safetensors")]
    assert len(sizes) > 3 and max(sizes) < 1500
    found = store.load(folder)
    assert set(found.tensors) == set(tensors)


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        store.save(tmp_path, step, {"a": torch.zeros(1)}, {}, keep=2)
    assert [path.name for path in store.checkpoints(tmp_path)] == ["step_00000002", "step_00000003"]


def test_a_half_written_checkpoint_does_not_count(tmp_path: Path) -> None:
    store.save(tmp_path, 1, {"a": torch.zeros(1)}, {})
    (tmp_path / ".step_00000009.part").mkdir()
    (tmp_path / "step_00000008").mkdir()
    found = store.load_latest(tmp_path)
    assert found is not None and found.step == 1


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    folder = store.save(tmp_path, 1, {"a": torch.zeros(1)}, {})
    (folder / "part_000.safetensors").unlink()
    with pytest.raises(WeightsError, match="part_000"):
        store.load(folder)


def test_the_optimizer_goes_on_where_it_was() -> None:
    def stepped(optimizer: torch.optim.Optimizer, weight: torch.Tensor) -> None:
        weight.grad = torch.ones_like(weight) * 0.1
        optimizer.step()

    first = torch.nn.Parameter(torch.zeros(3))
    one = torch.optim.AdamW([first], 0.1)
    stepped(one, first)
    second = torch.nn.Parameter(first.detach().clone())
    two = torch.optim.AdamW([second], 0.1)
    store.restore_optimizer(two, store.optimizer_tensors(one))
    stepped(one, first)
    stepped(two, second)
    assert torch.equal(first, second)


def test_learning_rate_rises_then_falls() -> None:
    rates = [warm_cosine(step, 1000, warmup=10) for step in range(1000)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.02, abs=1e-3)


def test_the_average_follows_weights_and_copies_statistics() -> None:
    norm = torch.nn.BatchNorm1d(2)
    average = Average(norm, decay=0.5)
    with torch.no_grad():
        norm.weight.fill_(3.0)
        norm.running_mean.fill_(7.0)  # type: ignore[union-attr]
    average.update(norm, 1000)
    assert torch.equal(average.state["weight"], torch.full((2,), 2.0))
    assert torch.equal(average.state["running_mean"], torch.full((2,), 7.0))
