"""``deepmeme train``: teach a model; what is stopped or killed goes on with the same command."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson, with_options
from deepmeme.errors import InputError
from deepmeme.train.courses import COURSES, Lesson
from deepmeme.train.options import FitOptions

if TYPE_CHECKING:
    from deepmeme.train.loop import Fitted

app = typer.Typer(no_args_is_help=True)

Run = Annotated[
    Path, typer.Option("-o", "--out", help="Folder of the run; one that exists is gone on with.")
]
Banks = Annotated[
    list[Path], typer.Option("--banks", help="A bank of labelled frames; give it again for more.")
]


portrait = typer.Typer(no_args_is_help=True)
app.add_typer(
    portrait,
    name="portrait",
    help="The portrait model that ships: keypoints, then motion, then closeups, in one folder.",
)


def _add_lesson(lesson: Lesson, text: str) -> None:
    """A command for the lesson, its course as the defaults."""

    @portrait.command(lesson, help=f"{text} A run that was stopped goes on.")
    @with_options(FitOptions, into="options", defaults=COURSES[lesson])
    def run(
        out: Run,
        options: FitOptions,
        banks: Banks,
        shares: Annotated[
            str | None, typer.Option(help="How often each bank is drawn from: 0.4,0.5,0.1")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        from deepmeme.train.portrait import train_lesson

        often = _shares(shares, banks)
        _talk(quiet=as_json)
        fitted = train_lesson(lesson, banks, out, options, shares=often)
        _tell(fitted, out / lesson, as_json=as_json)


_add_lesson("keypoints", "Learn where a face's 79 keypoints are.")
_add_lesson("motion", "Learn how a face moves, and to paint what comes into sight.")
_add_lesson("closeups", "Learn to paint mouths and eyes that look real.")


@portrait.command("export")
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a portrait's run.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the model.")],
    banks: Banks = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Write a portrait's run as a model that `deepmeme animate --model FOLDER` runs.

    With banks, ranges for 8-bit arithmetic are measured on their held-out frames.
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.train.portrait import export_run

    figures = export_run(run, out, banks)
    if as_json:
        print_json({"ok": True, "model": str(out), "int8": figures or None})
        return
    screen().print(f"Model: {out}" + (f" (8 bits: {figures})" if figures else ""))


def _shares(text: str | None, banks: Sequence[Path]) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if (
        len(shares) != len(banks)
        or not all(0 <= share < 1e9 for share in shares)
        or not any(shares)
    ):
        raise InputError(
            f"--shares {text!r}: expected a number from 0 for each of the {len(banks)} banks, not "
            "all of them 0, like 0.5,0.3,0.2"
        )
    return shares


def _talk(*, quiet: bool) -> None:
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def _tell(fitted: "Fitted", out: Path, *, as_json: bool) -> None:
    from deepmeme.cli.console import print_json, screen

    facts: dict[str, Any] = {"ok": True, "run": str(out), **fitted._asdict()}
    if as_json:
        print_json(facts)
        return
    state = "Finished" if fitted.finished else "Stopped; the same command goes on from here"
    screen().print(f"{state}: step {fitted.step}. Curves and samples: {out / 'index.html'}")
