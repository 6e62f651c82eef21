"""One writer at a time; a killed one leaves nothing that keeps others out."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deepmeme.errors import OutputError
from deepmeme.media import lock
from deepmeme.media.lock import lock_path, one_at_a_time, only_writer

HOLDER = """
import sys, time
from pathlib import Path
from deepmeme.media.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "a.mp4"
    with only_writer(target):
        assert not target.exists()
        said = rf"a\.mp4: another deepmeme is writing it \(process {os.getpid()}, since 20"
        with pytest.raises(OutputError, match=said), only_writer(target):
            pytest.fail("two writers")
        with only_writer(target.with_name("b.mp4")):
            pass
    assert not list(target.parent.iterdir())
    with only_writer(target):
        pass


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_writer_keeps_nobody_out(tmp_path: Path) -> None:
    target = tmp_path / "run"
    command = [sys.executable, "-c", HOLDER, str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match=f"process {process.pid}"), only_writer(target):
            pytest.fail("two writers")
        os.kill(process.pid, signal.SIGKILL)
    assert lock_path(target).exists()
    with only_writer(target):
        pass
    assert not lock_path(target).exists()


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff" * 9000, b'{"process": "rm", "host": 1}'])
def test_what_others_left_in_the_file_is_not_believed(tmp_path: Path, text: bytes) -> None:
    target = tmp_path / "run"
    with only_writer(target):
        lock_path(target).write_bytes(text)
        with pytest.raises(OutputError, match="did not say which"), only_writer(target):
            pytest.fail("two writers")


def test_an_error_within_lets_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), only_writer(tmp_path / "run"):
        raise KeyError
    with only_writer(tmp_path / "run"):
        pass


def test_without_locks_work_goes_on_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(file: object) -> bool:
        raise OSError("No locks available")

    monkeypatch.setattr(lock, "_take", none)
    with only_writer(tmp_path / "run"), one_at_a_time(tmp_path / "file.lock"):
        pass
    assert caplog.text.count("no locks here (No locks available)") == 2


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match="cannot be written"),
        only_writer(tmp_path / "file" / "run"),
    ):
        pytest.fail("written")


def _add(counter: str, times: int) -> None:
    path = Path(counter)
    for _ in range(times):
        with only_turn(path):
            path.write_text(str(int(path.read_text()) + 1))


def only_turn(path: Path):  # type: ignore[no-untyped-def]
    """Tries until it is the only writer: names come and go, and nobody slips in."""
    while True:
        try:
            entered = only_writer(path)
            entered.__enter__()
        except OutputError:
            continue
        return _Entered(entered)


class _Entered:
    def __init__(self, entered: object) -> None:
        self.entered = entered

    def __enter__(self) -> None:
        pass

    def __exit__(self, *problem: object) -> None:
        self.entered.__exit__(*problem)  # type: ignore[attr-defined]


def test_many_writers_never_meet(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add, args=(str(counter), 60)) for _ in range(2)]
    for worker in workers:
        worker.start()
    _add(str(counter), 60)
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert counter.read_text() == "180"


def test_turns_are_waited_for(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with one_at_a_time(tmp_path / ".lock"):
            order.append("second")

    with one_at_a_time(tmp_path / ".lock"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
