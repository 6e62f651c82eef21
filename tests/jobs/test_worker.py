"""A real worker, its own process: from a request to a marked file, and to its end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from deepmeme.jobs import worker as worker_module
from deepmeme.jobs.folder import shelf
from deepmeme.jobs.job import draw_id
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.requests import checked
from deepmeme.jobs.work import Tell
from deepmeme.jobs.worker import Pulse
from deepmeme.provenance.verify import verify
from tests.jobs.deeds import WORKS
from tests.jobs.waiting import ended, until

REPO = Path(__file__).parents[2]
SMALL = {"end": "0.3", "size": 96, "layout": "result"}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits that Linux enforces")


@pytest.fixture
def queue(tmp_path: Path):
    queue = Queue(tmp_path / "root")
    yield queue
    queue.close()


@contextmanager
def worker(queue: Queue, *more: str) -> Iterator["subprocess.Popen[bytes]"]:
    words = [f"--work={kind}={work}" for kind, work in WORKS.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "deepmeme.jobs.worker", str(queue.root), "w", *words, *more],
        stdin=subprocess.PIPE,
        cwd=REPO,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def animation(**changes: object) -> dict[str, object]:
    request = {"sources": ["shelf:painting"], "driving": "shelf:driver", "options": SMALL}
    return checked("animate", request | changes)


def test_requests_become_marked_files(queue: Queue) -> None:
    film = queue.submit("animate", animation())[0].id
    still = queue.submit("animate", animation(driving="shelf:statue", format="gif"))[0].id
    faces = [{"seed": 1}, {"seed": 2, "edits": {"smile": 1}}]
    morph = {"faces": faces, "seconds": 0.4, "loop": False, "format": "webp"}
    walk = queue.submit("morph", checked("morph", morph))[0].id
    with worker(queue):
        jobs = [ended(queue, id) for id in (film, still, walk)]
    assert [job.error for job in jobs] == [None, None, None]
    for job, name, kind in zip(
        jobs,
        ("result.mp4", "result.png", "result.webp"),
        ("video/mp4", "image/png", "image/webp"),
        strict=True,
    ):
        path = queue.job_folder(job.id) / name
        assert (job.result["name"], job.result["media_type"]) == (name, kind)
        assert job.result["bytes"] == path.stat().st_size
        verdict = verify(path)
        assert verdict.state == "intact"
        assert verdict.work_id == job.result["work_id"]
        assert queue.endings(job.id) == ["done"]
        assert (queue.job_folder(job.id) / "preview.jpg").exists()
    first = jobs[0]
    assert (first.result["frames"], first.result["width"], first.result["height"]) == (8, 96, 96)
    assert (first.stage, first.done, first.total) == ("render", 8, 8)
    assert first.story["model"] == "portrait"
    assert first.preview >= 1
    with Image.open(queue.job_folder(film) / "preview.jpg") as preview:
        assert (preview.format, preview.size) == ("JPEG", (96, 96))


def test_what_cannot_be_done_says_so_without_this_machines_paths(queue: Queue) -> None:
    person, broken = draw_id(), draw_id()
    with Image.open(shelf()["painting"]) as painting:  # no longer a file that came with us
        painting.convert("RGB").save(queue.file_path(person), format="JPEG")
    queue.file_path(broken).write_bytes(b"\xff\xd8\xff" + b"damaged" * 99)
    for id in (person, broken):
        queue.add_file(id, owner="a", kind="picture", format="jpg", num_bytes=9, keep_s=60)
    asked = queue.submit("animate", animation(sources=[person]), owner="a")[0].id
    damaged = queue.submit("animate", animation(sources=[broken]), owner="a")[0].id
    long = queue.submit("animate", animation(options={**SMALL, "loop": 9}))[0].id
    fault = queue.submit("broken", {})[0].id
    unknown = queue.submit("nothing", {})[0].id
    with worker(queue, "--seconds", "2"):
        jobs = [ended(queue, id) for id in (asked, damaged, long, fault, unknown)]
    assert [job.state for job in jobs] == ["failed"] * 5
    assert [job.error["type"] for job in jobs] == [
        "ConsentNeeded", "InputError", "TooMuch", "Fault", "DeepmemeError",
    ]  # fmt: skip
    assert "Do you have the consent" in jobs[0].error["message"]
    assert jobs[1].error["message"].startswith("The picture is a damaged")
    for job in jobs:
        assert not queue.job_folder(job.id).exists()
        assert str(queue.root) not in job.error["message"]
        assert not {person, broken} & set(job.error["message"].split())


def test_a_cancelled_job_stops_at_once_and_leaves_nothing(queue: Queue) -> None:
    id = queue.submit("slow", {"steps": 30000})[0].id  # ten minutes of it
    after = queue.submit("quick", {})[0].id
    with worker(queue):
        until(lambda: queue.get(id).done > 5)
        queue.cancel(id)
        assert ended(queue, after).state == "done"
        until(lambda: not queue.job_folder(id).exists())
    assert queue.get(id).state == "cancelled"
    assert queue.endings(id) == ["cancelled"]


def test_it_stops_kindly_and_the_job_goes_back(queue: Queue) -> None:
    id = queue.submit("slow", {"steps": 3000})[0].id
    with worker(queue) as process:
        until(lambda: queue.get(id).done > 5)
        process.terminate()
        assert process.wait(20) == 0
    job = queue.get(id)
    assert (job.state, job.attempts, job.crashes) == ("queued", 0, 0)
    assert (queue.job_folder(id) / "half.txt").exists()
    assert queue.endings(id) == []


def test_it_ends_when_its_server_does(queue: Queue) -> None:
    id = queue.submit("slow", {"steps": 3000})[0].id
    with worker(queue) as process:
        until(lambda: queue.get(id).done > 5)
        process.stdin.close()
        assert process.wait(20) == 0
    assert queue.get(id).state == "running"  # the next server releases it
    assert queue.release(crashed=False) == [id]


@LINUX
def test_a_job_gets_so_much_memory_and_no_more(queue: Queue) -> None:
    greedy, after = (queue.submit(kind, {})[0].id for kind in ("greedy", "quick"))
    with worker(queue, "--memory", str(1 << 30)) as process:
        job = ended(queue, greedy)
        assert ended(queue, after).state == "done"
        assert process.poll() is None
        facts = Path(f"/proc/{process.pid}/status").read_text()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert (job.state, job.error["type"]) == ("failed", "TooMuch")
    assert "NoNewPrivs:\t1" in facts
    assert "Max core file size        0 " in limits


def test_a_killed_worker_goes_on_where_whole_segments_end(queue: Queue) -> None:
    options = {"size": 64, "layout": "result", "end": "3"}
    id = queue.submit("animate", animation(options=options))[0].id
    with worker(queue) as process:
        until(lambda: (job := queue.get(id)).stage == "render" and job.done > 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert queue.release("w", crashed=True) == [id]
    seen: list[int] = []
    with worker(queue):
        while not queue.get(id).ended:
            job = queue.get(id)
            if job.stage == "render" and job.done:
                seen.append(job.done)
            time.sleep(0.02)
    job = queue.get(id)
    assert (job.state, job.attempts, job.crashes, job.result["frames"]) == ("done", 2, 1, 75)
    assert min(seen) > 50  # the first two seconds were not rendered again
    assert queue.endings(id) == ["done"]
    assert verify(queue.job_folder(id) / "result.mp4").state == "intact"


def test_work_that_does_not_notice_its_end_is_ended(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.submit("slow", {})
    lease = queue.claim("w")
    left: list[int] = []
    gone = threading.Event()
    monkeypatch.setattr(worker_module, "_LOOK_S", 0.01)
    monkeypatch.setattr(worker_module, "_LEAVE_S", 0.05)
    monkeypatch.setattr(worker_module.os, "_exit", lambda code: (left.append(code), gone.set()))
    pulse = Pulse(lease)
    tell = Tell(lease, queue.root, lost=lambda: pulse.lost, stopping=lambda: False)
    with pulse.beating(tell):
        queue.cancel(lease.job.id)
        assert gone.wait(20)
    assert left == [3]


def test_work_that_stands_still_gets_no_more_beats(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_LOOK_S", 0.01)
    monkeypatch.setattr(worker_module, "BEAT_S", 0.01)
    monkeypatch.setattr("deepmeme.jobs.work.STUCK_S", 0.2)
    queue.submit("slow", {})
    lease = queue.claim("w", lease_s=0.3)
    pulse = Pulse(lease)
    tell = Tell(lease, queue.root, lost=lambda: pulse.lost, stopping=lambda: False)
    with pulse.beating(tell):
        for _ in range(20):
            time.sleep(0.05)
            tell.check()
        assert not queue.late_workers()  # three times as long as the lease
        tell.begin("render", 2)
        tell.advance(2)
        assert tell.patience_s > 1  # all frames are there: now a gif may be made of them
        tell.begin("load", None)
        until(lambda: queue.late_workers() == {"w"})
