"""Open a media file with FFmpeg such that nothing but that one local file can be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from deepmeme.errors import InputError

DAMAGE = (av.error.FFmpegError, ValueError, OverflowError, MemoryError, EOFError, AssertionError)
"""What PyAV raises on files that are not what they say."""

_BUFFER_BYTES = 256 * 1024


@contextmanager
def open_container(path: Path, demuxer: str) -> Iterator[av.container.InputContainer]:
    """The container at ``path``, read by ``demuxer`` and no other.

    FFmpeg is handed an open file instead of a name and may not choose the demuxer, so that a
    hostile playlist can neither name other files nor addresses.

    Raises:
        InputError: the file cannot be opened or its header is damaged.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    with stream:
        try:
            container = av.open(
                stream,
                mode="r",
                format=demuxer,
                buffer_size=_BUFFER_BYTES,
                metadata_errors="replace",
                container_options={"protocol_whitelist": "none"},
            )
        except DAMAGE as error:
            raise InputError(
                f"{path} cannot be opened as a video or sound file: it is cut off or damaged "
                f"({_reason(error)}). Save or download it again."
            ) from error
        with container:
            yield container


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
