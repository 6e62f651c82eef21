"""A worker's hold on one job: whatever it says counts only as long as the hold does."""

import json
from sqlite3 import Connection
from time import monotonic, time
from typing import Any

from deepmeme.jobs.database import Database
from deepmeme.jobs.job import Job, LeaseLost, State

LEASE_S = 30.0
_MOST_WORDS = 2000
_HELD = "id = ? AND worker = ? AND token = ? AND state = 'running'"


class Lease:
    """Every method raises :class:`LeaseLost` once the job was cancelled or taken away."""

    def __init__(
        self, database: Database, job: Job, worker: str, token: int, lease_s: float
    ) -> None:
        """Made by ``Queue.claim``."""
        self.job = job
        self._database = database
        self._hold = (job.id, worker, token)
        self._lease_s = lease_s

    def held(self) -> bool:
        """Whether the job is still ours. Cheap, and never raises."""
        return bool(self._database.rows(f"SELECT 1 FROM jobs WHERE {_HELD}", *self._hold))

    def beat(self) -> None:
        """The worker lives: the lease is as long again as it was."""
        with self._database.change(durable=False) as change:
            self._demand(
                change.execute(
                    f"UPDATE jobs SET lease_until = ? WHERE {_HELD}",
                    (monotonic() + self._lease_s, *self._hold),
                ).rowcount
            )

    def tell(
        self,
        *,
        stage: str | None = None,
        done: int | None = None,
        total: int | None = None,
        preview: int | None = None,
        story: dict[str, Any] | None = None,
    ) -> None:
        """How far the work is. A ``stage`` begins with its ``total`` and, unless told, 0 done."""
        news: dict[str, Any] = {"done": done, "preview": preview}
        if story is not None:
            news["story"] = json.dumps(story)
        if stage is not None:
            news |= {"stage": stage, "done": done or 0}
        news = {name: value for name, value in news.items() if value is not None}
        if stage is not None:
            news["total"] = total
        changes = "".join(f"{name} = ?, " for name in news)
        with self._database.change(durable=False) as change:
            self._demand(
                change.execute(
                    f"UPDATE jobs SET {changes}version = version + 1 WHERE {_HELD}",
                    (*news.values(), *self._hold),
                ).rowcount
            )

    def finish(self, result: dict[str, Any]) -> None:
        """The job is done."""
        self._end("done", result=json.dumps(result), done_all=True)

    def fail(self, type: str, message: str) -> None:
        """The job has failed; ``type`` is an error's name, ``message`` is for whoever asked."""
        self._end("failed", error=json.dumps({"type": type, "message": message[:_MOST_WORDS]}))

    def give_back(self) -> None:
        """The job is the next in the queue again, as if this worker had never taken it."""
        with self._database.change() as change:
            self._demand(
                change.execute(
                    "UPDATE jobs SET state = 'queued', worker = NULL, lease_until = NULL, "
                    "started_s = NULL, attempts = attempts - 1, stage = '', done = 0, "
                    f"total = NULL, version = version + 1 WHERE {_HELD}",
                    self._hold,
                ).rowcount
            )

    def _end(self, state: State, *, done_all: bool = False, **facts: str) -> None:
        with self._database.change() as change:
            if done_all:  # the last frames came too fast to be told
                change.execute(
                    f"UPDATE jobs SET done = coalesce(total, done) WHERE {_HELD}", self._hold
                )
            self._demand(end(change, _HELD, self._hold, state, **facts))

    def _demand(self, num_rows: int) -> None:
        """Raised within the transaction, so that nothing of it stays."""
        if num_rows != 1:
            raise LeaseLost(f"Job {self.job.id} was cancelled, or given to another worker.")


def end(change: Connection, where: str, values: tuple[Any, ...], state: State, **facts: str) -> int:
    """End the jobs ``where`` it holds, and note each end; how many there were."""
    now = time()
    change.execute(
        f"INSERT INTO endings (job, state, token, ended_s) "
        f"SELECT id, ?, token, ? FROM jobs WHERE {where}",
        (state, now, *values),
    )
    more = "".join(f"{name} = ?, " for name in facts)
    return change.execute(
        f"UPDATE jobs SET {more}state = ?, ended_s = ?, worker = NULL, lease_until = NULL, "
        f"version = version + 1 WHERE {where}",
        (*facts.values(), state, now, *values),
    ).rowcount
