"""What a swap has collected and learnt so far, in its job's folder, and what is told of it.

pair/pair.json     how much was to be learnt, and whether it was
pair/A, pair/B     facesets
pair/clip          some faces of the clip
pair/run           the training run with its checkpoint
model/             the pair as it converts videos
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepmeme.errors import InputError
from deepmeme.jobs.work import Tell, place_bytes

_NOTE, _PAIR, _CLIP = "pair.json", "pair", "clip"


@dataclass
class Pair:
    """Two people, as far as they are learnt. Changes count from :meth:`save` on."""

    folder: Path
    owner: str
    size: int
    """Side of the faces in pixels, as it was asked for."""
    seconds: float
    """Of learning that this job is to do."""
    before_s: float = 0.0
    """That the jobs before it did."""
    spent_s: float = 0.0
    """That all of them did, once this one is done."""
    preset: str = ""
    resolution: int = 0
    """What is trained; empty and 0 until that is decided."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """Side -> what tells its files again."""
    learnt: bool = False
    again: bool = False
    """It goes on from another job's: there is nothing to extract."""

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def model(self) -> Path:
        return self.folder.parent / "model"

    def faces(self, side: str) -> Path:
        """Faceset of "a" or "b"."""
        return self.folder / side.upper()

    def save(self) -> None:
        """Whole, or as it was before."""
        facts = {name: value for name, value in asdict(self).items() if name != "folder"}
        place_bytes(self.folder / _NOTE, json.dumps(facts, indent=1).encode())

    @classmethod
    def read(cls, folder: Path) -> "Pair | None":
        """What :meth:`save` wrote; None where there is nothing."""
        note = folder / _NOTE
        if not note.is_file():
            return None
        return cls(folder=folder, **json.loads(note.read_text(encoding="utf-8")))


def open_pair(owner: str, request: dict[str, Any], job_folder: Path) -> Pair:
    """What an earlier attempt left, another job's pair to go on from, or a new one.

    Raises:
        InputError: the job to go on from is gone, somebody else's or never got so far.
    """
    folder, seconds = job_folder / _PAIR, 60 * float(request["minutes"])
    found = Pair.read(folder)
    if found is not None:
        return found
    if request["again"]:
        return _taken_over(job_folder.parent / request["again"] / _PAIR, folder, owner, seconds)
    folder.mkdir(exist_ok=True)
    pair = Pair(folder, owner, int(request["size"]), seconds)
    pair.save()
    return pair


def _taken_over(old_folder: Path, folder: Path, owner: str, seconds: float) -> Pair:
    """A copy of another job's pair, there whole or not at all."""
    old = Pair.read(old_folder)
    if old is None or not old.learnt or old.owner != owner:
        raise InputError(
            "The swap to go on from is not here any more, or was never finished. Start a new one."
        )
    part = folder.with_name(f".{_PAIR}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(old.folder, part, ignore=shutil.ignore_patterns(_CLIP, _NOTE, ".*"))
    pair = Pair(
        part, owner, old.size, seconds, before_s=old.spent_s, preset=old.preset,
        resolution=old.resolution, keys=old.keys, again=True,
    )  # fmt: skip
    pair.save()
    part.rename(folder)
    pair.folder = folder
    return pair


class Told:
    """The job's story, which grows."""

    def __init__(self, tell: Tell, facts: dict[str, Any]) -> None:
        self.tell = tell
        self._facts = facts

    def add(self, **facts: Any) -> None:
        """More of it, or newer; raises what :class:`Tell` does."""
        self._facts |= facts
        self.tell.story(dict(self._facts))

    def warn(self, *warnings: str) -> None:
        """Sentences for whoever asked, each once."""
        known = self._facts["warnings"]
        fresh = [warning for warning in dict.fromkeys(warnings) if warning not in known]
        if fresh:
            self.add(warnings=[*known, *fresh])
