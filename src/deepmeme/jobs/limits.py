"""What a process that opens strangers' files may take: memory, room, nothing new to be allowed.

All of it is the system's to enforce. Where a system knows a limit not, the process runs without.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

MEMORY_BYTES = 6 << 30
LARGEST_FILE_BYTES = 8 << 30
OPEN_FILES = 512
NICE = 5
_NO_NEW_PRIVILEGES, _PARENT_DIED = 38, 1
"""Of Linux's prctl."""


def confine(memory_bytes: int = MEMORY_BYTES, *, nice: int = 0) -> None:
    """Bind this process, for good."""
    # RLIMIT_DATA and not RLIMIT_AS: the networks' runtime maps far more than it ever touches
    for name, most in (
        ("RLIMIT_DATA", memory_bytes),
        ("RLIMIT_FSIZE", LARGEST_FILE_BYTES),
        ("RLIMIT_NOFILE", OPEN_FILES),
        ("RLIMIT_CORE", 0),
    ):
        _limit(name, most)
    _control(_NO_NEW_PRIVILEGES, 1)
    if nice and hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(nice)


def die_with_parent() -> None:
    """The system kills this process as soon as the thread that started it is no more (Linux)."""
    _control(_PARENT_DIED, int(getattr(signal, "SIGKILL", 9)))


def resident_bytes(process: int) -> int:
    """Memory that a process holds; 0 where that cannot be told, or it is no more."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def _limit(name: str, most: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    which = getattr(resource, name, None)
    if which is None:
        return
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(which)[1]
        new = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (new, new))


def _control(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
