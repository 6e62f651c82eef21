"""``deepmeme studio``: the page, in a browser."""

from typing import Annotated

import typer

from deepmeme.cli.fields import with_options
from deepmeme.cli.serve import run_studio
from deepmeme.web.options import ServeOptions

Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")]


@with_options(ServeOptions, into="options", only=("port", "folder", "keep", "quota", "workers"))
def studio(options: ServeOptions, browser: Browser = True) -> None:
    """Open the studio: a page on this machine that animates, swaps, dreams and verifies."""
    run_studio(options, browser=browser)
