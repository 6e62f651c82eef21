"""Strangers' files, kept for a while under names of ours: rows here, bytes in ROOT/files."""

from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, Row
from time import time
from typing import Any

from deepmeme.errors import InputError
from deepmeme.jobs.database import Database
from deepmeme.jobs.job import checked_id

_IN_USE = """
EXISTS (SELECT 1 FROM needs JOIN jobs ON jobs.id = needs.job
        WHERE needs.id = files.id AND jobs.state IN ('queued', 'running'))
"""


@dataclass(frozen=True)
class Upload:
    """One file that somebody sent."""

    id: str
    owner: str
    kind: str
    """"picture", "animation", "video" or "sound"."""
    format: str
    """As ``media.sniff`` calls it: "jpg", "mp4"."""
    bytes: int
    created_s: float
    expires_s: float
    """Unix time from which on it is for no new job."""


class Uploads:
    """The half of the queue that keeps files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.files_folder = folder

    def file_path(self, id: str) -> Path:
        """Where the bytes of that id lie, or are to be written.

        Raises:
            InputError: no id.
        """
        return self.files_folder / checked_id(id)

    def add_file(
        self, id: str, *, owner: str, kind: str, format: str, num_bytes: int, keep_s: float
    ) -> Upload:
        """From now on the bytes at ``file_path(id)`` are a file of this owner."""
        now = time()
        upload = Upload(checked_id(id), owner, kind, format, num_bytes, now, now + keep_s)
        with self._database.change() as change:
            change.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, owner, kind, format, num_bytes, now, now + keep_s),
            )
        return upload

    def file(self, id: str, owner: str | None = None) -> Upload:
        """A file that a new job may use; None for ``owner`` is anybody's.

        Raises:
            InputError: unknown, somebody else's, deleted, or too old.
        """
        for row in self._database.rows("SELECT * FROM files WHERE id = ?", checked_id(id)):
            upload = Upload(**dict(row))
            if owner in (None, upload.owner) and upload.expires_s > time():
                return upload
        raise gone(id)

    def files(self, owner: str) -> list[Upload]:
        """Of one owner, the newest first."""
        found = self._database.rows(
            "SELECT * FROM files WHERE owner = ? AND expires_s > ? ORDER BY created_s DESC",
            owner,
            time(),
        )
        return [Upload(**dict(row)) for row in found]

    def files_total_bytes(self, owner: str | None = None) -> int:
        """Of all files that are kept, or of one owner's."""
        where, values = ("", ()) if owner is None else (" WHERE owner = ?", (owner,))
        found = self._database.rows(f"SELECT SUM(bytes) FROM files{where}", *values)
        return int(found[0][0] or 0)

    def delete_file(self, id: str, owner: str | None = None) -> None:
        """For no new job from now on, and away as soon as no job needs it. Twice is fine.

        Raises:
            InputError: no id.
        """
        with self._database.change() as change:
            change.execute(
                "UPDATE files SET expires_s = 0 WHERE id = ? AND owner = coalesce(?, owner)",
                (checked_id(id), owner),
            )
        self.sweep_files()

    def sweep_files(self) -> list[str]:
        """Remove what nobody may use any more and no job needs; their ids."""
        with self._database.change() as change:
            found = change.execute(
                f"DELETE FROM files WHERE expires_s <= ? AND NOT {_IN_USE} RETURNING id", (time(),)
            ).fetchall()
        gone = [str(row["id"]) for row in found]
        for id in gone:
            self.file_path(id).unlink(missing_ok=True)
        return gone

    def sweep_orphans(self) -> int:
        """Remove bytes that no row knows: only while nobody is sending any. How many there were."""
        known = {str(row["id"]) for row in self._database.rows("SELECT id FROM files")}
        orphans = [path for path in self.files_folder.iterdir() if path.name not in known]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)


def need(change: Connection, job: str, owner: str, request: dict[str, Any]) -> None:
    """Note what a new job needs, so that it stays until the job has ended.

    Raises:
        InputError: a file that its owner may not use any more, or a job to go on from that is not
            his or not done.
    """
    for id in uploads_of(request):
        found: Row | None = change.execute(
            "SELECT 1 FROM files WHERE id = ? AND owner = ? AND expires_s > ?", (id, owner, time())
        ).fetchone()
        if found is None:
            raise gone(id)
        change.execute("INSERT OR IGNORE INTO needs VALUES (?, ?)", (job, id))
    if again := request.get("again"):
        if not change.execute(
            "SELECT 1 FROM jobs WHERE id = ? AND owner = ? AND state = 'done'", (again, owner)
        ).fetchone():
            raise InputError("The job to go on from is not here any more, or is not done.")
        change.execute("INSERT OR IGNORE INTO needs VALUES (?, ?)", (job, again))


def uploads_of(request: dict[str, Any]) -> list[str]:
    """Ids of the files that a request names, of whatever kind it is."""
    return [checked_id(ref) for ref in refs_of(request) if not ref.startswith("shelf:")]


def refs_of(request: dict[str, Any]) -> list[str]:
    """All that a request names: uploads, and files that come with deepmeme."""
    several = (*request.get("sources", ()), *request.get("a", ()), *request.get("b", ()))
    refs = (*several, request.get("driving", ""), request.get("convert", ""))
    return [ref for ref in refs if ref]


def gone(id: str) -> InputError:
    """The error for a file that cannot be used."""
    return InputError(
        f"There is no file {id} here. Files are deleted after a while: send it once more."
    )
