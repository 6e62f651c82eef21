"""The server's side of the queue: its workers run, and what is old goes away.

One keeper at most serves a folder. A thread of its own starts the workers, starts dead ones again,
and kills those that take too much memory or have stood still.
"""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Mapping
from time import monotonic
from typing import IO

from deepmeme.errors import InputError
from deepmeme.jobs.crew import Crew, Member
from deepmeme.jobs.limits import MEMORY_BYTES, resident_bytes
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.work import MOST_S
from deepmeme.media.lock import Held, hold

_logger = logging.getLogger(__name__)

KEEP_S = 24 * 3600.0
QUOTA_BYTES = 10 << 30
_LOOK_S = 0.2
_LATE_S = 2.0
_TIDY_S = 60.0
_COUNT_S = 5.0
_OLD_WORKERS_S = 30.0


class Keeper:
    """Starts and watches ``workers`` processes.

    >>> with Keeper(Queue(root)):
    ...     serve()
    """

    def __init__(
        self,
        queue: Queue,
        *,
        workers: int = 1,
        keep_s: float = KEEP_S,
        quota_bytes: int = QUOTA_BYTES,
        memory_bytes: int = MEMORY_BYTES,
        most_s: float = MOST_S,
        works: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing starts yet.

        Args:
            queue: whose jobs are to be done.
            workers: processes at the same time; 0 only keeps the house.
            keep_s: jobs are forgotten so long after their end.
            quota_bytes: of all files together, see :meth:`room_left`.
            memory_bytes: that one worker may have.
            most_s: longest clip of a job, in seconds.
            works: more kinds of work, ``{kind: "module:function"}``.
        """
        self._queue, self._keep_s = queue, keep_s
        self._quota_bytes, self._memory_bytes = quota_bytes, memory_bytes
        self._crew = Crew(
            queue.root, workers, memory_bytes=memory_bytes, most_s=most_s, works=works or {}
        )
        self._lock: IO[bytes] | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._counted = (-_COUNT_S, 0)

    def start(self) -> None:
        """Take over the folder: jobs that an earlier server left go on first.

        Raises:
            InputError: another server serves the folder; the message says which.
            OutputError: an earlier server's workers don't end.
        """
        self._lock = _serving(self._queue)
        try:
            self._crew.wait_for_old(_OLD_WORKERS_S)
            self._queue.release(crashed=False)
            self._queue.sweep_orphans()
            self._queue.tidy(self._keep_s)
        except BaseException:
            self._let_go()
            raise
        self._over.clear()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the workers put their jobs back, end them, and let go of the folder."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._lock is not None:
            self._queue.release(crashed=False)  # of those that had to be killed
            self._let_go()

    def __enter__(self) -> "Keeper":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def processes(self) -> list[int]:
        """Ids of the workers' processes that live."""
        return self._crew.processes

    @property
    def num_restarts(self) -> int:
        """How many workers had to be started anew."""
        return self._crew.num_restarts

    def room_left(self) -> int:
        """Bytes that the quota leaves, or the disk, counted anew every few seconds."""
        counted, room = self._counted
        if monotonic() - counted >= _COUNT_S:
            used = self._queue.files_total_bytes() + folder_bytes(str(self._queue.root / "jobs"))
            room = min(self._quota_bytes - used, _disk_bytes(str(self._queue.root)))
            self._counted = (monotonic(), max(0, room))
        return self._counted[1]

    def _watch(self) -> None:
        """The thread: it alone starts processes, since they end when their starter does."""
        late = tidied = monotonic()
        while not self._over.wait(_LOOK_S):
            try:
                for member in self._crew.due():
                    self._crew.start(member)
                for member in self._crew.fallen():
                    self._bury(member)
                self._check_memory()
                if monotonic() - late >= _LATE_S:
                    self._check_leases()
                    late = monotonic()
                if monotonic() - tidied >= _TIDY_S:
                    self._queue.tidy(self._keep_s)
                    tidied = monotonic()
            except Exception:  # a full disk, a locked queue: without a keeper nothing works
                _logger.exception("the keeper could not do its round")
        self._crew.end()

    def _bury(self, member: Member) -> None:
        held = self._queue.release(member.name, crashed=True)
        self._crew.note_fall(member, had_job=bool(held))

    def _check_memory(self) -> None:
        for member in self._crew.members:
            if member.living and resident_bytes(member.process_id) > self._memory_bytes:
                _logger.warning("%s has more than %d bytes", member.name, self._memory_bytes)
                member.kill()

    def _check_leases(self) -> None:
        late = self._queue.late_workers()
        for member in self._crew.members:
            if member.name in late and member.living:
                _logger.warning("%s stands still", member.name)
                member.kill()  # buried in the next round
                late.discard(member.name)
        ours = {member.name for member in self._crew.members}
        for name in late - ours:
            self._queue.release(name, crashed=True)


def _serving(queue: Queue) -> IO[bytes]:
    try:
        return hold(queue.root / "serving.lock")
    except Held as error:
        raise InputError(
            f"The folder {queue.root} is served already: {error} Stop that server, or choose "
            "another folder."
        ) from error


def folder_bytes(folder: str) -> int:
    """Of all files below; those that go away meanwhile do not count."""
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    total += folder_bytes(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _disk_bytes(folder: str) -> int:
    return shutil.disk_usage(folder).free
