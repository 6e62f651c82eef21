"""``deepmeme serve`` and, with a page that opens by itself, ``deepmeme studio``."""

from typing import TYPE_CHECKING, Annotated

import typer

from deepmeme.cli.fields import with_options
from deepmeme.web.options import ServeOptions

if TYPE_CHECKING:
    from rich.console import Console

    from deepmeme.web.keys import Keys

Page = Annotated[bool, typer.Option("--page/--no-page", help="Also the studio's page at /.")]


@with_options(ServeOptions, into="options")
def serve(options: ServeOptions, page: Page = True) -> None:
    """Serve the HTTP API, and the studio's page, to this machine or to others.

    deepmeme serve

    deepmeme serve --host 0.0.0.0 --name studio.example.org --keep 2 --quota 50GB
    """
    _run(options, page=page, browser=False)


def run_studio(options: ServeOptions, *, browser: bool) -> None:
    """The same with the page, which opens in a browser."""
    _run(options, page=True, browser=browser)


def _run(options: ServeOptions, *, page: bool, browser: bool) -> None:
    from deepmeme.cli.console import screen
    from deepmeme.web.keys import Keys
    from deepmeme.web.server import serve as listen

    console, keys = screen(), Keys.of(options)

    def ready(address: str) -> None:
        _tell(console, options, keys, address, page=page)
        if browser:
            import webbrowser

            webbrowser.open(address)

    listen(options, keys, page=page, ready=ready)


def _tell(
    console: "Console", options: ServeOptions, keys: "Keys", address: str, *, page: bool
) -> None:
    from deepmeme.pipelines.guard import open_guard

    what = "The studio is open" if page else "The API answers"
    console.print(f"{what} at {address}", style="bold", markup=False)
    if options.only_here:
        console.print("Only this machine can reach it. Ctrl-C closes it.", style="dim")
        return
    if not options.name:
        console.print(
            f"It answers to this machine and to {options.host}; other names and addresses that "
            "people type have to be allowed with --name.",
            style="yellow",
            markup=False,
        )
    if keys.made_up:
        console.print(f"Its token, made up for this run: {keys.made_up}", markup=False)
    if not keys.needed:
        console.print(
            "Warning: everybody who reaches this address may use it, without a token. Leave out "
            "--no-token, or name a --token-file.",
            style="yellow",
        )
    console.print(
        "Tokens and pictures travel unencrypted: put a proxy with TLS in front (docs/serve.md).",
        style="yellow",
        markup=False,
    )
    if open_guard() is None:
        console.print(
            "Recommended where strangers bring pictures: pip install 'deepmeme[guard]', which "
            "refuses nudity.",
            style="yellow",
            markup=False,
        )
