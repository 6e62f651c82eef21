"""``deepmeme models``: what there is, what is here, and what is wrong with a file of weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.weights.catalogue import Entry
    from deepmeme.weights.doctor import Diagnosis
    from deepmeme.weights.download import Progress

app = typer.Typer(
    help="Known models: list, info, pull, convert, doctor.",
    no_args_is_help=True,
)

Config = Annotated[
    str | None,
    typer.Option(
        "--config", "-c", help="The YAML that belongs to it, or a preset's name.",
        show_default=False,
    ),
]  # fmt: skip
BAD_FILE = 2
"""Exit code of ``doctor`` for a file that cannot be loaded."""


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Every model that has a name.

    deepmeme models list
    """
    from rich.table import Table
    from rich.text import Text

    from deepmeme.cli.console import print_json
    from deepmeme.weights.catalogue import entries

    known = entries()
    if as_json:
        print_json({"ok": True, "models": [_entry_facts(entry) for entry in known]})
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Name", "What it moves", "Size", "On this machine"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "Size" else "left")
    for entry in known:
        state = Text(_state(entry), style="green" if _state(entry) != "no" else "dim")
        table.add_row(Text(entry.name), Text(entry.title), _size(entry), state)
    _paper().print(table)
    _paper().print(
        "\nAll about one: deepmeme models info NAME. To get it: deepmeme models pull NAME",
        soft_wrap=True,
    )


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A name, a file or a folder.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """All that is known of a model.

    deepmeme models info fomm.vox
    """
    from deepmeme.cli.console import print_json
    from deepmeme.weights.catalogue import find
    from deepmeme.weights.resolve import resolve

    entry = None if Path(model).exists() else find(model)
    if entry is None:
        doctor(str(resolve(model).path), as_json=as_json)
        return
    if as_json:
        print_json({"ok": True, **_entry_facts(entry)})
        return
    rows = {
        "What it moves": entry.title,
        "Wants": entry.expects,
        "Family": entry.family,
        "Configuration": entry.preset or "in the folder",
        "Size": _size(entry),
        "Checked by": "the package itself" if entry.shipped else entry.verification,
        "Licence": entry.licence,
        "On this machine": _state(entry),
        "Place": str(_place(entry)),
        "Note": entry.note,
    }
    _print_rows(entry.name, rows)
    addresses = [url for url in entry.urls if "#" not in url]
    for heading, lines in (("From", addresses), ("By hand from", entry.by_hand)):
        for line in lines:
            _paper().print(f"{heading} {line}", markup=False, soft_wrap=True)


@app.command("pull")
def pull(
    names: Annotated[list[str], typer.Argument(help="Names of models.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Download models, go on where a download stopped, and verify them.

    deepmeme models pull fomm.vox
    """
    from deepmeme.cli.console import human_bytes, print_json, screen
    from deepmeme.weights.checkpoint import file_sha256, read_sections
    from deepmeme.weights.resolve import resolve_entry

    wanted = [resolve_entry(name) for name in names]
    console, facts = screen(), []
    for entry in wanted:
        path = _download(entry, console, quiet=as_json)
        if not entry.shipped:
            read_sections(path)  # a file that nobody can check by its sum must at least be weights
        size = entry.num_bytes or path.stat().st_size
        digest = entry.sha256 or file_sha256(path)
        facts.append(_entry_facts(entry) | {"num_bytes": size, "sha256": digest})
        if not as_json:
            console.print(f"{entry.name} is here: {path} ({human_bytes(size)})", markup=False)
            if not entry.shipped and entry.verification not in ("sha256", "md5"):
                console.print(
                    f"Nobody published its checksum; what came has sha256 {digest}", markup=False
                )
    if as_json:
        print_json({"ok": True, "models": facts})


@app.command("convert")
def convert(
    source: Annotated[
        str, typer.Argument(help="A checkpoint, model folder or name.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", show_default=False,
            help="NAME.safetensors for a slim file; NAME for a model folder.",
        ),
    ],
    config: Config = None,
    precision: Annotated[str, typer.Option(help="Of the stored numbers: fp32 or fp16.")] = "fp32",
    discriminator: Annotated[
        bool, typer.Option("--discriminator", help="Keep it, for training on.")
    ] = False,
    calibrate_on: Annotated[
        Path | None,
        typer.Option(
            "--calibrate-on", show_default=False,
            help="A video like those to come: measures int8 ranges once, into the model folder.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "-y", help="Replace the result if it is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Slim a checkpoint: no optimizer, no pickle, half the size on demand.

    deepmeme models convert vox-cpk.pth.tar -o vox.safetensors --precision fp16

    deepmeme models convert vox-cpk.pth.tar -o models/vox --calibrate-on dance.mp4
    """
    from deepmeme.cli.console import human_bytes, print_json, screen
    from deepmeme.errors import InputError
    from deepmeme.weights import convert as conversion
    from deepmeme.weights.resolve import resolve

    if calibrate_on is not None and output.suffix:
        raise InputError(
            f"--calibrate-on needs a model folder for what it measures; {output} is a file. Leave "
            f"out the suffix: -o {output.with_suffix('')}"
        )
    found = resolve(source)
    done = conversion.convert(
        found.path, output, config=config or found.preset, precision=precision,
        discriminator=discriminator, overwrite=overwrite,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "ok": True,
        "output": str(done.path.resolve()),
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "sha256": done.sha256,
        "config": done.config.name,
        "config_from": done.config_from,
    }
    if calibrate_on is not None:
        from deepmeme.pipelines.calibrate import calibrate_folder

        facts["int8_psnr_db"] = calibrate_folder(output, calibrate_on)
    if as_json:
        print_json(facts)
        return
    screen().print(
        f"Made {done.path}: {human_bytes(done.bytes_before)} became "
        f"{human_bytes(done.bytes_after)}. Configuration: {done.config.name}, {done.config_from}.",
        markup=False,
    )
    if "int8_psnr_db" in facts:
        screen().print(f"int8 ranges measured: {facts['int8_psnr_db']:.1f} dB to fp32.")


@app.command("doctor")
def doctor(
    file: Annotated[
        str, typer.Argument(help="A checkpoint or a model folder.", show_default=False)
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What a file of weights is, whether it loads, and what to do if not. Nothing in it is run.

    deepmeme models doctor vox-cpk.pth.tar --config vox-256.yaml
    """
    from deepmeme.cli.console import print_json
    from deepmeme.weights.doctor import diagnose
    from deepmeme.weights.resolve import resolve

    diagnosis = diagnose(resolve(file).path, config)
    if as_json:
        print_json({"ok": diagnosis.loads, **diagnosis.as_dict()})
    else:
        _print_diagnosis(diagnosis)
    if not diagnosis.loads:
        raise typer.Exit(BAD_FILE)


def _print_diagnosis(diagnosis: "Diagnosis") -> None:
    from rich.table import Table
    from rich.text import Text

    from deepmeme.cli.console import human_bytes
    from deepmeme.weights.family import FAMILIES

    config = diagnosis.config
    rows = {
        "Family": FAMILIES[diagnosis.family],
        "Container": diagnosis.container,
        "Size": human_bytes(diagnosis.num_bytes),
        "Known as": diagnosis.known_as or "",
        "Configuration": f"{config.name} ({diagnosis.config_from})" if config else "",
        "Has the shapes of": ", ".join(diagnosis.fits),
        "Epoch": diagnosis.facts.get("epoch", ""),
    }
    _print_rows(str(diagnosis.path), rows)
    if diagnosis.sha256:
        _paper().print(f"[bold]sha256[/] {diagnosis.sha256}", soft_wrap=True)
    if diagnosis.parts:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("Part", "Tensors", "Numbers", "Size", "Stored as", "For"):
            table.add_column(heading, no_wrap=heading == "Part", overflow="fold")
        for part in diagnosis.parts:
            table.add_row(
                Text(part.name), str(part.num_tensors), f"{part.num_values:,}",
                human_bytes(part.num_bytes), ", ".join(part.dtypes),
                "animating" if part.needed else "training",
            )  # fmt: skip
        _paper().print("")
        _paper().print(table)
    _paper().print("")
    for line in diagnosis.remarks:
        _paper().print(line, markup=False)
    for line in diagnosis.problems:
        _paper().print(line, style="red", markup=False)
    if diagnosis.loads:
        _paper().print("It loads.", style="green")
    else:
        _paper().print("It does not load.", style="bold red")


def _print_rows(title: str, rows: dict[str, str]) -> None:
    """Headings and what they say, those that say nothing left out."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for heading, text in rows.items():
        if text:
            table.add_row(heading, Text(text))
    _paper().print(title, style="bold", markup=False)
    _paper().print(table)


def _paper() -> "Console":
    """The console for results: the standard output."""
    from rich.console import Console

    return Console(highlight=False)


def _place(entry: "Entry") -> Path:
    from deepmeme.weights.download import local_path

    return local_path(entry)


def _state(entry: "Entry") -> str:
    if entry.shipped:
        return "yes, in the package"
    return "yes" if _place(entry).exists() else "no"


def _size(entry: "Entry") -> str:
    from deepmeme.cli.console import human_bytes

    if entry.num_bytes is not None:
        return human_bytes(entry.num_bytes)
    return f"about {entry.about_bytes / 1e6:.0f} MB" if entry.about_bytes else "unknown"


def _entry_facts(entry: "Entry") -> dict[str, Any]:
    place = _place(entry)
    return {**entry.as_dict(), "path": str(place), "here": place.exists()}


def _download(entry: "Entry", console: "Console", *, quiet: bool) -> Path:
    from deepmeme.weights.download import download_entry

    with _bar(entry.name, console, quiet=quiet) as progress:
        return download_entry(entry, progress=progress)


@contextmanager
def _bar(name: str, console: "Console", *, quiet: bool) -> Iterator["Progress"]:
    from rich import progress as bars

    with bars.Progress(
        bars.TextColumn("{task.description}"), bars.BarColumn(bar_width=32), bars.DownloadColumn(),
        bars.TransferSpeedColumn(), bars.TimeRemainingColumn(compact=True),
        console=console, transient=True, disable=quiet,
    ) as shown:  # fmt: skip
        task = shown.add_task(name, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
