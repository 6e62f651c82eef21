"""From what a request names to a path: an upload of ours, or a file that comes with deepmeme."""

from functools import cache
from pathlib import Path

from deepmeme.demo_assets import shipped
from deepmeme.errors import InputError
from deepmeme.jobs.queue import Queue

SHELF = "shelf:"


@cache
def shelf() -> dict[str, Path]:
    """The demonstration's pictures and videos, by the stems of their names."""
    return {path.stem: path for path in shipped().values()}


class Folder:
    """Paths below the queue's folder. No name of a client's ever becomes one."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def resolve(self, ref: str, owner: str, *, accepted: bool = False) -> Path:
        """The file that a request names.

        Args:
            ref: an upload's id, or "shelf:NAME".
            owner: whose upload it has to be.
            accepted: a job was accepted with it: too old is no reason any more.

        Raises:
            InputError: no such file, or somebody else's.
        """
        if ref.startswith(SHELF):
            return on_shelf(ref)
        if not accepted:
            self._queue.file(ref, owner)
        path = self._queue.file_path(ref)
        if not path.is_file():
            raise InputError(f"The file {ref} is not here any more: send it once more.")
        return path

    def job(self, id: str) -> Path:
        """The job's own folder, made for this user alone if there is none."""
        path = self._queue.job_folder(id)
        path.mkdir(exist_ok=True, mode=0o700)
        return path


def on_shelf(ref: str) -> Path:
    """The file behind "shelf:NAME".

    Raises:
        InputError: no such file.
    """
    path = shelf().get(ref.removeprefix(SHELF))
    if path is None:
        raise InputError(
            f"Nothing on the shelf is called {ref.removeprefix(SHELF)[:40]!r}. There are: "
            f"{', '.join(shelf())}."
        )
    return path
