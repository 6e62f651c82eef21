"""``deepmeme evaluate``: how good a model is, beside the baselines or another model."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from deepmeme.cli.fields import AsJson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from deepmeme.evaluation.contenders import Model
    from deepmeme.evaluation.evaluate import Evaluation
    from deepmeme.evaluation.scoring import Judges

_SEVERAL = ("--data", "--stills")
_SHOWN = (
    "akd", "l1", "mouth", "lids", "gaze", "aed", "flicker", "ms_ssim", "gmsd", "psnr", "missing",
    "background",
)  # fmt: skip
"""The most telling first: a narrow terminal shows as many as fit."""
_COLUMN, _NAMES = 11, 34  # characters


class Command(TyperCommand):
    """Lets an option that takes files take all that follow, as the shell spreads ``*.mp4``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args))


def spread(words: Sequence[str]) -> list[str]:
    """``--data a b`` as ``--data a --data b``."""
    found: list[str] = []
    option = ""
    for word in words:
        if word.startswith("-"):
            option = word if word in _SEVERAL else ""
            found.append(word)
        elif option:
            found += [word] if found[-1] == option else [option, word]
        else:
            found.append(word)
    return found


def evaluate(
    data: Annotated[
        list[Path], typer.Option(help="Videos, or folders of them.", metavar="PATH...")
    ],
    model: Annotated[str, typer.Argument(help="A name or a path, as for animate.")] = "portrait",
    stills: Annotated[
        list[Path] | None,
        typer.Option(help="Pictures or folders, moved by clips of others.", metavar="PATH..."),
    ] = None,
    compare: Annotated[
        str | None, typer.Option(help="Another model, measured on the same.", metavar="MODEL")
    ] = None,
    every: Annotated[int, typer.Option(min=1, max=1000, help="Count every n-th frame.")] = 3,
    most: Annotated[int, typer.Option(min=2, max=1000, help="Frames a clip at most.")] = 40,
    landmarks: Annotated[
        str, typer.Option(help="Who finds landmarks for AKD.", metavar="auto|mediapipe|own|none")
    ] = "auto",
    identity: Annotated[
        Path | None,
        typer.Option(
            help="Face embedding for AED: face-api's folder or SFace's ONNX file.",
            envvar="DEEPMEME_FACE_EMBEDDING",
        ),
    ] = None,
    precision: Annotated[str, typer.Option(help="As for animate.")] = "auto",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for report.html, results.json and sheets."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model: reconstruction of clips, and stills moved by others.

    deepmeme evaluate --data clips/ --stills stills/ -o report

    deepmeme evaluate new-model --compare portrait --data clips/*.mp4
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.evaluation.embedding import choose_embedder
    from deepmeme.evaluation.evaluate import Request, find_stills
    from deepmeme.evaluation.judges import choose_landmarker
    from deepmeme.evaluation.results import as_dict
    from deepmeme.evaluation.scoring import Judges

    console = screen()
    request = Request(tuple(data), find_stills(stills or []), every, most)
    models = _models([model] if compare is None else [model, compare], precision)
    judges = Judges(choose_landmarker(landmarks), choose_embedder(identity))
    if not as_json:
        _introduce(console, judges)
    found, page = _run(console, models, request, judges, output, quiet=as_json)
    if as_json:
        facts = {"ok": True, "report": str(page.resolve()) if page else None}
        print_json(facts | as_dict(found))
    else:
        _tell(console, found, page)


def _models(given: Sequence[str], precision: str) -> "list[Model]":
    """Loaded, under names that tell them apart."""
    from deepmeme.evaluation.contenders import Model
    from deepmeme.pipelines import motion_model

    models: list[Model] = []
    for words in given:
        name = base = Path(words).name or words
        number = 2
        while name in ("still", "affine", *(model.name for model in models)):
            name, number = f"{base} ({number})", number + 1
        models.append(Model(name, motion_model.load_model(words, precision=precision).engine))
    return models


def _introduce(console: "Console", judges: "Judges") -> None:
    landmarks, embedding = judges.landmarks, judges.embedding
    told = f"AKD by {landmarks.name}" if landmarks else "AKD not measured"
    if landmarks and landmarks.name.startswith("the keypoints"):
        told += " (flatters models that have the same; MediaPipe's are independent)"
    person = f"AED by {embedding.name}" if embedding else "AED not measured (--identity)"
    console.print(f"{told}. {person}.", style="dim")


def _run(
    console: "Console", models: "list[Model]", request: Any, judges: "Judges",
    output: Path | None, *, quiet: bool,
) -> "tuple[Evaluation, Path | None]":  # fmt: skip
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from deepmeme.evaluation.clips import find_clips
    from deepmeme.evaluation.evaluate import evaluate as measure
    from deepmeme.evaluation.report import check_folder, write_report
    from deepmeme.evaluation.sheets import SheetFolder

    find_clips(request.data)
    if output is not None:
        check_folder(output)
    sheets = None if output is None else SheetFolder(output / "sheets", models, request.stills)
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(bar_width=32),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("Measuring", total=None)

        def on_step(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done, total=of)

        found = measure(models, request, judges, pictures=sheets, on_step=on_step)
    page = None
    if output is not None and sheets is not None:
        page = write_report(found, sheets.files, output)
    return found, page


def _tell(console: "Console", found: "Evaluation", page: Path | None) -> None:
    console.print(_table(found, _SHOWN[: max(2, (console.width - _NAMES) // _COLUMN)]))
    for bar in found.bars:
        word, style = {True: ("met", "green"), False: ("missed", "red"), None: ("-", "dim")}[
            bar.met
        ]
        console.print(f"[{style}]{word:>6}[/]  {bar.says}: {bar.found}")
    for one in found.compared()[0]:
        low, high = (one.measure.text(v) for v in (one.difference.low, one.difference.high))
        style = "bold" if one.difference.is_clear else "dim"
        mean = one.measure.text(one.difference.mean)
        console.print(f"{one.measure.title}: {mean} ({low} to {high}), {one.verdict}", style=style)
    for name in found.names:
        console.print(f"{name}: {found.fps(name):.1f} frames a second", style="dim")
    for path, why in found.skipped.items():
        console.print(f"Passed over {path}: {why}", style="yellow", markup=False)
    if page is not None:
        console.print(f"Report: {page}", style="bold", markup=False)


def _table(found: "Evaluation", keys: Sequence[str]) -> "Table":
    from rich.table import Table

    from deepmeme.evaluation.evaluate import mean_scores
    from deepmeme.evaluation.measures import BY_KEY

    contenders = ["still", "affine", *found.names]
    table = Table(title="Self-reenactment, worst clips first", title_justify="left")
    table.add_column("clip", overflow="fold")
    table.add_column("", no_wrap=True)
    for key in keys:
        table.add_column(BY_KEY[key].title, justify="right", no_wrap=True)

    def add(label: str, means: Any, style: str = "") -> None:
        for name in contenders:
            row = means(name)
            cells = [BY_KEY[key].text(row.get(key)) for key in keys]
            shown = style or ("bold" if name == found.names[0] else "dim")
            table.add_row(label if name == "still" else "", name, *cells, style=shown)
        table.add_section()

    for clip in found.clips:
        add(clip.name, lambda name, clip=clip: clip.rows[name].means)
    for group, clips in found.groups().items():
        add(group, lambda name, clips=clips: mean_scores(clips, name))
    return table
