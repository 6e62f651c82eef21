"""A server killed again and again while it works off its queue: is every job done, and done once?

    python benchmarks/queue_kill.py [--jobs 100] [--kills 5] [--seed 7]

Puts small animations into a queue, lets a server of its own process work on them, kills that with
SIGKILL at random moments, starts the next one, and at the end counts: jobs done, jobs that ended
twice, jobs lost, results that are not what was promised, and the most memory that a worker took.
"""

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from deepmeme.jobs.job import Job
from deepmeme.jobs.keeper import Keeper
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.requests import checked
from deepmeme.provenance.verify import verify

SMALL = {"end": "0.48", "size": 64, "layout": "result"}  # twelve frames
PICTURES = ("painting", "statue", "cartoon", "captain")
VERIFIED = 10
LOOK_S = 0.1


@dataclass
class Count:
    """What came of it."""

    jobs: int
    done: int
    twice: int
    lost: int
    wrong: int
    """Results whose file is missing, of another length, or (of a sample) not marked as it should
    be."""
    crashed: int
    """Jobs that were taken for the reason of a worker's end."""
    attempts: dict[int, int]
    """How many jobs took so many attempts."""
    kills: int
    seconds: float
    most_mb: float
    """Largest resident memory of any worker at any time."""

    @property
    def good(self) -> bool:
        return self.done == self.jobs and not (self.twice or self.lost or self.wrong)


def fill(queue: Queue, count: int) -> list[str]:
    """So many small animations wait; their ids."""
    ids = []
    for number in range(count):
        request = {
            "sources": [f"shelf:{PICTURES[number % len(PICTURES)]}"],
            "driving": "shelf:driver",
            "options": SMALL,
        }
        job, _ = queue.submit("animate", checked("animate", request), key=f"job {number}")
        ids.append(job.id)
    return ids


def serve(root: Path, workers: int = 1) -> None:
    """The server's side of the queue, until somebody kills it."""
    with Keeper(Queue(root), workers=workers):
        while True:
            time.sleep(60)


def run(root: Path, jobs: int, kills: int, seed: int) -> Count:
    """All of it."""
    queue, pick = Queue(root), random.Random(seed)
    ids = fill(queue, jobs)
    # spread over the work: one somewhere in each part of it
    when = [(part + pick.random()) * jobs / (kills + 1) for part in range(kills)]
    command = [sys.executable, str(Path(__file__).resolve()), "--serve", str(root)]
    server = subprocess.Popen(command)
    started, most, killed = time.perf_counter(), 0, 0
    try:
        while (ended := jobs - _left(queue)) < jobs:
            most = max(most, _peak_bytes(root))
            if killed < kills and ended >= when[killed]:
                time.sleep(pick.random() * 1.5)  # anywhere within a job
                server.kill()
                server.wait()
                killed += 1
                print(f"killed the server after {ended} jobs", flush=True)
                server = subprocess.Popen(command)
            if server.poll() is not None:
                raise SystemExit("the server ended by itself")
            time.sleep(LOOK_S)
    finally:
        server.kill()
        server.wait()
    seconds = time.perf_counter() - started
    count = _counted(queue, ids, killed, seconds, most / 1e6)
    queue.close()
    return count


def _left(queue: Queue) -> int:
    counts = queue.counts()
    return counts["queued"] + counts["running"]


def _counted(queue: Queue, ids: list[str], kills: int, seconds: float, most_mb: float) -> Count:
    found = {job.id: job for job in queue.listed(limit=10 * len(ids))}
    done = [job for job in found.values() if job.state == "done"]
    wrong = sum(not _is_there(queue, job) for job in done)
    sample = done[:: max(1, len(done) // VERIFIED)]
    wrong += sum(verify(_path(queue, job)).state != "intact" for job in sample)
    return Count(
        jobs=len(ids),
        done=len(done),
        twice=sum(len(queue.endings(id)) > 1 for id in ids),
        lost=sum(id not in found for id in ids),
        wrong=wrong,
        crashed=sum(job.crashes > 0 for job in found.values()),
        attempts=dict(sorted(Counter(job.attempts for job in found.values()).items())),
        kills=kills,
        seconds=seconds,
        most_mb=most_mb,
    )


def _path(queue: Queue, job: Job) -> Path:
    return queue.job_folder(job.id) / str((job.result or {})["name"])


def _is_there(queue: Queue, job: Job) -> bool:
    path = _path(queue, job)
    return path.is_file() and path.stat().st_size == (job.result or {})["bytes"]


def _peak_bytes(root: Path) -> int:
    """The most that the workers of the moment have taken so far, the largest of them."""
    most = 0
    for lock in root.glob("worker-*.lock"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            process = json.loads(lock.read_bytes())["process"]
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    most = max(most, int(line.split()[1]) * 1024)
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--serve", type=Path, metavar="ROOT", help="only be the server")
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve)
    with tempfile.TemporaryDirectory() as folder:
        count = run(Path(folder) / "root", chosen.jobs, chosen.kills, chosen.seed)
    print(
        f"{count.done} of {count.jobs} jobs done in {count.seconds:.0f} s, with {count.kills} "
        f"servers killed; {count.twice} ended twice, {count.lost} lost, {count.wrong} results "
        f"wrong, {count.crashed} blamed for a crash"
    )
    print(f"attempts: {', '.join(f'{n} x {times}' for times, n in count.attempts.items())}")
    print(f"most memory of a worker: {count.most_mb:.0f} MB")
    if not count.good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
