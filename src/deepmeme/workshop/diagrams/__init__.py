"""Diagrams drawn by code, as SVG: no fonts or files from elsewhere, readable on any background.

``python -m deepmeme.workshop.diagrams -o docs/images/diagrams`` writes all of them.
"""

from collections.abc import Callable

from deepmeme.errors import InputError
from deepmeme.extras import require
from deepmeme.workshop.diagrams.codes import autoencoder, gan, swap, vae
from deepmeme.workshop.diagrams.marks import marks
from deepmeme.workshop.diagrams.motion import motion, training, warps
from deepmeme.workshop.diagrams.pen import Pen

DIAGRAMS: dict[str, Callable[[], Pen]] = {
    "motion": motion,
    "warps": warps,
    "training": training,
    "autoencoder": autoencoder,
    "swap": swap,
    "vae": vae,
    "gan": gan,
    "marks": marks,
}


def svg(name: str) -> str:
    """A diagram as the text of an SVG file.

    Raises:
        InputError: there is no such diagram.
    """
    if name not in DIAGRAMS:
        raise InputError(f"There is no diagram {name!r}. There are: {', '.join(DIAGRAMS)}.")
    return DIAGRAMS[name]().svg()


def diagram(name: str) -> None:
    """Show a diagram in a notebook.

    Raises:
        InputError: there is no such diagram.
    """
    ipython = require("IPython.display", extra="workshop")
    ipython.display(ipython.HTML(f'<div style="max-width:860px">{svg(name)}</div>'))
