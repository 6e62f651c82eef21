"""The processes of the workers: started, looked after, ended."""

import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deepmeme.media.lock import Held, hold

_logger = logging.getLogger(__name__)

LOG_BYTES = 1 << 20
_SOON_S = 0.2
_LATEST_S = 30.0
_WELL_S = 20.0
_KIND_S = 10.0
_LOOK_S = 0.1


@dataclass
class Member:
    """One worker: its name, and its process of the moment."""

    name: str
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    due: float = 0.0
    """When it is to be started again, of the steady clock."""
    falls: int = 0
    """In a row, without a job to blame and soon after the start."""

    @property
    def living(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def process_id(self) -> int:
        return 0 if self.process is None else self.process.pid

    def kill(self) -> None:
        """At once."""
        if self.process is not None:
            self.process.kill()


class Crew:
    """All workers of one keeper; used by its thread alone, but for counts."""

    def __init__(
        self,
        root: Path,
        size: int,
        *,
        memory_bytes: int,
        most_s: float,
        works: Mapping[str, str],
    ) -> None:
        self.members = [Member(f"worker-{number + 1}") for number in range(size)]
        self.num_restarts = 0
        self._root = root
        self._command = [sys.executable, "-m", "deepmeme.jobs.worker", str(root)]
        self._more = ["--memory", str(memory_bytes), "--seconds", str(most_s)]
        for kind, work in works.items():
            self._more += ["--work", f"{kind}={work}"]

    @property
    def processes(self) -> list[int]:
        """Ids of those that live."""
        return [member.process_id for member in self.members if member.living]

    def wait_for_old(self, seconds: float) -> None:
        """Until no worker of an earlier server is left; they end by themselves.

        Raises:
            OutputError: one is left after so many seconds; the message says which.
        """
        until = time.monotonic() + seconds
        for path in sorted(self._root.glob("worker-*.lock")):
            while True:
                try:
                    hold(path).close()
                    break
                except Held:
                    if time.monotonic() > until:
                        raise
                time.sleep(_LOOK_S)

    def due(self) -> list[Member]:
        """Who is to be started now."""
        now = time.monotonic()
        return [m for m in self.members if m.process is None and m.due <= now]

    def start(self, member: Member) -> None:
        """From now on it works. Its errors go to a file of bounded length."""
        log = self._root / f"{member.name}.log"
        self._shorten(log)
        with log.open("ab") as stream:
            member.process = subprocess.Popen(
                [*self._command, member.name, *self._more],
                stdin=subprocess.PIPE,  # never written to: it ends when we do
                stdout=stream,
                stderr=stream,
            )
        member.started = time.monotonic()

    def fallen(self) -> Iterator[Member]:
        """Who lived and doesn't any more. Meanwhile logs are kept short."""
        for member in self.members:
            self._shorten(self._root / f"{member.name}.log")
            if member.process is not None and not member.living:
                yield member

    def note_fall(self, member: Member, *, had_job: bool) -> None:
        """Its process is cleared away; it is due again soon, later each time it never got to work.

        A job that kills its worker is counted against the job, so the worker need not wait.
        """
        lived_s = time.monotonic() - member.started
        code = None if member.process is None else member.process.returncode
        _logger.warning("%s ended with %s after %.1f s", member.name, code, lived_s)
        self._clear(member)
        member.falls = 0 if had_job or lived_s > _WELL_S else member.falls + 1
        member.due = time.monotonic() + min(_LATEST_S, _SOON_S * 2**member.falls)
        self.num_restarts += 1

    def end(self) -> None:
        """All of them: kindly, then not."""
        for member in self.members:
            if member.process is not None:
                member.process.terminate()
        until = time.monotonic() + _KIND_S
        for member in self.members:
            if member.process is None:
                continue
            try:
                member.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                member.kill()
                member.process.wait()
            self._clear(member)

    def _clear(self, member: Member) -> None:
        process, member.process = member.process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def _shorten(self, log: Path) -> None:
        with contextlib.suppress(OSError):
            if log.stat().st_size > LOG_BYTES:
                with log.open("r+b") as stream:
                    stream.truncate(0)
