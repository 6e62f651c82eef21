"""Each job once, in order, and nothing of an older lease counts."""

import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deepmeme.errors import InputError, OutputError
from deepmeme.jobs import queue as queue_module
from deepmeme.jobs.job import JobNotFound, KeyReused, LeaseLost
from deepmeme.jobs.queue import Queue


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


def submitted(queue: Queue, count: int = 1) -> list[str]:
    return [queue.submit("quick", {"n": n})[0].id for n in range(count)]


def test_jobs_come_in_order_and_know_their_place(queue: Queue) -> None:
    ids = submitted(queue, 3)
    assert [queue.position(id) for id in ids] == [0, 1, 2]
    taken = [queue.claim("w").job for _ in ids]
    assert [job.id for job in taken] == ids
    assert [job.request["n"] for job in taken] == [0, 1, 2]
    assert {job.state for job in taken} == {"running"}
    assert queue.claim("w") is None
    assert [job.id for job in queue.listed()] == ids[::-1]


def test_many_threads_take_each_job_once_and_end_it_once(queue: Queue) -> None:
    ids = submitted(queue, 60)
    taken: list[str] = []

    def work(name: str) -> None:
        pick = random.Random(name)
        while (lease := queue.claim(name)) is not None:
            taken.append(lease.job.id)
            lease.tell(stage="render", total=9)
            if pick.random() < 0.2:
                lease.give_back()
            elif pick.random() < 0.2:
                queue.release(name, crashed=False)
                with pytest.raises(LeaseLost):
                    lease.finish({})
            else:
                lease.finish({"by": name})

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == set(ids)
    assert all(queue.endings(id) == [queue.get(id).state] for id in ids)
    ends = queue.counts()
    assert ends["done"] + ends["failed"] == 60  # failed: given back ten times by chance
    assert ends["done"] > 50


@pytest.mark.parametrize("news", ["beat", "tell", "finish", "fail", "give_back"])
def test_an_older_lease_says_nothing_any_more(queue: Queue, news: str) -> None:
    (id,) = submitted(queue)
    old = queue.claim("w")
    assert queue.release("w", crashed=False) == [id]
    new = queue.claim("w")  # of the same name
    assert new.held()
    assert not old.held()
    before = queue.get(id)
    words = {"finish": ({"old": True},), "fail": ("Old", "news")}.get(news, ())
    with pytest.raises(LeaseLost):
        getattr(old, news)(*words)
    assert queue.get(id) == before
    new.finish({"new": True})
    assert queue.get(id).result == {"new": True}
    assert queue.endings(id) == ["done"]


def test_a_key_gives_the_job_of_then_and_never_another(queue: Queue) -> None:
    first, fresh = queue.submit("quick", {}, owner="a", key="k", fingerprint="one")
    again, second = queue.submit("quick", {}, owner="a", key="k", fingerprint="one")
    other, third = queue.submit("quick", {}, owner="b", key="k", fingerprint="two")
    assert (fresh, second, third) == (True, False, True)
    assert again.id == first.id != other.id
    with pytest.raises(KeyReused, match="'k' was used for another request"):
        queue.submit("quick", {}, owner="a", key="k", fingerprint="two")
    assert queue.counts()["queued"] == 2
    assert queue.counts("a")["queued"] == 1


def test_a_key_that_many_threads_bring_at_once_makes_one_job(queue: Queue) -> None:
    found: list[tuple[str, bool]] = []

    def send() -> None:
        job, fresh = queue.submit("quick", {}, owner="a", key="k", fingerprint="f")
        found.append((job.id, fresh))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id for id, _ in found}) == 1
    assert sum(fresh for _, fresh in found) == 1


def test_cancelling_reaches_waiting_and_running_jobs_but_no_ended_ones(queue: Queue) -> None:
    running, waiting, done = submitted(queue, 3)
    lease = queue.claim("w")
    assert lease.job.id == running
    assert queue.cancel(waiting).state == "cancelled"
    queue.claim("w2").finish({})
    assert queue.cancel(running).state == "cancelled"
    assert queue.cancel(done).state == "done"
    with pytest.raises(LeaseLost, match="was cancelled"):
        lease.tell(done=1)
    assert [queue.endings(id) for id in (running, waiting, done)] == [
        ["cancelled"], ["cancelled"], ["done"],
    ]  # fmt: skip
    queue.cancel(running)
    assert queue.endings(running) == ["cancelled"]


def test_a_job_that_crashes_twice_has_failed(queue: Queue) -> None:
    bad, good = submitted(queue, 2)
    for _ in range(2):
        assert queue.claim("w").job.id == bad
        queue.release("w", crashed=True)
    job = queue.get(bad)
    assert (job.state, job.crashes, job.attempts) == ("failed", 2, 2)
    assert "stopped the program that read it twice" in job.error["message"]
    assert queue.claim("w").job.id == good


def test_a_server_that_ends_is_not_the_jobs_fault_for_a_long_while(queue: Queue) -> None:
    (id,) = submitted(queue)
    for _ in range(queue_module.MOST_ATTEMPTS):
        assert queue.get(id).state == "queued"
        queue.claim("w")
        queue.release(crashed=False)
    assert queue.get(id).state == "failed"
    assert queue.get(id).crashes == 0
    assert queue.endings(id) == ["failed"]


def test_leases_run_out_unless_they_are_kept_alive(queue: Queue) -> None:
    submitted(queue, 2)
    quick, kept = queue.claim("quick", lease_s=0), queue.claim("kept", lease_s=60)
    assert queue.late_workers() == {"quick"}
    assert queue.overdue() == [quick.job.id]
    assert queue.get(quick.job.id).crashes == 1
    kept.beat()
    assert kept.held()
    assert queue.overdue() == []


def test_every_change_grows_the_version_and_a_beat_is_none(queue: Queue) -> None:
    (id,) = submitted(queue)
    seen = [queue.version(id)]
    lease = queue.claim("w")
    for change in (
        lambda: None,
        lambda: lease.tell(stage="render", total=4),
        lambda: lease.tell(done=2, preview=1),
        lambda: lease.tell(story={"warnings": ["dark"]}),
        lambda: lease.finish({"name": "a"}),
    ):
        change()
        seen.append(queue.version(id))
    assert seen == sorted(set(seen))
    job = queue.get(id)
    assert job.version == seen[-1]
    assert (job.stage, job.done, job.total, job.preview) == ("render", 4, 4, 1)
    assert job.story == {"warnings": ["dark"]}
    other = submitted(queue)[0]
    lease = queue.claim("w")
    before = queue.version(other)
    lease.beat()
    assert queue.version(other) == before


def test_a_new_stage_starts_from_nothing(queue: Queue) -> None:
    submitted(queue)
    lease = queue.claim("w")
    lease.tell(stage="watch", total=50)
    lease.tell(done=50)
    lease.tell(stage="load")
    job = queue.get(lease.job.id)
    assert (job.stage, job.done, job.total) == ("load", 0, None)


def test_forgetting_leaves_neither_row_nor_file(queue: Queue) -> None:
    (id,) = submitted(queue)
    lease = queue.claim("w")
    queue.job_folder(id).mkdir()
    (queue.job_folder(id) / "result.mp4").write_bytes(b"film")
    queue.forget(id)
    assert not queue.job_folder(id).exists()
    assert not lease.held()
    with pytest.raises(JobNotFound, match="no such job"):
        queue.get(id)
    with pytest.raises(JobNotFound):
        queue.forget(id)
    assert queue.endings(id) == ["cancelled"]


def test_old_jobs_are_tidied_away_but_not_what_another_goes_on_from(queue: Queue) -> None:
    first = queue.submit("swap", {})[0].id
    queue.claim("w").finish({})
    second = queue.submit("swap", {"again": first})[0].id
    assert queue.tidy(keep_s=60) == []
    assert queue.tidy(keep_s=-60) == []
    queue.claim("w").finish({})
    assert set(queue.tidy(keep_s=-60)) == {first, second}
    assert queue.listed() == []


def test_a_job_goes_on_from_a_done_one_of_the_same_owner_alone(queue: Queue) -> None:
    first = queue.submit("swap", {}, owner="a")[0].id
    with pytest.raises(InputError, match="not done"):
        queue.submit("swap", {"again": first}, owner="a")
    queue.claim("w").finish({})
    with pytest.raises(InputError, match="not here any more"):
        queue.submit("swap", {"again": first}, owner="b")
    assert queue.submit("swap", {"again": first}, owner="a")[1]


def test_folders_that_nobody_knows_are_swept(queue: Queue) -> None:
    (id,) = submitted(queue)
    for name in (id, "AAAAAAAAAAAAAAAA"):
        queue.job_folder(name).mkdir()
    queue.sweep_folders()
    assert [path.name for path in (queue.root / "jobs").iterdir()] == [id]


def test_what_was_accepted_outlives_a_kill(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from deepmeme.jobs.queue import Queue\n"
        "queue = Queue(Path(sys.argv[1]))\n"
        "for n in range(40): print(queue.submit('quick', {'n': n})[0].id, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert killed.returncode < 0
    queue = Queue(tmp_path)
    assert [job.id for job in reversed(queue.listed())] == killed.stdout.split()
    assert len(killed.stdout.split()) == 40
    queue.close()


def test_the_folder_is_for_one_user_alone(queue: Queue) -> None:
    for path in (queue.root, queue.root / "jobs", queue.root / "files"):
        assert path.stat().st_mode & 0o777 == 0o700
    assert (queue.root / "queue.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_newer_layout_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    Queue(tmp_path / "newer").close()
    file = sqlite3.connect(tmp_path / "newer" / "queue.sqlite")
    file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(InputError, match="made by a newer deepmeme"):
        Queue(tmp_path / "newer")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "queue.sqlite").write_bytes(b"no database at all " * 99)
    with pytest.raises(OutputError, match="cannot be opened"):
        Queue(tmp_path / "foreign")


@pytest.mark.parametrize(
    "id", ["", "../../etc/passwd", "a" * 15, "a" * 17, "a/aaaaaaaaaaaaaa", "ä" * 16]
)
def test_no_other_id_becomes_a_path(queue: Queue, id: str) -> None:
    with pytest.raises(InputError):
        queue.job_folder(id)
    with pytest.raises(InputError):
        queue.file_path(id)
    with pytest.raises(JobNotFound):
        queue.get(id)
