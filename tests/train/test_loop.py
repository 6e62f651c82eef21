"""The one loop: it learns, is killed, stops, falls back, splits and shares, and stays exact."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deepmeme.errors import InputError, MissingExtra, OutputError, WeightsError
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.clock import Clock
from deepmeme.train.loop import TrainingError, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.report import read_log
from deepmeme.train.run_state import averages_of
from deepmeme.train.task import Picture
from tests.train.toy_task import ToyBatch, ToyTask

OPTIONS = FitOptions(
    steps=12, batch_size=8, learning_rate=1e-2, warmup=2, accelerator="cpu", preview_every=6,
    log_every=4,
)  # fmt: skip


def weights(task: ToyTask) -> dict[str, torch.Tensor]:
    return {f"{n}.{k}": v for n, m in task.players.items() for k, v in m.state_dict().items()}


def assert_equal(first: ToyTask, second: ToyTask) -> None:
    other = weights(second)
    for name, value in weights(first).items():
        assert torch.equal(value, other[name]), name


def test_it_learns_and_says_so(tmp_path: Path) -> None:
    task = ToyTask()
    fitted = fit(task, replace(OPTIONS, steps=300, log_every=50), tmp_path / "run")
    assert fitted == (300, True, True)
    lines = read_log(tmp_path / "run")
    assert [line["step"] for line in lines] == [50, 100, 150, 200, 250, 300]
    first, last = (line["losses"]["distance"] for line in (lines[0], lines[-1]))
    assert last < 0.5 * first
    averaged, facts = averages_of(tmp_path / "run" / CHECKPOINTS) or ({}, {})
    assert facts == {"inputs": 4}
    for name, value in averaged["maker"].items():
        assert torch.equal(value, task.maker.state_dict()[name])


def test_the_page_shows_curves_and_samples(tmp_path: Path) -> None:
    fit(ToyTask(), OPTIONS, tmp_path / "run<1>")
    page = (tmp_path / "run<1>" / "index.html").read_text()
    assert "run&lt;1&gt;" in page and "run<1>" not in page
    assert page.count("<polyline") == 3
    found = re.search(r'id="pictures">(.*?)</script>', page)
    assert found is not None
    assert json.loads(found[1]) == [[6, "previews/00000006.png"], [12, "previews/00000012.png"]]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path, precision: str) -> None:
    options = replace(OPTIONS, save_every=5, precision=precision)
    whole = ToyTask()
    fit(whole, options, tmp_path / "whole")
    killed = ToyTask()
    real = killed.turns

    def dying(batch: ToyBatch, step: int):  # type: ignore[no-untyped-def]
        if step == 8:
            raise SystemError("killed")
        return real(batch, step)

    killed.turns = dying  # type: ignore[method-assign]
    with pytest.raises(SystemError, match="killed"):
        fit(killed, options, tmp_path / "killed")
    again = ToyTask()
    assert fit(again, options, tmp_path / "killed").finished
    assert_equal(whole, again)
    assert min(again.numbers) == 5


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}

SCRIPT = """
import sys, time
from pathlib import Path
from deepmeme.train.loop import fit
from deepmeme.train.options import FitOptions
from tests.train.toy_task import ToyTask
task = ToyTask()
real = task.turns
def slow(batch, step):
    print(step, flush=True)
    time.sleep(0.05)
    return real(batch, step)
task.turns = slow
options = FitOptions(steps=40, batch_size=8, accelerator="cpu", save_every=3, warmup=2)
print(fit(task, options, Path(sys.argv[1])), flush=True)
"""


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in the other process: more threads add in another order, so the last bit differs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_is_killed_or_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "10":
                os.kill(process.pid, number)
                break
        said = process.stdout.read()
    if number == signal.SIGINT:
        assert process.returncode == 0 and "finished=False" in said
    options = FitOptions(steps=40, batch_size=8, accelerator="cpu", save_every=3, warmup=2)
    again, whole = ToyTask(), ToyTask()
    fit(again, options, tmp_path / "run")
    fit(whole, options, tmp_path / "whole")
    assert_equal(again, whole)
    assert min(again.numbers) == (9 if number == signal.SIGKILL else 11)


def test_minutes_end_a_run_and_more_of_them_take_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate falls with the time, and what a session spent counts in the next one."""
    monkeypatch.setattr(Clock, "lap", lambda _: 6.0)
    options = replace(OPTIONS, steps=1000, minutes=1.0, log_every=1)
    assert fit(ToyTask(), options, tmp_path / "run") == (10, True, True)
    shares = [line["share_of_rate"] for line in read_log(tmp_path / "run")]
    assert shares[:2] == [0.5, 1.0] and shares[2:] == sorted(shares[2:], reverse=True)
    assert shares[-1] < 0.1
    assert fit(ToyTask(), replace(options, minutes=1.5), tmp_path / "run").step == 15
    assert shares[-1] < read_log(tmp_path / "run")[10]["share_of_rate"] < 0.5
    assert fit(ToyTask(), replace(options, minutes=0.0, steps=16), tmp_path / "run").step == 16


def test_samples_come_by_the_clock() -> None:
    options = replace(OPTIONS, preview_every=0, preview_minutes=10.0)
    assert not Clock(options).preview_is_due(50)
    late = Clock(options, shown=time.monotonic() - 601)
    assert late.preview_is_due(50) and not late.preview_is_due(51)


class Ears:
    """Writes down what it hears, may have had enough, or loses patience."""

    def __init__(self, *, enough: int = 1000, angry: int = 1000) -> None:
        self.enough, self.angry = enough, angry
        self.steps: list[int] = []
        self.pictures: list[int] = []

    def stepped(self, step: int, seconds: float, losses: Mapping[str, float]) -> bool:
        assert seconds >= 0 and set(losses) == {"distance", "fooling", "doubt"}
        self.steps.append(step)
        if step == self.angry:
            raise RuntimeError("angry")
        return step < self.enough

    def shown(self, step: int, picture: Picture) -> None:
        assert picture.shape == (8, 8, 3)
        self.pictures.append(step)


def test_signals_are_a_listeners_own(tmp_path: Path) -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []
    ears = Ears()
    ears.shown = lambda *_: seen.append(signal.getsignal(signal.SIGTERM))  # type: ignore[method-assign]
    fit(ToyTask(), OPTIONS, tmp_path / "run", listener=ears)
    assert seen and set(seen) == {before}


def test_a_listener_hears_every_step_and_ends_the_run(tmp_path: Path) -> None:
    options = replace(OPTIONS, save_every=5)
    first, second, third = Ears(angry=8), Ears(enough=9), Ears()
    with pytest.raises(RuntimeError, match="angry"):
        fit(ToyTask(), options, tmp_path / "run", listener=first)
    again, whole = ToyTask(), ToyTask()
    assert fit(again, options, tmp_path / "run", listener=second) == (9, False, True)
    assert fit(again, options, tmp_path / "run", listener=third).finished
    assert first.steps + second.steps + third.steps == [*range(1, 9), *range(6, 10), 10, 11, 12]
    assert (first.pictures, second.pictures, third.pictures) == ([6], [6], [12, 12])
    fit(whole, options, tmp_path / "whole")
    assert_equal(again, whole)


def test_two_runs_in_one_folder_are_kept_apart(tmp_path: Path) -> None:
    rival, task = ToyTask(), ToyTask()
    real, said = task.turns, []

    def meanwhile(batch: ToyBatch, step: int):  # type: ignore[no-untyped-def]
        if step == 3:
            with pytest.raises(OutputError, match=f"another deepmeme.*process {os.getpid()}") as at:
                fit(rival, OPTIONS, tmp_path / "run")
            said.append(at)
        return real(batch, step)

    task.turns = meanwhile  # type: ignore[method-assign]
    whole = ToyTask()
    assert fit(task, OPTIONS, tmp_path / "run").finished and said
    fit(whole, OPTIONS, tmp_path / "whole")
    assert_equal(task, whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "whole"]


def test_pieces_of_a_batch_add_up(tmp_path: Path) -> None:
    tasks = [ToyTask(statistics=False) for _ in range(2)]
    for pieces, task in zip((1, 4), tasks, strict=True):
        task.noise = 0.0
        fit(task, replace(OPTIONS, accumulate=pieces), tmp_path / str(pieces))
    other = weights(tasks[1])
    for name, value in weights(tasks[0]).items():
        torch.testing.assert_close(value, other[name], rtol=1e-4, atol=1e-5)


def test_a_batch_too_large_for_memory_is_cut(tmp_path: Path) -> None:
    task = ToyTask()
    real, sizes = task.turns, []

    def hungry(batch: ToyBatch, step: int):  # type: ignore[no-untyped-def]
        sizes.append(len(batch.x))
        if len(batch.x) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")
        return real(batch, step)

    task.turns = hungry  # type: ignore[method-assign]
    assert fit(task, OPTIONS, tmp_path / "run").finished
    assert sizes[:3] == [8, 4, 2] and set(sizes[2:]) == {2}


def failing(step: int, turn: str) -> ToyTask:
    """Runs out of memory once, in that step and turn."""
    task = ToyTask()
    real, failed = task.turns, []

    def hungry(batch: ToyBatch, at: int):  # type: ignore[no-untyped-def]
        for each in real(batch, at):
            if at == step and each.player == turn and not failed:
                failed.append(at)
                raise RuntimeError("CUDA out of memory")
            yield each

    task.turns = hungry  # type: ignore[method-assign]
    return task


def test_a_step_that_ran_out_of_memory_is_taken_once(tmp_path: Path) -> None:
    """The maker has stepped when the doubter fails; all ends as if the batch had been cut."""
    cut, failed = ToyTask(), failing(0, "doubter")
    fit(cut, replace(OPTIONS, accumulate=2), tmp_path / "cut")
    assert fit(failed, OPTIONS, tmp_path / "failed").finished
    assert_equal(cut, failed)
    early, late = failing(7, "maker"), failing(7, "doubter")
    fit(early, OPTIONS, tmp_path / "early")
    fit(late, OPTIONS, tmp_path / "late")
    assert_equal(early, late)


def test_not_even_one_example_fits(tmp_path: Path) -> None:
    task = ToyTask()

    def hungry(*_: object):  # type: ignore[no-untyped-def]
        raise RuntimeError("CUDA out of memory")

    task.turns = hungry  # type: ignore[method-assign]
    with pytest.raises(TrainingError, match="smaller batch"):
        fit(task, OPTIONS, tmp_path / "run")


def test_infinite_losses_fall_back_and_leave_no_trace(tmp_path: Path) -> None:
    task = ToyTask()
    options = replace(OPTIONS, steps=40, save_every=5)
    task.broken_from = 7
    real = task.turns

    def heals(batch: ToyBatch, step: int):  # type: ignore[no-untyped-def]
        if max(task.numbers) > 1_000_000:  # batches after the fall are others
            task.broken_from = None
        return real(batch, step)

    task.turns = heals  # type: ignore[method-assign]
    assert fit(task, options, tmp_path / "run").finished
    assert all(torch.isfinite(value).all() for value in weights(task).values())
    steps = [line["step"] for line in read_log(tmp_path / "run")]
    assert steps == sorted(set(steps))


def test_losses_that_stay_infinite_end_with_the_way_out(tmp_path: Path) -> None:
    task = ToyTask()
    task.broken_from = 6
    with pytest.raises(
        TrainingError, match=r"since step \d+, after 4 falls.*smaller learning rate"
    ):
        fit(task, replace(OPTIONS, steps=90, save_every=5), tmp_path / "run")
    assert averages_of(tmp_path / "run" / CHECKPOINTS) is not None


def test_a_run_of_something_else_is_refused(tmp_path: Path) -> None:
    fit(ToyTask(), OPTIONS, tmp_path / "run")
    other = ToyTask()
    other.family = "other"
    with pytest.raises(WeightsError, match=r"'toy'.*another output folder"):
        fit(other, OPTIONS, tmp_path / "run")
    with pytest.raises(WeightsError, match="another shape"):
        fit(ToyTask(statistics=False), OPTIONS, tmp_path / "run")


def test_a_run_that_goes_on_otherwise_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fit(ToyTask(), OPTIONS, tmp_path / "run")
    other = ToyTask()
    other.facts = lambda: {"inputs": 4, "loss": "another"}  # type: ignore[method-assign]
    fit(other, replace(OPTIONS, steps=13), tmp_path / "run")
    assert "begun with another loss: None; it goes on with 'another'" in caplog.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"steps": 0}, "a number from 1"),
        ({"accumulate": 9}, "more pieces"),
        ({"precision": "fp8"}, "one of 32-true"),
        ({"milestones": "5"}, "--schedule steps"),
    ],
)
def test_wrong_options(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        replace(OPTIONS, **wrong)  # type: ignore[arg-type]


def test_tensorboard_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtra, match="pip install tensorboard"):
        fit(ToyTask(), replace(OPTIONS, tensorboard=True), tmp_path / "run")


TWO = """
import sys
from dataclasses import replace
from pathlib import Path
import torch
from deepmeme.train.loop import fit
from tests.train.test_loop import OPTIONS
from tests.train.toy_task import ToyBatch, ToyTask
task = ToyTask(statistics=False)
task.noise = 0.0
fit(task, replace(OPTIONS, batch_size=4, devices=2, strategy="ddp"), Path(sys.argv[1]))
"""


def test_two_processes_are_one_with_twice_the_batch(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(TWO)
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "two")], check=True, env=ENVIRONMENT,
        timeout=120, capture_output=True,
    )  # fmt: skip
    one = ToyTask(statistics=False)
    one.noise = 0.0
    real = one.batch

    def double(number: int, size: int, device: torch.device) -> ToyBatch:
        halves = [real(2 * number + rank, size // 2, device) for rank in (0, 1)]
        return ToyBatch(*(torch.cat(parts) for parts in zip(*halves, strict=True)))

    one.batch = double  # type: ignore[method-assign]
    fit(one, OPTIONS, tmp_path / "one")
    found = averages_of(tmp_path / "two" / CHECKPOINTS)
    assert found is not None
    for name, value in one.maker.state_dict().items():
        torch.testing.assert_close(found[0]["maker"][name], value, rtol=1e-4, atol=1e-5)
