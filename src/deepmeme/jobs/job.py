"""What a job is, as everybody sees it, and what can be wrong with one."""

import re
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from deepmeme.errors import DeepmemeError, InputError

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

ID = re.compile(r"[A-Za-z0-9_-]{16}")


class JobNotFound(DeepmemeError):
    """No job of that id; it may have been deleted."""


class KeyReused(InputError):
    """An idempotency key that came before, with another request."""


class LeaseLost(DeepmemeError):
    """The job was cancelled, or taken from whoever worked on it."""


class ConsentNeeded(InputError):
    """A source may show a real person, and nobody said that they agree."""


class TooMuch(InputError):
    """More work than this server does for one job."""


@dataclass(frozen=True)
class Job:
    """One piece of work, as it stood when it was read. Times are of the Unix clock."""

    id: str
    kind: str
    owner: str
    request: dict[str, Any]
    state: State
    created_s: float
    started_s: float | None
    ended_s: float | None
    attempts: int
    """How many times a worker took it."""
    crashes: int
    """How many times it took its worker down."""
    stage: str
    done: int
    total: int | None
    preview: int
    """How many previews were written."""
    story: dict[str, Any]
    error: dict[str, str] | None
    result: dict[str, Any] | None
    version: int
    """Grows whenever anything else here changes."""

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self.state in ENDED


def draw_id() -> str:
    """A new one, for a job or a file: 96 random bits, safe in a path and an address."""
    return secrets.token_urlsafe(12)


def checked_id(id: str) -> str:
    """The same, once it is sure that it can be part of a path.

    Raises:
        InputError: it is none of ours.
    """
    if not isinstance(id, str) or not ID.fullmatch(id):
        raise InputError("This is no id of a file or job; one has 16 letters, digits, - and _.")
    return id
