"""What the terminal shows: messages on the error stream, results for scripts on the other."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from deepmeme.pipelines.progress import Stage

_STAGES: dict[Stage, str] = {
    "load": "Loading the model",
    "watch": "Watching the driver",
    "track": "Following faces",
    "render": "Rendering",
}


def screen() -> Console:
    """The console for people: the error stream, so that pipes get results only."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(facts: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(facts, indent=2, default=str) + "\n")
    sys.stdout.flush()


class FramesPerSecond(ProgressColumn):
    """How fast it goes."""

    def render(self, task: Task) -> Text:
        """Frames a second over the last while."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} fps", style="cyan")


class Bars:
    """A :class:`deepmeme.pipelines.progress.Progress` with one bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: Any = None

    def begin(self, stage: Stage, total: int | None) -> None:
        """A new bar."""
        self._finish()
        self._task = self._progress.add_task(_STAGES[stage], total=total)

    def advance(self, frames: int) -> None:
        """``frames`` are done in all."""
        self._progress.update(self._task, completed=frames)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Out of the way while somebody types."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def _finish(self) -> None:
        if self._task is None:
            return
        done = next(t.completed for t in self._progress.tasks if t.id == self._task)
        if done:
            self._progress.update(self._task, total=done)
        else:
            self._progress.remove_task(self._task)


@contextmanager
def bars(console: Console, *, quiet: bool) -> Iterator[Bars]:
    """Progress with frames a second and the time that is left; it leaves no trace when done."""
    progress = Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        FramesPerSecond(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=quiet,
    )
    with progress:
        yield Bars(progress)


def human_bytes(count: int) -> str:
    """1.4 MB."""
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def human_seconds(seconds: float) -> str:
    """4.2 s, or 3 min 12 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
