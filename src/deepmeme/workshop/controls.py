"""Sliders that draw anew, and a strip of pictures where nothing can move them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deepmeme.errors import InputError
from deepmeme.extras import require
from deepmeme.provenance.record import Record
from deepmeme.workshop.screen import html_of

Control = tuple[float, ...] | Sequence[str]
"""(low, high, start), (low, high, start, step), or a list of choices, of which the first is set."""

_MOST_STILLS = 5
_STEPS = 40


def sliders(
    draw: Callable[..., Any], *, width: int = 220, record: Record | None = None, **controls: Control
) -> None:
    """A panel that shows what ``draw(**values)`` gives for the values that its controls have.

    ``draw`` gives a thing, or a list of (title, thing); things and ``record`` are those of
    ``show``. A page without a running kernel shows the ends of each slider beside the start.

    Raises:
        InputError: a control that is none, or no control.
    """
    if not controls:
        raise InputError("Give at least one control, such as smile=(-2, 2, 0).")
    widgets = require("ipywidgets", extra="workshop")
    ipython = require("IPython.display", extra="workshop")
    start = {name: _start(name, control) for name, control in controls.items()}

    def drawn(values: Mapping[str, Any]) -> str:
        return _drawn(draw(**values), width, record)

    stills = _stills(drawn, controls, start)
    told = dict(_panel(widgets, drawn, controls, stills[0][1])._repr_mimebundle_())
    beside = "".join(_with_title(*still) for still in stills)
    told["text/html"] = f'<div style="display:flex;flex-wrap:wrap;gap:4px 24px">{beside}</div>'
    ipython.display(told, raw=True)


def _panel(
    widgets: Any,
    drawn: Callable[[Mapping[str, Any]], str],
    controls: Mapping[str, Control],
    first: str,
) -> Any:
    picture = widgets.HTML(first)
    handles = {name: _handle(widgets, name, control) for name, control in controls.items()}

    def redraw(_: Any = None) -> None:
        picture.value = drawn({name: handle.value for name, handle in handles.items()})

    for handle in handles.values():
        handle.observe(redraw, names="value")
    return widgets.VBox([*handles.values(), picture])


def _handle(widgets: Any, name: str, control: Control) -> Any:
    words = name.replace("_", " ")
    style = {"description_width": "110px"}
    if isinstance(control, tuple):
        low, high, start = control[:3]
        step = control[3] if len(control) > 3 else (high - low) / _STEPS
        layout = widgets.Layout(width="420px")
        return widgets.FloatSlider(
            value=start, min=low, max=high, step=step, description=words, style=style,
            layout=layout,
        )  # fmt: skip
    return widgets.Dropdown(options=list(control), description=words, style=style)


def _start(name: str, control: Control) -> Any:
    if isinstance(control, tuple):
        if len(control) not in (3, 4) or not control[0] <= control[2] <= control[1]:
            raise InputError(
                f"{name}={control} is no slider: give (low, high, start) with start between them."
            )
        return control[2]
    if not control:
        raise InputError(f"{name} has nothing to choose from.")
    return control[0]


def _stills(
    drawn: Callable[[Mapping[str, Any]], str],
    controls: Mapping[str, Control],
    start: Mapping[str, Any],
) -> list[tuple[str, str]]:
    """The start, then each control at its ends, with the words that say so."""
    stills = [("", drawn(start))]
    for name, control in controls.items():
        ends = control[:2] if isinstance(control, tuple) else control[1:3]
        for end in ends:
            if len(stills) < _MOST_STILLS and end != start[name]:
                shown = f"{end:g}" if isinstance(end, float | int) else end
                words = f"{name.replace('_', ' ')}: {shown}"
                stills.append((words, drawn({**start, name: end})))
    return stills


def _with_title(words: str, shown: str) -> str:
    style = "font:13px system-ui,sans-serif;margin:8px 0 2px"
    return f'<div><div style="{style}">{words or "as it starts"}</div>{shown}</div>'


def _drawn(told: Any, width: int, record: Record | None) -> str:
    if isinstance(told, list) and told and isinstance(told[0], tuple):
        titles, things = zip(*told, strict=True)
        return html_of(things, titles, width=width, record=record)
    return html_of(told if isinstance(told, list) else [told], width=width, record=record)
