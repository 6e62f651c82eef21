"""``deepmeme verify``: where pictures and videos come from, as far as they tell."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepmeme.cli.fields import AsJson

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from deepmeme.provenance.credentials_found import Credentials
    from deepmeme.provenance.verify import Verdict

_SIGNS = {
    "intact": ("✔", "green"), "altered": ("▲", "yellow"), "others": ("●", "blue"),
    "unmarked": ("○", "default"),
}  # fmt: skip
_ROLES = {"parentOf": "picture", "inputTo": "moved by", "componentOf": "with"}
_UNREADABLE = 2


def verify(
    files: Annotated[list[Path], typer.Argument(help="Pictures, videos or folders of pictures.")],
    search: Annotated[
        bool,
        typer.Option(
            "--search/--quick", help="Look for the watermark of crops and odd sizes, too: seconds."
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
    for path in files:
        try:
            verdict = look(path, search=search)
        except DeepmemeError as error:
            codes.append(_UNREADABLE)
            facts.append({"file": str(path), "state": "unreadable", "error": str(error)})
            if not as_json:
                console.print(f"✘ {error}", style="red", markup=False)
            continue
        codes.append(verdict.exit_code)
        facts.append(verdict.as_dict())
        if not as_json:
            tell(console, verdict)
    if as_json:
        print_json({"ok": _UNREADABLE not in codes, "files": facts})
    raise typer.Exit(next(code for code in (2, 3, 1, 0) if code in codes))


def tell(console: "Console", verdict: "Verdict") -> None:
    """One file's verdict, then what it stands on."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    sign, colour = _SIGNS[verdict.state]
    console.print(Text(f"{sign} {verdict.path}", style=f"bold {colour}"))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column(overflow="fold")
    table.add_row("", Text(verdict.summary))
    table.add_row("", Text(verdict.sureness, style="dim"))
    if verdict.credentials is not None:
        _add_credentials(table, verdict.credentials)
    if verdict.watermark is not None:
        mirrored = ", mirrored" if verdict.watermark.mirrored else ""
        table.add_row("watermark", Text(f"work {verdict.watermark.work_id}{mirrored}"))
    elif verdict.credentials is not None and verdict.credentials.ours:
        table.add_row("watermark", Text("not readable in this file"))
    console.print(Padding(table, (0, 0, 1, 2)))


def _add_credentials(table: "Table", found: "Credentials") -> None:
    from rich.text import Text

    def add(name: str, *texts: str) -> None:
        said = " ".join(text for text in texts if text)
        if said:
            table.add_row(name, Text(said))

    by = f"{found.signer or 'unknown'}" + (f" (by {found.issuer})" if found.issuer else "")
    add("signed by", by)
    when = found.signed_at or found.claimed_at
    add("signed at", when or "", "" if found.signed_at or not when else "(as the signer says)")
    add("made with", found.generator, f"{found.task}" if found.task else "")
    add("model", found.model, f"sha256 {found.model_sha256[:12]}..." if found.model_sha256 else "")
    for part in found.ingredients:
        digest = f"(sha256 {part.sha256[:12]}...)" if part.sha256 else ""
        past = "with credentials of its own" if part.credentials is not None else ""
        add(_ROLES.get(part.relationship, "from"), part.title, digest, past)
    add("kind", found.digital_source_type.rsplit("/", 1)[-1])
    for problem in found.problems:
        add("problem", problem)
    if found.sidecar is not None:
        add("sidecar", str(found.sidecar))
