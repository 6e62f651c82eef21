"""``python -m deepmeme.jobs.worker ROOT NAME``: takes jobs from the queue and does them, in turn.

It ends when its standard input does, however the server ended; and with SIGTERM at the next frame,
giving its job back with what is finished of it.
"""

import argparse
import contextlib
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from deepmeme.errors import DeepmemeError, Interrupted
from deepmeme.jobs.folder import Folder
from deepmeme.jobs.job import Job, JobNotFound, LeaseLost
from deepmeme.jobs.lease import Lease
from deepmeme.jobs.limits import MEMORY_BYTES, NICE, confine, die_with_parent
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.work import MOST_S, WORKS, Place, Tell, work_of
from deepmeme.media.lock import hold

_logger = logging.getLogger(__name__)

BEAT_S = 5.0
_IDLE_S = 0.1
_LOOK_S = 0.5
_LEAVE_S = 20.0
_OLD_ONE_S = 30.0
_EXIT_LEFT = 3


class Worker:
    """Does one job after another."""

    def __init__(self, queue: Queue, name: str, works: dict[str, str], most_s: float) -> None:
        self._queue, self._name, self._works, self._most_s = queue, name, works, most_s
        self._folder = Folder(queue)
        self._kept: dict[str, Any] = {}
        self.stopping = False
        """Set, also from a signal's handler, to end at the next frame."""

    def run(self) -> None:
        """Until :attr:`stopping`."""
        while not self.stopping:
            lease = self._queue.claim(self._name)
            if lease is None:
                time.sleep(_IDLE_S)
            else:
                self.do(lease)

    def do(self, lease: Lease) -> None:
        """One job, to its end, or back into the queue."""
        job = lease.job
        folder = self._folder.job(job.id)
        place = Place(
            folder,
            lambda ref: self._folder.resolve(ref, job.owner, accepted=True),
            self._kept,
            most_s=self._most_s,
        )
        pulse = Pulse(lease)
        tell = Tell(
            lease,
            folder,
            lost=lambda: pulse.lost,
            stopping=lambda: self.stopping,
            most_s=self._most_s,
        )
        # without a lease there is nothing to say any more
        with contextlib.suppress(LeaseLost), pulse.beating(tell):
            self._attempt(lease, place, tell)
        self._leave(job)

    def _attempt(self, lease: Lease, place: Place, tell: Tell) -> None:
        try:
            result = work_of(lease.job.kind, self._works)(lease.job, place, tell)
        except LeaseLost:
            raise
        except Interrupted:
            lease.give_back()
        except DeepmemeError as error:
            lease.fail(type(error).__name__, place.in_words(str(error)))
        except MemoryError:
            self._kept.clear()
            lease.fail(
                "TooMuch",
                "This needs more memory than one job may take here. Try smaller pictures, fewer of "
                "them, or a smaller size.",
            )
        except Exception as error:
            self._kept.clear()
            _logger.exception("job %s failed", lease.job.id)
            lease.fail(
                "Fault",
                f"This is a fault in deepmeme ({type(error).__name__}); the server's log has more.",
            )
        else:
            lease.finish(result)

    def _leave(self, job: Job) -> None:
        """A job that came to nothing leaves nothing behind."""
        try:
            state = self._queue.get(job.id).state
        except JobNotFound:
            state = "cancelled"
        if state in ("failed", "cancelled"):
            self._queue.clear_folder(job.id)


class Pulse:
    """A thread that keeps a lease alive, and notices when it is lost."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._over = threading.Event()
        self.lost = False

    @contextlib.contextmanager
    def beating(self, tell: Tell) -> Iterator[None]:
        """Within, the lease lives as long as the work goes on."""
        thread = threading.Thread(target=self._beat, args=(tell,), name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _beat(self, tell: Tell) -> None:
        beaten = time.monotonic()
        while not self._over.wait(_LOOK_S):
            now = time.monotonic()
            with contextlib.suppress(sqlite3.Error):  # a full disk, a busy one: try again
                if not self._lease.held():
                    self._go(now)
                    return
                # work that stands still gets no more beats: its lease runs out
                if now - beaten >= BEAT_S and now - tell.moved < tell.patience_s:
                    with contextlib.suppress(LeaseLost):
                        self._lease.beat()
                    beaten = now

    def _go(self, since: float) -> None:
        """Leave the work some time to notice; if it doesn't, the whole process goes."""
        self.lost = True
        if not self._over.wait(_LEAVE_S):
            _logger.warning("job %s does not end; this worker does", self._lease.job.id)
            logging.shutdown()
            os._exit(_EXIT_LEFT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Work until standard input ends or SIGTERM comes."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.WARNING)
    die_with_parent()
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()
    confine(chosen.memory, nice=NICE)
    works = WORKS | dict(pair.split("=", 1) for pair in chosen.work)
    lock = _turn(chosen.root / f"{chosen.name}.lock")
    queue = Queue(chosen.root)
    worker = Worker(queue, chosen.name, works, chosen.seconds)

    def stop(*_: Any) -> None:
        worker.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which tells us
    try:
        worker.run()
    finally:
        queue.close()
        lock.close()


def _turn(path: Path) -> Any:
    """The lock of this worker's name, once a worker of an earlier server has let go of it."""
    until = time.monotonic() + _OLD_ONE_S
    while True:
        try:
            return hold(path)
        except DeepmemeError:
            if time.monotonic() > until:
                raise
        time.sleep(_IDLE_S)


def _end_with_input() -> None:
    """The server holds the other end: it closes when the server is no more, killed or not."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deepmeme.jobs.worker")
    parser.add_argument("root", type=Path)
    parser.add_argument("name")
    parser.add_argument("--memory", type=int, default=MEMORY_BYTES, metavar="BYTES")
    parser.add_argument("--seconds", type=float, default=MOST_S, help="longest clip")
    parser.add_argument("--work", action="append", default=[], metavar="KIND=MODULE:FUNCTION")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
