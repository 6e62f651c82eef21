"""The file that the queue is kept in: its tables, and one connection for each thread."""

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError, OutputError
from deepmeme.media.lock import one_at_a_time

VERSION = 1
_BUSY_S = 30.0

_TABLES = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    created_s REAL NOT NULL,
    started_s REAL,
    ended_s REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    preview INTEGER NOT NULL DEFAULT 0,
    story TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    result TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    token INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_until REAL,
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, key) WHERE key <> '';
CREATE INDEX jobs_by_state ON jobs (state, number);
CREATE INDEX jobs_by_owner ON jobs (owner, number);

-- one row for each end of a job: a job that ended twice would show
CREATE TABLE endings (
    number INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    token INTEGER NOT NULL,
    ended_s REAL NOT NULL
) STRICT;
CREATE INDEX endings_by_job ON endings (job);

CREATE TABLE files (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_s REAL NOT NULL,
    expires_s REAL NOT NULL
) STRICT;
CREATE INDEX files_by_owner ON files (owner);

-- what a job needs: ids of files, or of the job that it goes on from
CREATE TABLE needs (
    job TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (job, id)
) STRICT;
CREATE INDEX needs_by_id ON needs (id);
"""


class Database:
    """Transactions on one SQLite file in WAL mode; thread-safe, and so are many processes."""

    def __init__(self, path: Path) -> None:
        """Make the file if there is none.

        Raises:
            InputError: a newer deepmeme made it.
            OutputError: it cannot be opened, or is none of ours.
        """
        self.path = path
        self._own = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        try:
            with one_at_a_time(path.with_suffix(".lock")):
                self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise OutputError(f"The queue {path} cannot be opened: {error}.") from error

    def _prepare(self) -> None:
        with _opened(self.path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise InputError(
                    f"{self.path} was made by a newer deepmeme (layout {version}; this one knows "
                    f"{VERSION}). Update deepmeme, or choose another folder."
                )
            if version == 0:
                connection.executescript(
                    f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
                )
        self.path.chmod(0o600)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """What a SELECT finds."""
        return self._connection().execute(query, values).fetchall()

    @contextmanager
    def change(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. It waits for others who write.

        ``durable`` ones are on the disk before this returns and survive a power cut; the others
        survive the end of the process only.
        """
        connection = self._connection()
        # WAL: FULL syncs the log with every commit, NORMAL with the next durable one
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _connection(self) -> sqlite3.Connection:
        held: _Held | None = getattr(self._own, "held", None)
        if held is None:
            held = self._own.held = _Held(_connect(self.path))
            self._all.add(held)
        return held.connection

    def close(self) -> None:
        """Close the connections of all threads. What is asked afterwards fails."""
        for held in list(self._all):
            held.connection.close()


class _Held:
    """A thread's connection, closed when the thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = _connect(path)
    try:
        yield connection
    finally:
        connection.close()
