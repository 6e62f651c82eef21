"""Takes strangers' bytes in: counted, hashed and told apart by their first bytes, never opened."""

import hashlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from deepmeme.errors import InputError, OutputError
from deepmeme.jobs.job import draw_id
from deepmeme.jobs.queue import Queue
from deepmeme.jobs.uploads import Upload
from deepmeme.media.sniff import sniff

_PIECE = 1 << 20


class Taken(NamedTuple):
    """A file that is in the house now."""

    upload: Upload
    sha256: str


def take_in(queue: Queue, stream: BinaryIO, *, owner: str, keep_s: float, most_bytes: int) -> Taken:
    """Copy a stream into the house and say what it is.

    Raises:
        InputError: empty, longer than ``most_bytes``, or of no kind that deepmeme reads; then
            nothing is kept.
        OutputError: the disk is full.
    """
    id = draw_id()
    path = queue.file_path(id)
    try:
        sha256, size = _copied(stream, path, most_bytes)
        kind = _kind(path)
        upload = queue.add_file(
            id, owner=owner, kind=kind[0], format=kind[1], num_bytes=size, keep_s=keep_s
        )
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutputError(f"The file cannot be kept: {error.strerror or error}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Taken(upload, sha256)


def _copied(stream: BinaryIO, path: Path, most_bytes: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as kept:
        path.chmod(0o600)
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > most_bytes:
                raise InputError(
                    f"The file is larger than this server takes ({most_bytes / 1e6:.0f} MB). Send "
                    "a smaller one, or a shorter clip."
                )
            digest.update(piece)
            kept.write(piece)
    return digest.hexdigest(), size


def _kind(path: Path) -> tuple[str, str]:
    """Family and format; the error speaks of the file and not of where it lies here."""
    try:
        kind = sniff(path)
    except InputError as error:
        raise InputError(str(error).replace(str(path), "The file")) from error
    return kind.family, kind.name
