"""Pictures through pipes: ``deepmeme faces sample | deepmeme animate - talk.mp4``."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deepmeme.errors import InputError

PIPE = Path("-")
_MOST_BYTES = 64 << 20


@contextmanager
def piped(inputs: Sequence[Path]) -> Iterator[list[Path]]:
    """The same files; what comes through the pipe, in the place of ``-``, lies in one meanwhile.

    Raises:
        InputError: nothing comes, too much does, or ``-`` stands twice.
    """
    if PIPE not in inputs:
        yield list(inputs)
        return
    if list(inputs).count(PIPE) > 1:
        raise InputError("- stands for what comes through the pipe; give it once.")
    if sys.stdin.isatty():
        raise InputError(
            "- stands for a picture that comes through a pipe, and none does: deepmeme faces "
            "sample | deepmeme animate - talk.mp4"
        )
    content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if not content:
        raise InputError("Nothing came through the pipe; look at what the command before it said.")
    if len(content) > _MOST_BYTES:
        raise InputError(f"More than {_MOST_BYTES >> 20} MB came through the pipe; name a file.")
    with TemporaryDirectory(prefix="deepmeme-") as folder:
        file = Path(folder) / "piped.png"
        file.write_bytes(content)
        yield [file if path == PIPE else path for path in inputs]


def into_pipe(file: Path) -> None:
    """A file's content to standard output."""
    sys.stdout.buffer.write(file.read_bytes())
    sys.stdout.buffer.flush()
