"""The question before the first picture of a person."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from deepmeme.errors import InputError, OutputError

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.cli.console import Bars
    from deepmeme.pipelines.consent import Ask


def asker(console: "Console", bars: "Bars | None", *, given: bool, as_json: bool) -> "Ask | None":
    """What asks for consent, or refuses where nobody can answer; None where it is not needed.

    ``bars`` make way while it asks; ``given`` says that the command brought the consent with it.
    """
    from deepmeme.pipelines.consent import remembered

    if given or remembered() is not None:
        return None
    if as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _refuse

    def ask(people: Sequence[Path]) -> None:
        with nullcontext() if bars is None else bars.paused():
            _ask(console, people)

    return ask


def _refuse(people: Sequence[Path]) -> None:
    raise InputError(
        f"{_shows(people)}, and nobody has said yet that the people in the pictures agree to "
        "it. A script says so with --i-have-consent or DEEPMEME_CONSENT=1; in a terminal "
        "deepmeme asks once and remembers."
    )


def _ask(console: "Console", people: Sequence[Path]) -> None:
    """Put the question and keep a yes.

    Raises:
        InputError: the answer is no.
    """
    from deepmeme.pipelines.consent import ANSWER, QUESTION, remember

    console.print(f"{_shows(people)}. {QUESTION}", markup=False)
    console.print(f"{ANSWER} [y/N] ", style="bold", markup=False, end="")
    try:
        answer = input()
    except EOFError:
        answer = ""
        console.print()
    if answer.strip().lower() not in ("y", "yes"):
        raise InputError(
            "Then nothing was made, and nothing written. Paintings, statues, cartoons and "
            "`deepmeme demo` are there to play with, and your own face: you can agree to that."
        )
    try:
        console.print(f"Thank you. Kept in {remember()}; you will not be asked again.", style="dim")
    except OutputError as error:
        console.print(f"Note: {error}", style="yellow", markup=False)


def _shows(people: Sequence[Path]) -> str:
    names = [path.name for path in people]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {'shows' if len(names) == 1 else 'show'} a face"
