"""Open a media file with FFmpeg such that nothing but that one local file can be read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from deepmeme.errors import InputError

_logger = logging.getLogger(__name__)

DAMAGE = (av.error.FFmpegError, ValueError, OverflowError, MemoryError, EOFError, AssertionError)
"""What PyAV raises on files that are not what they say."""

MAX_BAD_PACKETS = 300
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


def decode_packets(
    path: Path,
    container: av.container.InputContainer,
    stream: av.VideoStream | av.AudioStream,
    decoder: av.VideoCodecContext | None = None,
) -> Iterator[object]:
    """Every frame of ``stream`` that can be decoded, by ``decoder`` or the stream's own.

    A damaged packet is stepped over, a container that ends badly ends the stream; the first of
    each is logged as a warning.
    """
    num_bad = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except DAMAGE as error:
            _logger.warning("%s is cut off or damaged (%s); read as far as it goes", path, error)
            return
        if packet is None:
            return
        try:
            frames = packet.decode() if decoder is None else decoder.decode(packet)
        except av.error.EOFError:
            return
        except DAMAGE as error:
            num_bad += 1
            if num_bad == 1:
                _logger.warning("%s is damaged (%s); stepping over", path, error)
            if num_bad > MAX_BAD_PACKETS:
                return
            continue
        yield from frames


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
