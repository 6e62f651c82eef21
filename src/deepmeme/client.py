"""A typed client of the HTTP API.

>>> client = deepmeme.Client("http://127.0.0.1:7860")
>>> job = client.animate("me.jpg", "dance.mp4", consent=True, caption_top="when it works")
>>> client.wait(job).save("result.mp4")
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any

from deepmeme.errors import DeepmemeError, OutputError
from deepmeme.extras import require

PathLike = str | Path
_RETRIES = 4
_SHELF = "shelf:"


class ServerError(DeepmemeError):
    """The server said no, in its words."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        """Name of the error there, such as "InputError"."""


@dataclass(frozen=True)
class RemoteJob:
    """A job on a server, as it stood when it was asked about."""

    client: "Client"
    facts: Mapping[str, Any]
    """All that the server told; see JobAnswer in /openapi.json."""

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    @property
    def state(self) -> str:
        """ "queued", "running", "done", "failed" or "cancelled"."""
        return str(self.facts["state"])

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    def refresh(self) -> "RemoteJob":
        """As it stands now."""
        return RemoteJob(self.client, self.client._json("GET", f"/v1/jobs/{self.id}"))

    def events(self) -> Iterator["RemoteJob"]:
        """The job each time that something about it changed, until it has ended."""
        for facts in self.client._events(f"/v1/jobs/{self.id}/events"):
            yield RemoteJob(self.client, facts)

    def cancel(self) -> "RemoteJob":
        """Stop it."""
        facts = self.client._json("POST", f"/v1/jobs/{self.id}/cancel")
        return RemoteJob(self.client, facts)

    def delete(self) -> None:
        """Stop it if need be, and delete all that it made."""
        self.client._json("DELETE", f"/v1/jobs/{self.id}")

    def again(self, *, format: str | None = None, **options: Any) -> "RemoteJob":
        """The same once more, with some options different."""
        told = {"options": options, **({} if format is None else {"format": format})}
        return RemoteJob(self.client, self.client._json("POST", f"/v1/jobs/{self.id}/again", told))

    def save(self, path: PathLike) -> Path:
        """Download the result, whole or not at all.

        Raises:
            ServerError: the job failed, was cancelled, or is not done yet.
            OutputError: it cannot be written there.
        """
        if self.facts.get("error"):
            raise ServerError(422, self.facts["error"]["type"], self.facts["error"]["message"])
        return self.client._download(f"/v1/jobs/{self.id}/result", Path(path))


class Client:
    """Asks one server. Close it, or use it in a ``with``."""

    def __init__(
        self,
        address: str = "http://127.0.0.1:7860",
        *,
        token: str = "",
        timeout_s: float = 120.0,
        transport: Any = None,
    ) -> None:
        """
        Args:
            address: of the server.
            token: where it asks for one.
            timeout_s: for each answer to begin.
            transport: another httpx transport, for tests.

        Raises:
            MissingExtra: httpx2 is not installed: pip install 'deepmeme[client]'.
        """
        httpx = require("httpx2", extra="client")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http: Any = httpx.Client(
            base_url=address, headers=headers, timeout=timeout_s, transport=transport
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def animate(
        self,
        source: PathLike | Sequence[PathLike],
        driving: PathLike,
        *,
        format: str = "mp4",
        consent: bool = False,
        inside: bool = False,
        key: str = "",
        **options: Any,
    ) -> RemoteJob:
        """Ask for an animation; files are brought first, ``shelf:NAME`` is there already.

        Args:
            source: picture or pictures.
            driving: clip or picture that moves them.
            format: mp4, webm, gif or webp.
            consent: the people in the pictures agreed, where they can be asked.
            inside: also make the film of what the networks did.
            key: the same key again is the same job; one is drawn unless given, so that trying
                again after a lost answer makes no second job.
            options: fields of :class:`deepmeme.AnimateOptions`.
        """
        several = [source] if isinstance(source, str | Path) else list(source)
        wanted = {
            "sources": [self.bring(path) for path in several],
            "driving": self.bring(driving),
            "options": options,
            "format": format,
            "consent": consent,
            "inside": inside,
        }
        headers = {"idempotency-key": key or secrets.token_urlsafe(12)}
        facts = self._json("POST", "/v1/animations", wanted, headers=headers)
        return RemoteJob(self, facts)

    def bring(self, path: PathLike) -> str:
        """Send a file; what the server calls it."""
        if str(path).startswith(_SHELF):
            return str(path)
        with Path(path).open("rb") as stream:
            answer = self._json("POST", "/v1/files", files={"file": ("file", stream)})
        return str(answer["ref"])

    def wait(
        self, job: RemoteJob, on_change: Callable[[RemoteJob], None] | None = None
    ) -> RemoteJob:
        """The job once it has ended; tries again where the connection breaks.

        Raises:
            ServerError: the server does not know it, or cannot be reached any more.
        """
        httpx = require("httpx2", extra="client")
        latest = job
        for attempt in range(_RETRIES + 1):
            try:
                for latest in job.events():
                    if on_change is not None:
                        on_change(latest)
                if latest.ended:
                    return latest
            except httpx.TransportError as error:
                if attempt == _RETRIES:
                    raise ServerError(503, "Unreachable", f"The server is gone: {error}") from error
            sleep(0.5 * 2**attempt)
        return latest.refresh()

    def jobs(self) -> list[RemoteJob]:
        """Your jobs, the newest first."""
        return [RemoteJob(self, facts) for facts in self._json("GET", "/v1/jobs")["jobs"]]

    def job(self, id: str) -> RemoteJob:
        """One job."""
        return RemoteJob(self, self._json("GET", f"/v1/jobs/{id}"))

    def faces(
        self, *, seed: int = 7, count: int = 1, model: str = "gan", variety: float = 1.0,
        **edits: float,
    ) -> bytes:  # fmt: skip
        """People who do not exist, as a JPEG; ``edits`` are traits and steps."""
        told = {
            "seed": seed, "count": count, "model": model, "variety": variety, "edits": edits,
        }  # fmt: skip
        return bytes(self._answer("POST", "/v1/faces", json=told).content)

    def verify(self, path: PathLike) -> dict[str, Any]:
        """Where a file comes from, as far as its marks tell."""
        with Path(path).open("rb") as stream:
            verdict: dict[str, Any] = self._json(
                "POST", "/v1/verify", files={"file": ("file", stream)}
            )
        return verdict

    def health(self) -> dict[str, Any]:
        """Whether the server works, and how much waits."""
        told: dict[str, Any] = self._json("GET", "/v1/health")
        return told

    def _json(self, method: str, path: str, told: Any = None, **more: Any) -> Any:
        answer = self._answer(method, path, **({} if told is None else {"json": told}), **more)
        return answer.json() if answer.content else None

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        answer = self._http.request(method, path, **more)
        if answer.is_error:
            raise _refusal(answer)
        return answer

    def _events(self, path: str) -> Iterator[Mapping[str, Any]]:
        with self._http.stream("GET", path) as answer:
            if answer.is_error:
                answer.read()
                raise _refusal(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])

    def _download(self, path: str, target: Path) -> Path:
        part = target.with_name(f".{target.name}.part")
        with ExitStack() as clean:
            clean.callback(part.unlink, missing_ok=True)
            try:
                with self._http.stream("GET", path) as answer, part.open("wb") as kept:
                    if answer.is_error:
                        answer.read()
                        raise _refusal(answer)
                    for piece in answer.iter_bytes():
                        kept.write(piece)
                part.replace(target)
            except OSError as error:
                raise OutputError(f"{target} cannot be written: {error}.") from error
        return target


def _refusal(answer: Any) -> ServerError:
    try:
        said = answer.json()["error"]
        return ServerError(answer.status_code, str(said["type"]), str(said["message"]))
    except (ValueError, KeyError, TypeError):
        text = f"The server answered {answer.status_code} to {answer.request.url.path}."
        return ServerError(answer.status_code, "Unknown", text)
