"""What whoever runs the server may choose; declared once, read by the command line."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import platformdirs

from deepmeme.choices import choice, settle
from deepmeme.pipelines.values import parse_bytes

_PLACE, _ROOM, _LIMITS = "Place", "Room", "Limits"
_GB = 1 << 30


@dataclass(frozen=True)
class ServeOptions:
    """Choices for the server.

    Raises:
        InputError: naming every value that does not fit.
    """

    host: str = choice(
        "127.0.0.1",
        "Address to listen on. Only this machine can reach the usual one; 0.0.0.0 is everybody, "
        "who then needs the token.",
        _PLACE,
    )
    port: int = choice(7860, "Port to listen on; 0 takes a free one.", _PLACE, low=0, high=65535)
    name: str = choice(
        "",
        "Names under which others reach it, with commas: studio.example.org. Requests for other "
        "names are refused.",
        _PLACE,
        metavar="HOST,HOST",
    )
    token_file: str | None = choice(
        None,
        "File of tokens, one in a line, or a name and a token: each name sees its own jobs. "
        "DEEPMEME_TOKEN holds a single one. Without either, a server that others can reach makes "
        "one up and prints it.",
        _PLACE,
        metavar="FILE",
    )
    token: bool = choice(
        True, "Ask for a token where others can reach the server.", _PLACE, off="no-token"
    )

    proxy: str = choice(
        "",
        "Address or network of a proxy in front, whose X-Forwarded-For and -Proto are believed: "
        "127.0.0.1, 172.16.0.0/12.",
        _PLACE,
        metavar="ADDRESS",
    )

    folder: str | None = choice(
        None, "Where jobs and files are kept; a folder of this user unless given.", _ROOM,
        metavar="FOLDER",
    )  # fmt: skip
    keep: float = choice(
        24.0, "Hours until files and finished jobs are deleted.", _ROOM, low=0.01, high=8760
    )
    quota: str = choice(
        "10GB", "Room on the disk for all files together.", _ROOM, parse=parse_bytes, metavar="SIZE"
    )

    workers: int = choice(
        1,
        "Jobs that are worked on at the same time; 0 only takes them in.",
        _LIMITS,
        low=0,
        high=64,
    )
    live: int = choice(1, "Live sessions at the same time; 0 for none.", _LIMITS, low=0, high=64)
    max_upload: str = choice(
        "200MB", "Largest file that is taken.", _LIMITS, parse=parse_bytes, metavar="SIZE"
    )
    max_seconds: float = choice(
        600.0, "Longest driving clip that is taken, in seconds.", _LIMITS, low=1, high=86400
    )
    max_queued: int = choice(
        200, "Jobs that one client may have waiting.", _LIMITS, low=1, high=100000
    )
    rate: float = choice(
        50.0, "Requests a second that one client may make, on average.", _LIMITS, low=1, high=10000
    )
    memory: str = choice(
        "6GB", "Memory that one working process may take.", _LIMITS, parse=parse_bytes,
        metavar="SIZE",
    )  # fmt: skip

    def __post_init__(self) -> None:
        settle(self)

    @property
    def root(self) -> Path:
        """The folder of jobs and files. It may not exist yet."""
        if self.folder:
            return Path(self.folder).expanduser()
        return Path(platformdirs.user_data_dir("deepmeme")) / "studio"

    @property
    def only_here(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return is_loopback(self.host)

    @property
    def names(self) -> frozenset[str]:
        """What a request's Host may say, without ports."""
        given = {name.strip().lower() for name in self.name.split(",") if name.strip()}
        return frozenset(given | {"localhost", "127.0.0.1", "[::1]", self.host.lower()})

    @property
    def quota_bytes(self) -> int:
        return parse_bytes(self.quota)

    @property
    def upload_bytes(self) -> int:
        return parse_bytes(self.max_upload)

    @property
    def memory_bytes(self) -> int:
        return parse_bytes(self.memory)


def is_loopback(host: str) -> bool:
    """Whether an address, or localhost, is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
