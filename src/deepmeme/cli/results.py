"""What a command says of a result: facts for scripts, and the last lines for people."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from deepmeme.provenance.seal import Rendered, Saved


class Told(Protocol):
    """A story of what was decided; a dataclass."""

    @property
    def sound(self) -> str: ...

    @property
    def fps(self) -> float: ...

    @property
    def warnings(self) -> Sequence[str]: ...

    def as_dict(self) -> dict[str, object]: ...


T = TypeVar("T", bound=Told)


def heard(story: T, rendered: "Rendered", target: Path) -> T:
    """The story, if the format of the result has no sound where there is one."""
    from deepmeme.media.formats import format_of

    form = format_of(target)
    if form.audio_codec is None and rendered.audio is not None:
        return cast(T, replace(cast(Any, story), sound=f"none ({form.name} has no sound)"))
    return story


def remark(console: "Console", story: Told) -> None:
    """Before rendering: what may go wrong."""
    for warning in story.warnings:
        console.print(f"Note: {warning}", style="yellow", markup=False)


def facts_of(story: Told, saved: "Saved", elapsed: float, speed: float) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "ok": True,
        "output": str(saved.path.resolve()),
        "bytes": saved.bytes,
        "frames": saved.num_frames,
        "seconds": saved.seconds,
        "resumed_at": saved.resumed_at,
        "reduced": saved.reduced,
        "work_id": saved.work_id,
        "sidecar": None if saved.sidecar is None else str(saved.sidecar.resolve()),
        "marked": saved.marked,
        "elapsed_s": round(elapsed, 3),
        "frames_per_second": round(speed, 2),
        "story": story.as_dict(),
    }


def new_table() -> "Table":
    """Names on the left, what they are on the right."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")
    return table


def add_film(
    table: "Table", story: Told, saved: "Saved", facts: dict[str, Any], *, result: str, speed: str
) -> None:
    """Rows of a result that plays: its sound, its length after ``result``, its time after
    ``speed``; none for a single picture."""
    from rich.text import Text

    from deepmeme.cli.console import human_seconds

    if saved.num_frames <= 1:
        return
    table.add_row("sound", Text(story.sound))
    length = f"{saved.num_frames} frames, {human_seconds(saved.seconds)} at {story.fps:g} fps"
    table.add_row("result", f"{result}{length}")
    resumed = f", {saved.resumed_at} frames were kept from before" if saved.resumed_at else ""
    table.add_row("speed", f"{speed}, {human_seconds(facts['elapsed_s'])} in all{resumed}")


def show_made(console: "Console", table: "Table", saved: "Saved") -> None:
    """The table, with what has to be known of the file, and where it is."""
    from rich.text import Text

    from deepmeme.cli.console import human_bytes

    if saved.reduced:
        table.add_row("reduced", Text(saved.reduced))
    if saved.sidecar is not None:
        table.add_row("credentials", Text(f"in {saved.sidecar.name}, to be kept beside it"))
    if not saved.marked:
        table.add_row("marks", 'no watermark, no credentials: provenance = "off" in config.toml')
    console.print(table)
    size = f" ({human_bytes(saved.bytes)})"
    console.print(Text.assemble(("Made ", "bold #3ebe76"), (str(saved.path), "bold"), size))
