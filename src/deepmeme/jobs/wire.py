"""Messages between the server and the processes that read strangers' files for it.

A message is a JSON object and some bytes behind it: two lengths, then both. Never a pickle: whoever
takes over such a process by a hostile file shall get no farther than wrong answers.
"""

import json
import struct
from typing import Any, BinaryIO, NamedTuple

from deepmeme.errors import DeepmemeError

LENGTHS = struct.Struct(">II")
MOST_BYTES = 1 << 26
"""Of both parts together; a JPEG of the largest sheet has a tenth."""


class Message(NamedTuple):
    """A question or an answer."""

    said: dict[str, Any]
    blob: bytes = b""


class WireError(DeepmemeError):
    """The other side went away, or said what no honest one says."""


def packed(message: Message) -> bytes:
    """As it travels."""
    said = json.dumps(message.said, allow_nan=False).encode()
    return LENGTHS.pack(len(said), len(message.blob)) + said + message.blob


def lengths(head: bytes) -> tuple[int, int]:
    """Of the JSON and of the bytes behind it.

    Raises:
        WireError: more than anybody needs.
    """
    said, blob = LENGTHS.unpack(head)
    if said + blob > MOST_BYTES:
        raise WireError(
            f"An answer of {said + blob} bytes was announced; no honest one is so long."
        )
    return said, blob


def unpacked(said: bytes, blob: bytes) -> Message:
    """What came.

    Raises:
        WireError: not a JSON object.
    """
    try:
        told = json.loads(said)
    except ValueError as error:
        raise WireError("What came over the wire is no JSON.") from error
    if not isinstance(told, dict):
        raise WireError("What came over the wire is no JSON object.")
    return Message(told, blob)


def receive(stream: BinaryIO) -> Message | None:
    """The next message; None where the other side went away."""
    head = stream.read(LENGTHS.size)
    if len(head) < LENGTHS.size:
        return None
    said, blob = lengths(head)
    parts = stream.read(said), stream.read(blob)
    return unpacked(*parts) if len(parts[1]) == blob else None


def send(stream: BinaryIO, message: Message) -> None:
    """At once, not when a buffer is full."""
    stream.write(packed(message))
    stream.flush()
