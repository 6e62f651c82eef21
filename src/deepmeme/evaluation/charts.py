"""Small line charts in SVG."""

from collections.abc import Mapping, Sequence
from html import escape

from deepmeme.evaluation.measures import Measure

_WIDTH, _HEIGHT = 300, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 8, 20, 22


def chart(series: Mapping[str, Sequence[float]], at: Sequence[int], measure: Measure) -> str:
    """Lines by colour (a CSS variable's name) over frame numbers; gaps where a value is NaN."""
    known = [value for values in series.values() for value in values if value == value]
    most = max(known, default=1.0) or 1.0
    first, last = at[0], max(at[-1], at[0] + 1)

    def place(number: int, value: float) -> tuple[float, float]:
        x = _LEFT + (number - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        return x, _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)

    lines = []
    for colour, values in series.items():
        style = f'fill="none" stroke="var(--{colour})" stroke-width="{_weight(colour)}"'
        for run in _runs(values):
            points = " ".join("{:.1f},{:.1f}".format(*place(at[i], values[i])) for i in run)
            lines.append(f'<polyline points="{points}" {style} stroke-linejoin="round"/>')
    ground, top = _HEIGHT - _BOTTOM, _TOP
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f'<text x="0" y="11">{escape(measure.title)}, {escape(measure.unit)}, by frame</text>'
        f'<line x1="{_LEFT}" y1="{ground}" x2="{_WIDTH - _RIGHT}" y2="{ground}" '
        'stroke="var(--line)"/>'
        f'<line x1="{_LEFT}" y1="{top}" x2="{_WIDTH - _RIGHT}" y2="{top}" stroke="var(--line)" '
        'stroke-dasharray="2 4"/>'
        f'<text x="{_LEFT - 5}" y="{ground + 4}" text-anchor="end">0</text>'
        f'<text x="{_LEFT - 5}" y="{top + 4}" text-anchor="end">{most:.3g}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 7}">{first}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 7}" text-anchor="end">{at[-1]}</text>'
        f"{''.join(lines)}</svg>"
    )


def _weight(colour: str) -> float:
    return 2.2 if colour in ("model", "other") else 1.3


def _runs(values: Sequence[float]) -> list[list[int]]:
    """Indices of neighbours that are all known."""
    runs: list[list[int]] = [[]]
    for index, value in enumerate(values):
        if value == value:
            runs[-1].append(index)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
