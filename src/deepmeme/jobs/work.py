"""What every kind of work gets: a place of its own, what may be kept, and somebody to tell.

A kind of work is a function ``(job, place, tell) -> dict``, the job's result. It raises deepmeme's
errors; what :class:`Tell` raises, it lets through, so that a cancelled job ends at its next frame.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

from deepmeme.choices import without_flags
from deepmeme.errors import DeepmemeError, Interrupted
from deepmeme.jobs.job import Job, LeaseLost, TooMuch
from deepmeme.jobs.lease import Lease
from deepmeme.media.clip import Frame

if TYPE_CHECKING:
    from deepmeme.provenance.record import Record
    from deepmeme.provenance.seal import Rendered, Saved

_logger = logging.getLogger(__name__)
T = TypeVar("T")

WORKS = {
    "animate": "deepmeme.jobs.animate_work:animate",
    "morph": "deepmeme.jobs.morph_work:morph",
    "swap": "deepmeme.jobs.swap_work:swap",
}
"""Each kind's function, loaded when the first job of the kind comes."""
MEDIA_TYPES = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "gif": "image/gif",
    "webp": "image/webp",
    "png": "image/png",
}
MOST_S = 600.0
_MOST_FPS = 120
_BY_FRAMES = ("watch", "track", "render", "inside")
STUCK_S = 600.0
"""A job that shows no sign of going on for so long has stood still."""
_FRAME_S = 0.5
"""To put one frame into a gif, several times over where its size is bounded."""
TELLS_EVERY_S = 0.2
SHOWS_EVERY_S = 0.7
_PREVIEW_PX = 320

Work = Callable[[Job, "Place", "Tell"], dict[str, Any]]


def work_of(kind: str, works: dict[str, str]) -> Work:
    """The function that does jobs of this kind.

    Raises:
        DeepmemeError: there is none here.
    """
    module, _, name = works.get(kind, "").partition(":")
    try:
        return cast(Work, getattr(import_module(module), name))
    except (ImportError, ValueError, AttributeError) as error:
        _logger.exception("no work of kind %r", kind)
        raise DeepmemeError(f"This server cannot do jobs of kind {kind!r}.") from error


class Place:
    """Where one job is worked on, and what its worker keeps from one job to the next."""

    def __init__(
        self,
        folder: Path,
        resolve: Callable[[str], Path],
        kept: dict[str, Any],
        *,
        most_s: float = MOST_S,
    ) -> None:
        """``kept`` is the worker's and outlives the job."""
        self.folder = folder
        """The job's own; what lies here when it is done is its result."""
        self.most_s = most_s
        """Longest clip, in seconds, that may go in or come out."""
        self._resolve = resolve
        self._kept = kept
        self._called: dict[str, str] = {}

    def file(self, ref: str, called: str = "the file") -> Path:
        """The file that the request names; ``called`` is what messages call it.

        Raises:
            InputError: there is none.
        """
        path = self._resolve(ref)
        self._called[str(path)] = called
        return path

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` gave when it was last asked for this name. One thing is kept at a time."""
        if name not in self._kept:
            self._kept.clear()  # first: two models at once may be too much
            self._kept[name] = make()
        return cast(T, self._kept[name])

    def drop(self, name: str) -> None:
        """Keep it no longer."""
        self._kept.pop(name, None)

    def in_words(self, message: str) -> str:
        """A message for whoever asked: no command-line flags, nothing of this machine's paths."""
        message = without_flags(message)
        for path, called in self._called.items():
            message = message.replace(path, called)
            message = message.replace(Path(path).name, called)
        message = re.sub(re.escape(str(self.folder)) + r"[^\s:;,]*", "the result", message)
        return message[:1].upper() + message[1:]


class Tell:
    """Tells the queue how far the work is; a ``pipelines.progress.Progress``.

    Every method raises LeaseLost once the job is cancelled, and Interrupted once the worker is to
    stop; :meth:`check` does nothing else.
    """

    def __init__(
        self,
        lease: Lease,
        folder: Path,
        *,
        lost: Callable[[], bool],
        stopping: Callable[[], bool],
        most_s: float = MOST_S,
    ) -> None:
        self.moved = monotonic()
        """When the work was last seen to go on."""
        self._lease, self._folder, self._lost, self._stopping = lease, folder, lost, stopping
        self._most_frames = most_s * _MOST_FPS
        self._told = self._shown = 0.0
        self._stage, self._total, self._done = "", 0, 0
        self._previews = 0

    @property
    def patience_s(self) -> float:
        """How long nothing may move. Once all frames are there, a gif of them may take long."""
        complete = 0 < self._total <= self._done
        return STUCK_S + (self._total * _FRAME_S if complete else 0.0)

    def check(self) -> None:
        """Nothing, or the reason to stop."""
        self.moved = monotonic()
        if self._lost():
            raise LeaseLost("The job was cancelled.")
        if self._stopping():
            raise Interrupted("The server stops; the job goes on when it is back.")

    def begin(self, stage: str, total: int | None) -> None:
        """A stage of so many frames starts; None where the number is not known.

        Raises:
            TooMuch: more frames than this server does for one job.
        """
        self.check()
        self._stage, self._total, self._done = stage, total or 0, 0
        self._bound(total or 0)
        self._told = monotonic()
        self._lease.tell(stage=stage, total=total)

    def advance(self, frames: int) -> None:
        """So many are done now, counted from the stage's start.

        Raises:
            TooMuch: more frames than this server does for one job.
        """
        self.check()
        self._bound(frames)
        self._done = frames
        now = monotonic()
        if now - self._told >= TELLS_EVERY_S:
            self._told = now
            self._lease.tell(done=frames)

    def _bound(self, frames: int) -> None:
        if self._stage in _BY_FRAMES and frames > self._most_frames:
            raise TooMuch(
                f"This is longer than {self._most_frames:.0f} frames, the most that this server "
                "does for one job. Choose a part of it (start and end)."
            )

    def story(self, facts: dict[str, Any]) -> None:
        """What was found and decided; JSON values. Replaces what was told before."""
        self.check()
        self._lease.tell(story=facts)

    def watched(self, rendered: "Rendered") -> "Rendered":
        """The same, but its frames are shown as previews while they come."""
        from deepmeme.provenance.glance import Glance

        glance = Glance(rendered.record, longest=_PREVIEW_PX)

        def frames_from(first: int) -> Iterator[Frame]:
            frames = rendered.frames_from(first)
            with closing(cast(Any, frames)):
                for frame in frames:
                    self.check()
                    if monotonic() - self._shown >= SHOWS_EVERY_S:
                        self.show(glance(frame))
                    yield frame

        return replace(rendered, frames_from=frames_from)

    def show(self, jpeg: bytes) -> None:
        """The newest preview, marked already."""
        self._shown = monotonic()
        place_bytes(self._folder / "preview.jpg", jpeg)
        self._previews += 1
        self._lease.tell(preview=self._previews)

    def showing(self, frame: Frame, record: "Record") -> None:
        """A preview of a single frame (h, w, 3), unless the last one is too young."""
        from deepmeme.provenance.glance import Glance

        self.check()
        if monotonic() - self._shown >= SHOWS_EVERY_S:
            self.show(Glance(record, longest=_PREVIEW_PX)(frame))


def place_bytes(path: Path, content: bytes) -> None:
    """A small file, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    os.replace(new, path)


def made(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``make`` says of the file that it makes at ``path``.

    It isn't asked where an earlier attempt at this job finished the file.
    """
    note = path.with_name(f".{path.name}.made")
    if path.exists() and note.exists():
        return cast(dict[str, Any], json.loads(note.read_text(encoding="utf-8")))
    facts = make()
    place_bytes(note, json.dumps(facts).encode())
    return facts


def result_of(saved: "Saved", rendered: "Rendered") -> dict[str, Any]:
    """The facts of a job's result."""
    form = saved.path.suffix.removeprefix(".")
    facts: dict[str, Any] = {
        "name": saved.path.name,
        "media_type": MEDIA_TYPES[form],
        "bytes": saved.bytes,
        "seconds": saved.seconds,
        "frames": saved.num_frames,
        "width": rendered.width,
        "height": rendered.height,
        "work_id": saved.work_id,
        "reduced": saved.reduced,
        "inside": False,
    }
    return facts | ({"sidecar": saved.sidecar.name} if saved.sidecar else {})


def save_or_resume(
    target: Path, save: Callable[[bool], "Saved"], rendered: "Rendered"
) -> dict[str, Any]:
    """The result's facts; ``save`` is told whether to go on with what an earlier attempt left."""
    from deepmeme.errors import InputError
    from deepmeme.provenance.workshop import has_unfinished_work

    def make() -> dict[str, Any]:
        try:
            return result_of(save(True), rendered)
        except InputError:
            if not has_unfinished_work(target):  # else: another version of deepmeme left it
                raise
        return result_of(save(False), rendered)

    return made(target, make)
