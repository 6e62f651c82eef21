"""All commands. A command's module is small; what it needs to work loads when it runs."""

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from deepmeme.cli.animate import animate
from deepmeme.cli.motion import app as motion

_GROUPS = {
    "models": "Known models: list, info, pull, convert, doctor.",
    "data": "Data to train on: list, info, prepare.",
    "train": "Train a model.",
    "faces": "Dream up faces: sample, interpolate, edit, encode, morph, attributes.",
    "swap": "Swap faces with a pair of autoencoders: extract, train, convert.",
}
"""Groups that other parts of the house bring: ``deepmeme.cli.NAME`` with an ``app``."""


def build() -> Any:
    """The command tree as a callable command."""
    app = typer.Typer(
        name="deepmeme",
        help="Bring still pictures to life. Everything runs on this machine.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Begin with: deepmeme demo",
    )
    app.callback()(_root)
    app.command("animate", cls=_Animate)(animate)
    _add(app, "demo")
    app.add_typer(motion, name="motion")
    for name, text in _GROUPS.items():
        module = f"deepmeme.cli.{name}"
        if find_spec(module) is not None:
            app.add_typer(import_module(module).app, name=name, help=text)
    _add(app, "studio")
    _add(app, "serve")
    _add(app, "verify")
    _add(app, "evaluate")
    _add(app, "bench")
    _add(app, "doctor")
    return typer.main.get_command(app)


class _Animate(TyperCommand):
    """Says in its usage which of the files is which."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS]", "SOURCE... DRIVING"]


def _add(app: typer.Typer, name: str) -> None:
    """The command ``deepmeme.cli.NAME.NAME``, of the module's own class if it has one."""
    if find_spec(f"deepmeme.cli.{name}") is not None:
        module = import_module(f"deepmeme.cli.{name}")
        app.command(name, cls=getattr(module, "Command", TyperCommand))(getattr(module, name))


def _version(wanted: bool) -> None:
    if wanted:
        from deepmeme import __version__

        typer.echo(f"deepmeme {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error comes from (anywhere on the line).")
    ] = False,
) -> None:
    """Bring still pictures to life. Everything runs on this machine."""
