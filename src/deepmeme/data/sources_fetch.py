"""A data set's files: from the local copy if it has them, else from the public address."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deepmeme.data.sources import DataSet, Remote
from deepmeme.errors import InputError
from deepmeme.weights.checkpoint import file_sha256
from deepmeme.weights.download import Expected, cache_dir, fetch

Tell = Callable[[str, int, int | None], None]
"""Hears (what is done, how much of it, of how much or None); bytes for a download."""


def tell_nobody(what: str, done: int, total: int | None) -> None:
    """For callers who need no progress."""


@dataclass(frozen=True)
class Obtained:
    """One file that is here and was checked as far as it can be."""

    path: Path
    sha256: str
    pinned: bool
    """The sum is the one in our table; else it is only what came."""


def obtain(data_set: DataSet, remote: Remote, local: Path | None, tell: Tell) -> Obtained:
    """The file, verified. A download goes on where an earlier one stopped.

    Raises:
        InputError: the local copy is another file than expected, or lacks it.
        DownloadError, OutputError: as :func:`deepmeme.weights.download.fetch`.
    """
    if local is not None:
        path = local / remote.filename if local.is_dir() else local
        if not path.is_file():
            raise InputError(
                f"{local} has no {remote.filename}. Give another folder with --from, or leave it "
                f"out to download {data_set.name}."
            )
        return _checked(path, remote, "Give another copy with --from")
    target = cache_dir() / "data" / data_set.name / remote.filename
    fetch(
        (remote.address(),),
        target,
        expected=Expected(remote.num_bytes, remote.sha256),
        by_hand=data_set.pages,
        progress=lambda done, total: tell(remote.filename, done, total),
    )
    return _checked(target, remote, "Delete it and run the command again")


def _checked(path: Path, remote: Remote, advice: str) -> Obtained:
    size = path.stat().st_size
    if remote.num_bytes is not None and size != remote.num_bytes:
        raise InputError(f"{path} has {size} bytes, expected {remote.num_bytes}. {advice}.")
    digest = file_sha256(path)
    if remote.sha256 is not None and digest != remote.sha256:
        raise InputError(f"{path} has sha256 {digest}, expected {remote.sha256}. {advice}.")
    return Obtained(path, digest, remote.sha256 is not None)
