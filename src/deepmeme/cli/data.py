"""``deepmeme data``: what the models are trained on, and how it gets here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson

if TYPE_CHECKING:
    from deepmeme.data.sources_fetch import Tell

app = typer.Typer(help="Data to train on: list, info, prepare.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A name from: deepmeme data list", show_default=False)]


@app.command("list")
def list_data(as_json: AsJson = False) -> None:
    """Every data set that has a name.

    deepmeme data list
    """
    from rich.console import Console
    from rich.padding import Padding

    from deepmeme.cli.console import print_json
    from deepmeme.data.sources import DATA_SETS

    if as_json:
        print_json({"ok": True, "data": [data_set.as_dict() for data_set in DATA_SETS]})
        return
    console = Console(highlight=False, markup=False)
    for data_set in DATA_SETS:
        console.print(data_set.name, style="bold", end="  ")
        console.print(data_set.title)
        lines = (
            f"licence: {data_set.licence}",
            f"for: {data_set.used_for}",
            f"from: {data_set.origin}; {data_set.size}",
            f"sums: {data_set.sums}",
            f"stopped: {data_set.resumes}",
        )
        console.print(Padding("\n".join(lines), (0, 0, 0, 4)))
    console.print(
        "\nInstead of a public source, --from takes a local copy. All about one, with its "
        "addresses: deepmeme data info NAME. To make it: deepmeme data prepare NAME",
        soft_wrap=True,
    )


@app.command("info")
def info(name: Name, as_json: AsJson = False) -> None:
    """Whose a data set is, where it comes from, its sums, and the command that makes it.

    deepmeme data info fluent-emoji
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from deepmeme.cli.console import human_bytes, print_json
    from deepmeme.data.sources import UNKNOWN_SUM, find_data_set

    data_set = find_data_set(name)
    if as_json:
        print_json({"ok": True, **data_set.as_dict()})
        return
    rows = {
        "What it is": data_set.title,
        "Licence": data_set.licence,
        "By": data_set.credit,
        "For": data_set.used_for,
        "Size": data_set.size,
        "Time": data_set.time,
        "Makes": data_set.makes,
        "--from takes": data_set.takes,
        "Command": data_set.command,
        "Comes from": data_set.origin,
        "Sums": data_set.sums,
        "When stopped": data_set.resumes,
        "Note": data_set.note,
    }
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, text in rows.items():
        if text:
            table.add_row(heading, Text(text))
    console = Console(highlight=False)
    console.print(data_set.name, style="bold", markup=False)
    console.print(table)
    for remote in data_set.files:
        size = "" if remote.num_bytes is None else f", {human_bytes(remote.num_bytes)}"
        line = f"From {remote.address()}{size}, sha256 {remote.sha256 or UNKNOWN_SUM}"
        console.print(line, markup=False, soft_wrap=True)
    for page in data_set.pages:
        console.print(f"More at {page}", markup=False, soft_wrap=True)


@app.command("prepare")
def prepare_data(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to make. By default data/NAME."),
    ] = None,
    local: Annotated[
        Path | None,
        typer.Option("--from", help="A local copy, instead of the public source."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many: emoji, portraits, clips a speaker, people."),
    ] = None,
    size: Annotated[
        int, typer.Option(min=16, max=512, help="Side of the emoji's frames in pixels.")
    ] = 128,
    as_json: AsJson = False,
) -> None:
    """Fetch or render a data set, verify it, and lay it out for training.

    Stop it when you like: the same command goes on where it was.

    deepmeme data prepare fluent-emoji -o data/emoji
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.data.sources import UNKNOWN_SUM, find_data_set
    from deepmeme.data.sources_made import Wishes
    from deepmeme.data.sources_prepare import prepare

    data_set = find_data_set(name)
    folder = output or Path("data", data_set.name)
    with _bars(quiet=as_json) as tell:
        made = prepare(data_set, folder, local=local, wishes=Wishes(limit, size), tell=tell)
    if as_json:
        print_json({"ok": True, "data": data_set.name, **made.as_dict()})
        return
    console = screen()
    pinned = {remote.filename: remote.sha256 for remote in data_set.files}
    for filename, digest in made.sums.items():
        known = "as it should be" if pinned.get(filename) == digest else UNKNOWN_SUM.split(",")[0]
        console.print(f"{filename}: sha256 {digest} ({known})", markup=False)
    console.print(
        f"{data_set.name} is ready: {made.folder} ({made.num_items} {made.what}). "
        f"Licence: {data_set.licence}.",
        markup=False,
    )


@contextmanager
def _bars(*, quiet: bool) -> "Iterator[Tell]":
    """One bar for each thing that is done."""
    from rich import progress as bars

    from deepmeme.cli.console import screen

    with bars.Progress(
        bars.TextColumn("{task.description}"), bars.BarColumn(bar_width=32),
        bars.TaskProgressColumn(), bars.TimeRemainingColumn(compact=True),
        console=screen(), transient=True, disable=quiet,
    ) as shown:  # fmt: skip
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done, total=total)

        yield tell
