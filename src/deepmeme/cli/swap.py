"""``deepmeme swap``: one person's expressions on another person's face, in three commands."""

import typer

from deepmeme.cli.swap_convert import convert
from deepmeme.cli.swap_extract import extract
from deepmeme.cli.swap_train import train

app = typer.Typer(no_args_is_help=True)
app.command("extract")(extract)
app.command("train")(train)
app.command("convert")(convert)
