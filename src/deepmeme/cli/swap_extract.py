"""``deepmeme swap extract SOURCE... -o FACESET``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepmeme.cli.animate import Consent
from deepmeme.cli.fields import AsJson, with_options
from deepmeme.cli.results import new_table
from deepmeme.pipelines.swap.extract_options import ExtractOptions

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.pipelines.swap.extract_story import ExtractStory

Sources = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SOURCE]...",
        help="Videos, pictures, or folders of them. None: choose anew among what is in the faceset "
        "already.",
        show_default=False,
    ),
]
_FEW = 0.02
"""Who is in a smaller share of the faces is not counted as a person by itself."""

Out = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        help="Folder of the faceset. One that exists is gone on with, or added to.",
        show_default=False,
    ),
]


@with_options(ExtractOptions, into="options")
def extract(
    out: Out,
    options: ExtractOptions,
    sources: Sources = None,
    as_json: AsJson = False,
    i_have_consent: Consent = False,
) -> None:
    """Collect one person's faces from videos and pictures, aligned, for `deepmeme swap train`.

    deepmeme swap extract me.mp4 -o me

    Everybody who is seen is found; --person says whose faces are kept. What was stopped goes on
    with the same command. sheet.png shows what is kept, faces.jsonl lists it and may be edited.
    """
    from deepmeme.cli.consent import asker
    from deepmeme.cli.console import bars, print_json, screen
    from deepmeme.pipelines.swap.extract import extract_faces

    console = screen()
    with bars(console, quiet=as_json) as progress:
        ask = asker(console, progress, given=i_have_consent, as_json=as_json)
        story = extract_faces(sources or [], out, options, progress=progress, ask=ask)
    if as_json:
        print_json({"ok": True, **story.as_dict()})
    else:
        _tell(console, story)


def _tell(console: "Console", story: "ExtractStory") -> None:
    from rich.text import Text

    for note in (*story.warnings, *story.hints):
        console.print(f"Note: {note}", style="yellow", markup=False)
    table = new_table()
    if story.known:
        table.add_row("seen before", Text(_listed(story.known)))
    table.add_row("faces", f"{story.faces} found, {story.kept} kept")
    if story.left_out:
        counts = ", ".join(f"{count} {reason}" for reason, count in story.left_out.items())
        table.add_row("not kept", Text(counts))
    table.add_row("persons", Text(_people(story)))
    if story.kept:
        low, high = story.yaw_deg
        down, up = story.pitch_deg
        table.add_row(
            "heads turn", f"{low:+.0f}° to {high:+.0f}° aside, {down:+.0f}° to {up:+.0f}°"
        )
    table.add_row("to look at", Text(story.sheet))
    console.print(table)
    kept = f"Kept {story.kept} faces "
    console.print(Text.assemble((kept, "bold #3ebe76"), "in ", (story.folder, "bold")))


def _people(story: "ExtractStory") -> str:
    if len(story.people) == 1:
        return "1"
    least = max(3, _FEW * sum(story.people))
    often = max(sum(count >= least for count in story.people), story.person[-1] + 1)
    others = sum(story.people[often:])
    rest = f" and {others} faces of others" if others else ""
    of_whom = " and ".join(f"person {n} in {story.people[n]} faces" for n in story.person)
    other = story.person[-1] + 1 if story.person[-1] + 1 < len(story.people) else 0
    is_ = "is" if len(story.person) == 1 else "are"
    return f"{often}{rest}; {of_whom} {is_} kept; type --person {other} for the next"


def _listed(names: tuple[str, ...]) -> str:
    if len(names) <= 5:
        return ", ".join(names)
    return f"{', '.join(names[:4])} and {len(names) - 4} more"
