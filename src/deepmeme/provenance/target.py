"""Where a result may be written, checked before any work is done."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from deepmeme.errors import OutputError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def check_target(path: str | Path, forbidden: Iterable[Path] = ()) -> Path:
    """The absolute path of the result; its folder exists and can be written to afterwards.

    Raises:
        OutputError: it is one of ``forbidden`` (the inputs), a folder with something in it, or
            in a folder that cannot be made or written to.
    """
    given = Path(path)
    target = Path(os.path.abspath(given))
    for other in forbidden:
        if same_place(target, other):
            raise OutputError(
                f"{given} is one of the inputs and would be overwritten. Choose another name."
            )
    with explained(target):
        if target.is_dir() and (target.suffix or any(target.iterdir())):
            raise OutputError(
                f"{given} is a folder that exists"
                + ("" if target.suffix else " and holds files")
                + ". Choose a new name."
            )
        _make_folder(target.parent)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(_not_writable(target))
    return target


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)


def same_place(target: Path, other: Path) -> bool:
    """Whether two paths are one file, or would be if they were there."""
    try:
        return target.samefile(other)
    except OSError:
        return os.path.abspath(target) == os.path.abspath(other)


@contextmanager
def explained(target: Path) -> Iterator[None]:
    """Turn the system's errors while writing ``target`` into an OutputError with a way out."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, av.error.FFmpegError) as error:
        raise OutputError(_reason(target, error)) from error


def _reason(target: Path, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in _FULL:
        return (
            f"{target} cannot be written: the disk is full. Free some space or choose another "
            "place, then run the same command again."
        )
    if number in _FORBIDDEN:
        return _not_writable(target)
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{target} cannot be written: a file lies where a folder is needed."
    return f"{target} cannot be written: {getattr(error, 'strerror', None) or error}."


def _not_writable(target: Path) -> str:
    return (
        f"{target} cannot be written: no permission for the folder {target.parent}. "
        "Choose another place."
    )
