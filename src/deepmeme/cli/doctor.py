"""``deepmeme doctor``: is everything here that animates pictures, and does it work?"""

from dataclasses import asdict
from typing import Annotated

import typer

from deepmeme.cli.fields import AsJson

MARKS = {"good": ("ok", "green"), "note": ("note", "yellow"), "bad": ("bad", "bold red")}


def doctor(
    self_test: Annotated[bool, typer.Option(help="Run the networks once.")] = True,
    as_json: AsJson = False,
) -> int:
    """Check the installation: libraries, processor, engine, video, models."""
    from rich.text import Text

    from deepmeme.cli.console import print_json, screen
    from deepmeme.pipelines.doctor import examine

    console = screen()
    findings = []
    for finding in examine(self_test=self_test):
        findings.append(finding)
        if not as_json:
            word, style = MARKS[finding.state]
            console.print(
                Text.assemble((f"{word:>5}", style), f"  {finding.about:<14}", finding.found)
            )
            if finding.advice:
                console.print(Text(f"{'':21}{finding.advice}", style="dim"))
    sound = all(finding.state != "bad" for finding in findings)
    if as_json:
        print_json({"ok": sound, "findings": [asdict(finding) for finding in findings]})
    elif sound:
        console.print("Everything that animates is here. Try: deepmeme demo", style="bold")
    return 0 if sound else 1
