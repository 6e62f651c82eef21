"""The hidden folder beside a result in which it is made, and which a later run can take up."""

import contextlib
import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError, OutputError

_STATE = "state.json"
_LAYOUT = 2
_WORK_ID = re.compile(r"[0-9a-f]{11}")


@dataclass
class Workshop:
    """``.NAME.deepmeme`` beside NAME: finished segments and ``state.json`` that lists them."""

    folder: Path
    fingerprint: str
    segments: list[tuple[Path, int]] = field(default_factory=list)  # (file, frames)
    complete: bool = False
    """All frames are in the segments; only joining is left."""
    work_id: str = ""
    """What the frames in the segments are marked with."""

    @property
    def num_frames(self) -> int:
        return sum(count for _, count in self.segments)

    @classmethod
    def open(cls, target: Path, fingerprint: str, *, resume: bool, work_id: str = "") -> "Workshop":
        """Take up what an interrupted run left (``resume``), or start with an empty folder.

        What is taken up keeps the work id that its frames are marked with.

        Raises:
            InputError: what is left was made from other inputs or with other options.
            OutputError: a folder of that name holds something else.
            OSError: the folder cannot be made.
        """
        shop = cls(workshop_path(target), fingerprint, work_id=work_id)
        if shop.folder.exists():
            if resume:
                shop._take_up(target)
            else:
                shop.clear()
        fresh = not shop.folder.exists()
        try:
            shop.folder.mkdir(parents=True, exist_ok=True)
            shop._write_state()
            shop._sweep()
        except OSError:
            if fresh:
                shutil.rmtree(shop.folder, ignore_errors=True)
            raise
        return shop

    def _take_up(self, target: Path) -> None:
        state = _read_state(self.folder)
        if state is None:
            return
        if state.get("fingerprint") != self.fingerprint:
            raise InputError(
                f"The unfinished work on {target} was made from other inputs, with other options "
                "or another version. Give the same as then, or start over without --resume."
            )
        if not _WORK_ID.fullmatch(str(state.get("work_id"))):
            return
        self.work_id = state["work_id"]
        for name, count in state.get("segments", []):
            path = self.folder / Path(str(name)).name
            if not path.is_file() or not isinstance(count, int) or count < 1:
                return
            self.segments.append((path, count))
        self.complete = bool(state.get("complete"))

    def _sweep(self) -> None:
        kept = {path for path, _ in self.segments} | {self.folder / _STATE}
        for path in self.folder.iterdir():
            if path not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def next_segment(self, suffix: str) -> Path:
        """Where the next segment is to be written."""
        return self.folder / f"part-{len(self.segments):05d}{suffix}"

    def keep(self, path: Path, num_frames: int) -> None:
        """From now on the segment belongs to the finished work."""
        self.segments.append((path, num_frames))
        self._write_state()

    def finish(self) -> None:
        self.complete = True
        self._write_state()

    def _write_state(self) -> None:
        state = {
            "layout": _LAYOUT,
            "fingerprint": self.fingerprint,
            "segments": [[path.name, count] for path, count in self.segments],
            "complete": self.complete,
            "work_id": self.work_id,
        }
        new = self.folder / (_STATE + ".new")
        with new.open("w", encoding="utf-8") as stream:
            json.dump(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.folder / _STATE)

    def clear(self) -> None:
        """Remove the folder, if it is one of ours.

        Raises:
            OutputError: it holds something that no workshop left there.
        """
        if not self.folder.is_dir() or (
            any(self.folder.iterdir()) and not (self.folder / _STATE).exists()
        ):
            raise OutputError(
                f"{self.folder} is in the way and not deepmeme's. Move it, or choose another name."
            )
        shutil.rmtree(self.folder)

    def discard(self) -> None:
        """Remove the folder without complaint: what it held is done or given up."""
        with contextlib.suppress(OSError, OutputError):
            self.clear()


def workshop_path(target: Path) -> Path:
    return target.with_name(f".{target.name}.deepmeme")


def has_unfinished_work(target: Path) -> bool:
    """Whether ``save(target, resume=True)`` would find something to go on from."""
    state = _read_state(workshop_path(target))
    return state is not None and bool(state.get("segments"))


def _read_state(folder: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(state, dict) or state.get("layout") != _LAYOUT:
        return None
    segments = state.get("segments")
    if not isinstance(segments, list) or not all(
        isinstance(s, list) and len(s) == 2 for s in segments
    ):
        return None
    return state
