"""The queue of one machine: jobs in, jobs out in order, none lost and none done twice.

Each change is one transaction. A worker holds a job by a lease with a number that only grows; what
comes from an older lease is refused.
"""

import json
import shutil
from pathlib import Path
from sqlite3 import Connection, Row
from time import monotonic, time
from typing import Any

from deepmeme.jobs.database import Database
from deepmeme.jobs.job import STATES, Job, JobNotFound, KeyReused, State, checked_id, draw_id
from deepmeme.jobs.lease import LEASE_S, Lease, end
from deepmeme.jobs.uploads import Uploads, need

MOST_CRASHES = 2
MOST_ATTEMPTS = 10
_NO_JOB = "There is no such job; jobs are deleted a while after their end."
_ENDINGS_KEPT_S = 30 * 86400.0

CRASHED = {
    "type": "Crashed",
    "message": "This file stopped the program that read it twice, so it was given up. It may be "
    "damaged: save it anew as an ordinary jpg, png or mp4 and try again.",
}
WORN_OUT = {
    "type": "GivenUp",
    "message": f"The server stopped {MOST_ATTEMPTS} times while it worked on this, so it was given "
    "up. Try once more.",
}


class Queue(Uploads):
    """All jobs and files below one folder. Thread-safe; any number of processes may have one."""

    def __init__(self, root: Path) -> None:
        """Make the folder, for this user alone, if there is none.

        Raises:
            InputError: a newer deepmeme made the queue.
            OutputError: the queue cannot be opened there.
        """
        self.root = root.absolute()
        for folder in (self.root, self.root / "files", self.root / "jobs"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        super().__init__(Database(self.root / "queue.sqlite"), self.root / "files")

    def close(self) -> None:
        """Close the file. What is asked afterwards fails."""
        self._database.close()

    def submit(
        self,
        kind: str,
        request: dict[str, Any],
        *,
        owner: str = "",
        key: str = "",
        fingerprint: str = "",
    ) -> tuple[Job, bool]:
        """A new job at the end of the queue, on the disk when this returns; and True.

        With a ``key`` that this owner gave before, and an equal ``fingerprint``, the job of then;
        and False.

        Raises:
            KeyReused: the key came before, with another fingerprint.
            InputError: a file that the request names is not there, or is somebody else's.
        """
        id = draw_id()
        with self._database.change() as change:
            if key:
                before = change.execute(
                    "SELECT * FROM jobs WHERE owner = ? AND key = ?", (owner, key)
                ).fetchone()
                if before is not None:
                    return _same(before, fingerprint), False
            need(change, id, owner, request)
            change.execute(
                "INSERT INTO jobs (id, kind, owner, key, fingerprint, request, state, created_s) "
                "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (id, kind, owner, key, fingerprint, json.dumps(request), time()),
            )
        return self.get(id), True

    def get(self, id: str) -> Job:
        """The job of that id.

        Raises:
            JobNotFound: there is none.
        """
        return _job(self._row("*", id))

    def owned(self, id: str, owner: str) -> Job:
        """One of this owner's jobs.

        Raises:
            JobNotFound: there is none, or it is somebody else's: nobody learns which.
        """
        job = self.get(id)
        if job.owner != owner:
            raise JobNotFound(_NO_JOB)
        return job

    def version(self, id: str) -> int:
        """Of the job: differs as soon as anything about it does. Cheap.

        Raises:
            JobNotFound: there is none.
        """
        return int(self._row("version", id)["version"])

    def _row(self, columns: str, id: str) -> Row:
        for row in self._database.rows(f"SELECT {columns} FROM jobs WHERE id = ?", id):
            return row
        raise JobNotFound(_NO_JOB)

    def listed(self, owner: str | None = None, limit: int = 100) -> list[Job]:
        """The newest first; None is everybody's."""
        where, values = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
        found = self._database.rows(
            f"SELECT * FROM jobs {where} ORDER BY number DESC LIMIT ?", *values, limit
        )
        return [_job(row) for row in found]

    def position(self, id: str) -> int:
        """How many jobs come first; 0: it is next, runs or has ended."""
        row = self._row("number, state", id)
        if row["state"] != "queued":
            return 0
        query = "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND number < ?"
        return int(self._database.rows(query, row["number"])[0][0])

    def counts(self, owner: str | None = None) -> dict[State, int]:
        """How many jobs there are in each state; None is everybody's."""
        where, values = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
        query = f"SELECT state, COUNT(*) AS n FROM jobs {where} GROUP BY state"
        found = {row["state"]: int(row["n"]) for row in self._database.rows(query, *values)}
        return {state: found.get(state, 0) for state in STATES}

    def claim(self, worker: str, lease_s: float = LEASE_S) -> Lease | None:
        """The next job, for this worker alone; None if nothing waits."""
        waiting = "SELECT number FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1"
        if not self._database.rows(waiting):  # an idle worker asks often: keep the lock free
            return None
        with self._database.change() as change:
            taken = change.execute(
                "UPDATE jobs SET state = 'running', started_s = ?, attempts = attempts + 1, "
                "token = token + 1, worker = ?, lease_until = ?, version = version + 1 "
                f"WHERE number = ({waiting}) RETURNING *",
                (time(), worker, monotonic() + lease_s),
            ).fetchone()
        if taken is None:
            return None
        return Lease(self._database, _job(taken), worker, int(taken["token"]), lease_s)

    def cancel(self, id: str) -> Job:
        """End a job that has not ended; whoever works on it notices within a second.

        Raises:
            JobNotFound: there is none.
        """
        with self._database.change() as change:
            end(change, "id = ? AND state IN ('queued', 'running')", (id,), "cancelled")
        return self.get(id)

    def forget(self, id: str) -> None:
        """Cancel it if need be, and remove it and all it made.

        Raises:
            JobNotFound: there is none.
        """
        self.cancel(id)
        with self._database.change() as change:
            change.execute("DELETE FROM jobs WHERE id = ?", (id,))
            change.execute("DELETE FROM needs WHERE job = ?", (id,))
        self.clear_folder(id)

    def job_folder(self, id: str) -> Path:
        """Where a job's files lie. It may not exist.

        Raises:
            InputError: no id.
        """
        return self.root / "jobs" / checked_id(id)

    def clear_folder(self, id: str) -> None:
        """Remove a job's files, if there are any."""
        shutil.rmtree(self.job_folder(id), ignore_errors=True)

    def release(self, worker: str | None = None, *, crashed: bool) -> list[str]:
        """End the leases of a worker that is no more, or of all; ids of their jobs.

        The jobs are the next in the queue again. ``crashed`` ones count that: after two crashes,
        as after ten attempts of any kind, a job has failed.
        """
        where, values = ("", ()) if worker is None else (" AND worker = ?", (worker,))
        return self._released(where, values, crashed=crashed)

    def overdue(self) -> list[str]:
        """Release the leases whose time is over, as crashed; ids of their jobs."""
        return self._released(" AND lease_until < ?", (monotonic(),), crashed=True)

    def late_workers(self) -> set[str]:
        """Who holds a lease whose time is over."""
        query = "SELECT worker FROM jobs WHERE state = 'running' AND lease_until < ?"
        return {str(row["worker"]) for row in self._database.rows(query, monotonic())}

    def _released(self, where: str, values: tuple[Any, ...], *, crashed: bool) -> list[str]:
        with self._database.change() as change:
            found = change.execute(
                f"UPDATE jobs SET crashes = crashes + ? WHERE state = 'running'{where} "
                "RETURNING id, crashes, attempts",
                (int(crashed), *values),
            ).fetchall()
            for row in found:
                id, many = str(row["id"]), int(row["crashes"]) >= MOST_CRASHES
                if (crashed and many) or int(row["attempts"]) >= MOST_ATTEMPTS:
                    error = json.dumps(CRASHED if many else WORN_OUT)
                    end(change, "id = ?", (id,), "failed", error=error)
                else:
                    _requeue(change, id)
        return [str(row["id"]) for row in found]

    def tidy(self, keep_s: float) -> list[str]:
        """Forget jobs that ended so long ago, and files that are too old; ids of the jobs.

        What a waiting or running job needs stays.
        """
        before = time() - keep_s
        old = self._database.rows(
            "SELECT id FROM jobs WHERE ended_s < ? AND NOT EXISTS (SELECT 1 FROM needs JOIN jobs "
            "AS other ON other.id = needs.job WHERE needs.id = jobs.id "
            "AND other.state IN ('queued', 'running'))",
            before,
        )
        ids = [str(row["id"]) for row in old]
        for id in ids:
            try:
                self.forget(id)
            except JobNotFound:  # somebody else was faster
                continue
        with self._database.change() as change:
            change.execute(
                "DELETE FROM endings WHERE ended_s < ? AND job NOT IN (SELECT id FROM jobs)",
                (before - _ENDINGS_KEPT_S,),
            )
        self.sweep_files()
        self.sweep_folders()
        return ids

    def sweep_folders(self) -> None:
        """Remove folders of jobs that nobody knows, or that were to leave nothing behind."""
        folders = list((self.root / "jobs").iterdir())  # before the rows: new jobs stay out of it
        kept = self._database.rows("SELECT id FROM jobs WHERE state NOT IN ('failed', 'cancelled')")
        known = {str(row["id"]) for row in kept}
        for folder in folders:
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def endings(self, id: str) -> list[State]:
        """How often it ended, and how: one entry at most, or something is wrong."""
        query = "SELECT state FROM endings WHERE job = ? ORDER BY number"
        return [row["state"] for row in self._database.rows(query, id)]


def _requeue(change: Connection, id: str) -> None:
    change.execute(
        "UPDATE jobs SET state = 'queued', worker = NULL, lease_until = NULL, started_s = NULL, "
        "stage = '', done = 0, total = NULL, version = version + 1 WHERE id = ?",
        (id,),
    )


def _same(row: Row, fingerprint: str) -> Job:
    if row["fingerprint"] != fingerprint:
        raise KeyReused(
            f"The idempotency key {row['key'][:80]!r} was used for another request. A new request "
            "needs a new key."
        )
    return _job(row)


_JSON = ("request", "story", "error", "result")
_HIDDEN = ("number", "key", "fingerprint", "token", "worker", "lease_until")


def _job(row: Row) -> Job:
    facts = {name: row[name] for name in row.keys() if name not in _HIDDEN}  # noqa: SIM118
    for name in _JSON:
        facts[name] = None if facts[name] is None else json.loads(facts[name])
    return Job(**facts)
