"""What an extraction has seen so far, one line a look, so that a killed run goes on where it was.

``extract.jsonl`` in the faceset's folder is only ever added to. It holds every face with all that
was measured, also of faces that the index leaves out, so that another choice needs no new look.
A line counts once it ends; what a crash cut off is taken away.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError, OutputError
from deepmeme.pipelines.swap.extract_row import FaceRow, row_as_json, row_from_json
from deepmeme.pipelines.swap.extract_sources import Source, stem_for
from deepmeme.pipelines.swap.extract_watch import WatchState, state_as_json, state_from_json

JOURNAL = "extract.jsonl"
FORMAT = 1
MOST_BYTES = 2_000_000
"""Of a line."""


@dataclass
class Entry:
    """One source and how far it is."""

    key: str
    name: str
    stem: str
    step: int
    """Frames from one look to the next; 0 of a still picture."""
    looks: int = 0
    done: bool = False


class Journal:
    """The journal of one folder. Only one process may have it open: see ``media/lock.py``."""

    def __init__(self, folder: Path, size_px: int, names: Sequence[str]) -> None:
        """Read what is there; nothing is written yet.

        Raises:
            InputError: it is damaged, or for pictures of another size.
            OutputError: the folder holds something else.
        """
        self.path = folder / JOURNAL
        self.entries: list[Entry] = []
        self.faces = 0
        self.indexed = 0
        """Faces that the index was last written with."""
        self.next_track = 0
        self.last: tuple[int, WatchState] | None = None
        """The latest look: the number of its source, and what it leaves to the next."""
        self._waiting: list[str] = []
        self._names = list(names)
        self._head = {"extract": FORMAT, "size_px": size_px, "names": self._names}
        _check_folder(folder)
        if self.path.is_file():
            self._read()
        else:
            self._add(self._head)

    def entry_of(self, key: str) -> int | None:
        """Number of a source that is known."""
        return next((i for i, entry in enumerate(self.entries) if entry.key == key), None)

    def begin(self, source: Source, step: int) -> int:
        """Number of a new source."""
        stem = stem_for(source.path, [entry.stem for entry in self.entries])
        entry = Entry(source.key, source.path.name, stem, step)
        self.entries.append(entry)
        self._add({"source": {"key": entry.key, "name": entry.name, "stem": stem, "step": step}})
        return len(self.entries) - 1

    def add_look(self, source: int, state: WatchState, rows: Sequence[FaceRow]) -> None:
        """A frame was looked at. It counts from the next :meth:`commit` on."""
        self._add({
            "look": source, "state": state_as_json(state), "faces": [*map(row_as_json, rows)]
        })  # fmt: skip
        self._looked(source, state, len(rows))

    def finish(self, source: int) -> None:
        """A source was seen to its end."""
        self.entries[source].done = True
        self._add({"done": source})

    def mark_indexed(self) -> None:
        """The index was written with all faces."""
        if self.indexed != self.faces:
            self.indexed = self.faces
            self._add({"indexed": self.faces})

    def commit(self) -> None:
        """Write what was added; not before the first face, so that without one nothing is left.

        Raises:
            OutputError: it can't be written.
        """
        if not self.faces or not self._waiting:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as stream:
                stream.write("".join(self._waiting).encode())
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written: {error.strerror or error}."
            ) from error
        self._waiting.clear()

    def rows(self) -> Iterator[FaceRow]:
        """All faces, in the order in which they were seen; of what is committed.

        Raises:
            InputError: the journal is damaged.
        """
        counts = [0] * len(self.entries)
        for number, line in self._lines():
            if "look" not in line:
                continue
            source = int(line["look"])
            frame = counts[source] * self.entries[source].step
            counts[source] += 1
            for facts in line["faces"]:
                try:
                    yield row_from_json(facts, source, frame, len(self._names))
                except (ValueError, TypeError, KeyError, InputError) as error:
                    raise self._damaged(number, error) from error

    def _add(self, facts: dict[str, Any]) -> None:
        self._waiting.append(json.dumps(facts, separators=(",", ":")) + "\n")

    def _looked(self, source: int, state: WatchState, faces: int) -> None:
        self.entries[source].looks += 1
        self.entries[source].done = self.entries[source].step == 0
        self.faces += faces
        self.next_track = max(self.next_track, state.next_track)
        self.last = source, state

    def _read(self) -> None:
        self._cut_tail()
        number = 0
        for number, line in self._lines():
            try:
                self._take(number, line)
            except (ValueError, TypeError, KeyError, IndexError) as error:
                if isinstance(error, InputError):
                    raise
                raise self._damaged(number, error) from error
        if not number:
            self._add(self._head)

    def _take(self, number: int, line: dict[str, Any]) -> None:
        if number == 1:
            self._check_head(line)
        elif "source" in line:
            self.entries.append(_entry(line["source"]))
        elif "look" in line:
            source = int(line["look"])
            if not 0 <= source < len(self.entries):
                raise ValueError(f"there is no source {source}")
            self._looked(source, state_from_json(line["state"]), len(line["faces"]))
        elif "done" in line:
            self.entries[int(line["done"])].done = True
        elif "indexed" in line:
            self.indexed = int(line["indexed"])

    def _check_head(self, line: dict[str, Any]) -> None:
        folder = self.path.parent
        if line.get("extract") != FORMAT:
            raise ValueError(f"expected format {FORMAT}, found {line.get('extract')!r}")
        if line.get("size_px") != self._head["size_px"]:
            raise InputError(
                f"The pictures in {folder} are {line.get('size_px')} pixels wide, not "
                f"{self._head['size_px']}. Type --size {line.get('size_px')}, or choose another "
                "folder."
            )
        if line.get("names") != self._head["names"]:
            raise InputError(f"{folder} was made with other landmarks. Choose another folder.")

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with self.path.open("rb") as stream:
                number = 0
                while raw := stream.readline(MOST_BYTES):
                    number += 1
                    try:
                        line = json.loads(raw)
                    except (ValueError, RecursionError) as error:
                        raise self._damaged(number, error) from error
                    if not isinstance(line, dict):
                        raise self._damaged(number, ValueError("no JSON object"))
                    yield number, line
        except FileNotFoundError:
            return
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error}.") from error

    def _cut_tail(self) -> None:
        """Take away a last line that has no end."""
        try:
            with self.path.open("rb+") as stream:
                length = stream.seek(0, os.SEEK_END)
                start = max(0, length - MOST_BYTES)
                stream.seek(start)
                tail = stream.read()
                stream.truncate(start + tail.rfind(b"\n") + 1)
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {error}.") from error

    def _damaged(self, number: int, error: Exception) -> InputError:
        return InputError(
            f"{self.path}, line {number}: {error}. The journal is damaged; choose another folder, "
            "or delete this one."
        )


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is something else."""
    if folder.is_dir():
        inside = {path.name for path in folder.iterdir()}
        if not inside or JOURNAL in inside:
            return
        what = "was not made by `deepmeme swap extract`, or its extract.jsonl is gone"
        raise OutputError(f"{folder} is not empty and {what}. Choose another folder.")
    if folder.exists():
        raise OutputError(f"{folder} is a file. A faceset is a folder; choose another name.")


def _entry(facts: dict[str, Any]) -> Entry:
    entry = Entry(
        str(facts["key"]), Path(str(facts["name"])).name, str(facts["stem"]), int(facts["step"])
    )
    if not re.fullmatch(r"[A-Za-z0-9-]{1,80}", entry.stem) or entry.step < 0:
        raise ValueError(f"no source: {facts!r:.80}")
    return entry
