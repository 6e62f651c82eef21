"""The server's side: workers come back, bad files give up, two servers never share a folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepmeme.errors import InputError
from deepmeme.jobs.job import draw_id
from deepmeme.jobs.keeper import Keeper, folder_bytes
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.requests import checked
from deepmeme.provenance.verify import verify
from tests.jobs.deeds import WORKS
from tests.jobs.waiting import ended, until

REPO = Path(__file__).parents[2]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(REPO))  # workers find tests.jobs.deeds
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


def test_a_file_that_kills_is_given_up_and_the_next_job_runs(queue: Queue) -> None:
    bad, good = (queue.submit(kind, {})[0].id for kind in ("deadly", "quick"))
    with Keeper(queue, works=WORKS) as keeper:
        job = ended(queue, bad)
        assert ended(queue, good).state == "done"
        assert keeper.num_restarts == 2
        assert len(keeper.processes) == 1
    assert (job.state, job.crashes, job.attempts) == ("failed", 2, 2)
    assert "stopped the program that read it twice" in job.error["message"]
    assert queue.endings(bad) == ["failed"]
    assert queue.endings(good) == ["done"]
    assert keeper.processes == []


def test_a_worker_that_is_killed_comes_back_and_its_job_ends_once(queue: Queue) -> None:
    options = {"end": "0.8", "size": 64, "layout": "result"}
    request = {"sources": ["shelf:painting"], "driving": "shelf:driver", "options": options}
    id = queue.submit("animate", checked("animate", request))[0].id
    with Keeper(queue) as keeper:
        until(lambda: queue.get(id).stage == "render")
        os.kill(keeper.processes[0], signal.SIGKILL)
        job = ended(queue, id)
    assert (job.state, job.crashes, job.attempts) == ("done", 1, 2)
    assert queue.endings(id) == ["done"]
    assert verify(queue.job_folder(id) / "result.mp4").state == "intact"


def test_two_workers_share_the_work(queue: Queue) -> None:
    ids = [queue.submit("slow", {"steps": 40})[0].id for _ in range(4)]
    with Keeper(queue, works=WORKS, workers=2):
        until(lambda: queue.counts()["running"] == 2)
        assert [ended(queue, id).state for id in ids] == ["done"] * 4
    assert all(queue.endings(id) == ["done"] for id in ids)


def test_stopping_gives_the_jobs_back(queue: Queue) -> None:
    id = queue.submit("slow", {"steps": 3000})[0].id
    with Keeper(queue, works=WORKS):
        until(lambda: queue.get(id).done > 5)
    job = queue.get(id)
    assert (job.state, job.crashes) == ("queued", 0)


SERVER = """
import sys, time
from pathlib import Path
from deepmeme.jobs.keeper import Keeper
from deepmeme.jobs.queue import Queue
from tests.jobs.deeds import WORKS
with Keeper(Queue(Path(sys.argv[1])), works=WORKS):
    print("serving", flush=True)
    time.sleep(600)
"""


def test_a_killed_server_is_followed_by_another_and_never_beside_it(queue: Queue) -> None:
    id = queue.submit("slow", {"steps": 150})[0].id
    command = [sys.executable, "-c", SERVER, str(queue.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPO) as server:
        until(lambda: queue.get(id).done > 5)
        with pytest.raises(InputError, match=rf"served already: .* process {server.pid}, since"):
            Keeper(queue, works=WORKS).start()
        server.kill()
    with Keeper(queue, works=WORKS):
        job = ended(queue, id)
    assert (job.state, job.attempts, job.crashes) == ("done", 2, 0)
    assert queue.endings(id) == ["done"]


def test_a_worker_that_stands_still_is_killed(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepmeme.jobs.keeper._LATE_S", 0.1)
    id = queue.submit("slow", {"steps": 3000})[0].id
    with Keeper(queue, works=WORKS) as keeper:
        until(lambda: queue.get(id).done > 5)
        (process,) = keeper.processes
        os.kill(process, signal.SIGSTOP)
        with queue._database.change() as change:  # as if half a minute had passed
            change.execute("UPDATE jobs SET lease_until = 0 WHERE state = 'running'")
        until(lambda: queue.get(id).attempts == 2)
        assert queue.get(id).crashes == 1
        assert keeper.processes != [process]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_worker_with_too_much_memory_is_killed(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepmeme.jobs.keeper.resident_bytes", lambda process: 2 << 30)
    with Keeper(queue, works=WORKS, memory_bytes=1 << 30) as keeper:
        until(lambda: keeper.num_restarts >= 2)


def test_the_house_is_kept(queue: Queue) -> None:
    orphan = queue.file_path(draw_id())
    orphan.write_bytes(b"1" * 1000)
    old = queue.submit("quick", {})[0].id
    queue.claim("w").finish({})
    queue.job_folder(old).mkdir()
    file = draw_id()
    queue.file_path(file).write_bytes(b"1" * 700)
    queue.add_file(file, owner="", kind="picture", format="png", num_bytes=700, keep_s=60)
    left = queue.submit("quick", {})[0].id
    queue.job_folder(left).mkdir()
    (queue.job_folder(left) / "half").write_bytes(b"1" * 300)
    with Keeper(queue, workers=0, keep_s=-60, quota_bytes=10_000) as keeper:
        assert keeper.room_left() == 9000
        assert not orphan.exists()
        assert not queue.job_folder(old).exists()
    assert folder_bytes(str(queue.root / "jobs")) == 300
    assert [job.id for job in queue.listed()] == [left]
