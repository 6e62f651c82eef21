"""``deepmeme verify``: where pictures and videos come from, as far as they tell."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson
from deepmeme.cli.results import new_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from deepmeme.provenance.credentials_found import Credentials, FoundIngredient
    from deepmeme.provenance.verify import Verdict

_SIGNS = {
    "intact": ("✔", "green"), "altered": ("▲", "yellow"), "others": ("●", "blue"),
    "unmarked": ("○", "default"),
}  # fmt: skip
_ROLES = {"parentOf": "picture", "inputTo": "moved by", "componentOf": "with"}
_UNREADABLE = 2
_LONGEST = 4000  # letters of a path


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures, videos or folders of pictures.")],
    search: Annotated[
        bool,
        typer.Option(
            "--search/--quick",
            help="Also look for the watermark of crops and odd sizes: up to a minute a file.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Tell who made a picture or video, whether it was changed since, and how sure that is.

    Reads content credentials (C2PA) of any program and the invisible watermark of deepmeme.
    Exit codes: 0 marked by deepmeme and intact, 1 not marked by deepmeme, 3 marked but altered,
    2 unreadable; of several files the gravest: 2, 3, 1, 0.
    """
    from deepmeme.cli.console import print_json, screen
    from deepmeme.errors import DeepmemeError
    from deepmeme.provenance.verify import verify as look

    console, codes = screen(), []
    facts: list[dict[str, Any]] = []
    with _silent():
        for path in files:
            try:
                verdict = look(path, search=search)
            except DeepmemeError as error:
                codes.append(_UNREADABLE)
                facts.append(_unreadable(path, error))
                if not as_json:
                    console.print(f"✘ {_printable(error)}", style="red", markup=False)
                continue
            codes.append(verdict.exit_code)
            facts.append(verdict.as_dict())
            if not as_json:
                tell(console, verdict)
    code = next(code for code in (2, 3, 1, 0) if code in codes)
    if as_json:
        print_json({"ok": _UNREADABLE not in codes, "exit_code": code, "files": facts})
    raise typer.Exit(code)


def _unreadable(path: Path, error: Exception) -> dict[str, Any]:
    return {
        "file": str(path), "state": "unreadable", "exit_code": _UNREADABLE, "error": str(error),
    }  # fmt: skip


def _printable(text: object) -> str:
    """File names may hold what a terminal would obey."""
    from deepmeme.provenance.credentials_problems import clean

    return clean(str(text), _LONGEST)


@contextmanager
def _silent() -> Iterator[None]:
    """Readers log that a file is damaged, with its name as it is; the verdict tells that anyway."""
    logger, handler = logging.getLogger("deepmeme"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def tell(console: "Console", verdict: "Verdict") -> None:
    """One file's verdict, then what it stands on."""
    from rich.padding import Padding
    from rich.text import Text

    sign, colour = _SIGNS[verdict.state]
    console.print(Text(f"{sign} {_printable(verdict.path)}", style=f"bold {colour}"))
    table = new_table()
    table.add_row("", Text(verdict.summary))
    table.add_row("", Text(verdict.sureness, style="dim"))
    found, mark = verdict.credentials, verdict.watermark
    if found is not None:
        _add_credentials(table, found)
    if mark is not None:
        mirrored = ", mirrored" if mark.mirrored else ""
        table.add_row("watermark", Text(f"work {mark.work_id}{mirrored}"))
    elif found is not None and found.ours:
        table.add_row("watermark", Text("not readable in this file"))
    if verdict.statement is not None:
        table.add_row("metadata", Text(_printable(verdict.statement.statement)))
    console.print(Padding(table, (0, 0, 1, 2)))


def _add_credentials(table: "Table", found: "Credentials") -> None:
    from rich.text import Text

    def add(name: str, *texts: str) -> None:
        said = " ".join(text for text in texts if text)
        if said:
            table.add_row(name, Text(said))

    by = f"{found.signer or 'unknown'}" + (f" (by {found.issuer})" if found.issuer else "")
    known = "" if found.state == "trusted" else "a name that anybody may take"
    add("signed by", by, f"- {known}" if known else "")
    add("signed at", *_when(found))
    work = f"as work {found.work_id}" if found.work_id else ""
    add("made with", found.generator, found.task, work)
    add("done", ", ".join(action.removeprefix("c2pa.") for action in found.actions))
    add("model", found.model, f"sha256 {found.model_sha256[:12]}..." if found.model_sha256 else "")
    for part in found.ingredients:
        digest = f"(sha256 {part.sha256[:12]}...)" if part.sha256 else ""
        add(_ROLES.get(part.relationship, "from"), part.title, digest, _past(part))
    add("kind", found.digital_source_type.rsplit("/", 1)[-1])
    for problem in found.problems:
        add("problem", problem)
    if found.sidecar is not None:
        add("sidecar", _printable(found.sidecar))


def _when(found: "Credentials") -> tuple[str, str]:
    if found.signed_at:
        vouched = "" if found.time_vouched else "(by an authority that nobody here vouches for)"
        return found.signed_at, vouched
    return (found.claimed_at, "(as the signer says)") if found.claimed_at else ("", "")


def _past(part: "FoundIngredient") -> str:
    """What an input's own credentials tell."""
    past = part.credentials
    if past is None:
        return ""
    broken = "broken " if past.state == "invalid" else ""
    return f"with {broken}credentials of {past.generator or 'another program'}"
