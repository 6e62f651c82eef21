"""What the routes share: the queue, the desks, the keys. One object a server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from deepmeme.jobs.desk import Desk
from deepmeme.jobs.folder import Folder
from deepmeme.jobs.job import Job, JobNotFound
from deepmeme.jobs.keeper import Keeper
from deepmeme.jobs.queue import Queue
from deepmeme.web.events import Paces, job_json
from deepmeme.web.keys import COOKIE, Keys
from deepmeme.web.metrics import Metrics
from deepmeme.web.options import ServeOptions
from deepmeme.web.problems import Stop

_RESTS_EVERY_S = 20.0
_MOST_WAITING = 16


@dataclass
class Service:
    """The parts of a running server."""

    options: ServeOptions
    keys: Keys
    queue: Queue
    folder: Folder
    keeper: Keeper
    metrics: Metrics
    looks: Desk = field(init=False)
    """Reads uploads: sizes, faces, puppets."""
    dreams: Desk = field(init=False)
    """Paints faces; reads nobody's file, so it is quick under the finger."""
    checks: Desk = field(init=False)
    """Verifies; may take a minute over one file."""
    paces: Paces = field(default_factory=Paces)
    live: int = 0
    """Sessions that run now."""
    stages: list[Desk] = field(default_factory=list)
    """Desks of sessions that are over: the next one begins at once, its model is loaded."""

    def __post_init__(self) -> None:
        self.looks, self.dreams, self.checks = self._desk(), self._desk(), self._desk()

    def _desk(self) -> Desk:
        return Desk(memory_bytes=self.options.memory_bytes)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start the workers, and stop all processes at the end."""
        await run_in_threadpool(self.keeper.start)
        resting = asyncio.create_task(self._rest())
        try:
            yield
        finally:
            resting.cancel()
            for desk in self._desks:
                await desk.close()
            await run_in_threadpool(self.keeper.stop)
            self.queue.close()

    @property
    def _desks(self) -> tuple[Desk, ...]:
        return self.looks, self.dreams, self.checks, *self.stages

    async def _rest(self) -> None:
        while True:
            await asyncio.sleep(_RESTS_EVERY_S)
            for desk in self._desks:
                await desk.rest()

    @contextlib.asynccontextmanager
    async def stage(self) -> AsyncIterator[Desk]:
        """A desk for one live session alone."""
        desk = self.stages.pop() if self.stages else self._desk()
        try:
            yield desk
        finally:
            self.stages.append(desk)

    def not_too_busy(self, desk: Desk) -> Desk:
        """The desk, unless too many wait there.

        Raises:
            Stop: come back later.
        """
        if desk.waiting >= _MOST_WAITING:
            raise Stop(503, "Busy", "Too many ask at once. Try again in some seconds.")
        return desk

    def job(self, id: str, owner: str) -> Job:
        """One of this owner's jobs.

        Raises:
            JobNotFound: no such job, or somebody else's: nobody learns which.
        """
        job = self.queue.get(id)
        if job.owner != owner:
            raise JobNotFound("There is no such job; jobs are deleted a while after their end.")
        return job

    def told(self, job: Job) -> dict[str, Any]:
        """A job as JSON."""
        return job_json(job, self.queue.position(job.id), self.paces.eta_s(job))


def service_of(connection: HTTPConnection) -> Service:
    """The server's parts."""
    service: Service = connection.app.state.service
    return service


def owner_of(connection: HTTPConnection) -> str:
    """Who asks.

    Raises:
        Stop: nobody known; a token is needed.
    """
    headers = connection.headers
    owner = service_of(connection).keys.owner(
        headers.get("authorization", ""), connection.cookies.get(COOKIE, "")
    )
    if owner is None:
        raise Stop(
            401,
            "TokenNeeded",
            "This server asks for its token: Authorization: Bearer TOKEN. Whoever runs it has it.",
        )
    return owner


def _service(request: Request) -> Service:
    return service_of(request)


def _owner(request: Request) -> str:
    return owner_of(request)


ServiceHere = Annotated[Service, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]
