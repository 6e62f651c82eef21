"""Charts in the house's style."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deepmeme.extras import require
from deepmeme.workshop.colours import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CYCLE = (COLOURS["result"], COLOURS["driving"], COLOURS["source"], COLOURS["bad"], "#9b6bdf")


def set_style() -> None:
    """Colours, sizes and thin axes for all charts from here on."""
    mpl = require("matplotlib", extra="workshop")
    mpl.rcParams.update(
        {
            "axes.prop_cycle": mpl.cycler(color=list(_CYCLE)),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.labelsize": 10,
            "figure.dpi": 110,
            "figure.figsize": (6, 2.8),
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "grid.alpha": 0.25,
            "image.cmap": "magma",
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )


def curves(
    steps: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    *,
    title: str = "",
    x: str = "step",
    y: str = "",
    log: bool = False,
) -> "Figure":
    """One chart of some lines over ``steps``; a line named as a role has that role's colour."""
    figure_of = require("matplotlib.figure", extra="workshop").Figure
    figure: Figure = figure_of()
    axes = figure.add_subplot()
    for name, values in lines.items():
        axes.plot(steps[: len(values)], values, label=name, color=COLOURS.get(name))
    axes.set(title=title, xlabel=x, ylabel=y, yscale="log" if log else "linear")
    if len(lines) > 1:
        axes.legend()
    return figure
