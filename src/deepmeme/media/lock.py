"""Locks between processes that end with the process: nothing is left to clean up after a crash.

The system's own locks (``flock``, on Windows ``msvcrt.locking``) on a small file that names who
holds it. Where the file system knows none, a warning says so and work goes on without.
"""

import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from deepmeme.errors import OutputError

_logger = logging.getLogger(__name__)

_MOST_BYTES = 4096
_FAR = 2**30
"""Windows keeps others from reading what is locked, so a byte is locked that isn't there."""


@contextmanager
def only_writer(target: Path) -> Iterator[None]:
    """Within, nobody else writes ``target``, a file or folder. ``.NAME.lock`` lies beside it.

    Raises:
        OutputError: another process, or another part of this one, writes it already; or nothing
            can be written there.
    """
    path = lock_path(target)
    while True:
        file = _opened(path, target)
        try:
            _demand(file, target)
            # Who held it before may have removed the name between our two steps
            if _is_still(file, path):
                break
        except BaseException:
            file.close()
            raise
        file.close()
    try:
        _sign(file)
        yield
    finally:
        if os.name != "nt":
            path.unlink(missing_ok=True)
        file.close()
        if os.name == "nt":  # pragma: no cover
            with suppress(OSError):
                path.unlink(missing_ok=True)


class Held(OutputError):
    """Somebody else has the lock; the message says who."""


def hold(path: Path) -> IO[bytes]:
    """Lock the file ``path`` until what is returned is closed, or this process ends.

    The file stays.

    Raises:
        Held: another process, or another part of this one, has it.
        OutputError: nothing can be written there.
    """
    file = _opened(path, path)
    try:
        try:
            taken = _take(file)
        except OSError as error:
            _without(path, error)
            return file
        if not taken:
            raise Held(f"{path} is held by another deepmeme: {_holder(file)}.")
        _sign(file)
    except BaseException:
        file.close()
        raise
    return file


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Within, no other process is within; waits for its turn. The lock file ``path`` stays."""
    with path.open("a+b") as file:
        try:
            while not _take(file):
                time.sleep(0.1)
        except OSError as error:
            _without(path, error)
        yield


def lock_path(target: Path) -> Path:
    """The file beside ``target`` that is locked while it is written."""
    absolute = Path(os.path.abspath(target))
    return absolute.with_name(f".{absolute.name}.lock")


def _opened(path: Path, target: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+b")
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{target} cannot be written: {reason}.") from error


def _demand(file: IO[bytes], target: Path) -> None:
    try:
        taken = _take(file)
    except OSError as error:
        _without(target, error)
        return
    if not taken:
        raise OutputError(
            f"{target}: another deepmeme is writing it ({_holder(file)}). Wait until that is done "
            "or stop it, or give another output."
        )


def _take(file: IO[bytes]) -> bool:
    """Whether the lock is ours now; OSError where there are no locks."""
    if os.name == "nt":  # pragma: no cover
        import msvcrt

        locking: Any = msvcrt
        file.seek(_FAR)
        try:
            locking.locking(file.fileno(), locking.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _without(place: Path, error: OSError) -> None:
    _logger.warning("%s: no locks here (%s); see to it that nobody else writes it", place, error)


def _is_still(file: IO[bytes], path: Path) -> bool:
    if os.name == "nt":  # pragma: no cover
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _sign(file: IO[bytes]) -> None:
    about = {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    with suppress(OSError):  # a full disk keeps nobody from locking
        file.truncate(0)
        file.write(json.dumps(about).encode())
        file.flush()


def _holder(file: IO[bytes]) -> str:
    """Who says to hold it. Others may write anything there."""
    try:
        file.seek(0)
        about = json.loads(file.read(_MOST_BYTES))
        process, started = int(about["process"]), str(about["started"])[:19]
        host = "" if about["host"] == socket.gethostname() else f" on {str(about['host'])[:60]!r}"
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "its process did not say which"
    return f"process {process}{host}, since {started}"
