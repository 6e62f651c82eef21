"""Kinds of work for tests, which the workers load by name; some are as bad as a file can be."""

import os
import signal
import time

WORKS = {
    "quick": "tests.jobs.deeds:quick",
    "slow": "tests.jobs.deeds:slow",
    "deadly": "tests.jobs.deeds:deadly",
    "greedy": "tests.jobs.deeds:greedy",
    "broken": "tests.jobs.deeds:broken",
}


def quick(job, place, tell):
    """Done at once."""
    (place.folder / "result.txt").write_text(job.id)
    return {"name": "result.txt"}


def slow(job, place, tell):
    """20 ms a step, as many as the request says."""
    steps = job.request["steps"]
    tell.begin("render", steps)
    for step in range(steps):
        (place.folder / "half.txt").write_text(str(step))
        time.sleep(0.02)
        tell.advance(step + 1)
    return {"name": "half.txt"}


def deadly(job, place, tell):
    """A file that makes its decoder crash."""
    os.kill(os.getpid(), signal.SIGKILL)


def greedy(job, place, tell):
    """A file that wants all the memory there is."""
    held = []
    while True:
        held.append(bytearray(16 << 20))


def broken(job, place, tell):
    """A fault of ours, at the file's path."""
    raise ZeroDivisionError(str(place.folder))
