"""For what other processes do."""

import time
from collections.abc import Callable

from deepmeme.jobs.job import Job
from deepmeme.jobs.queue import Queue


def until(true: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def ended(queue: Queue, id: str) -> Job:
    until(lambda: queue.get(id).ended)
    return queue.get(id)
