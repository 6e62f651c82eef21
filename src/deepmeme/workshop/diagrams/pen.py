"""A pen for diagrams: boxes, networks, faces, codes and arrows on one sheet of SVG."""

import math
from collections.abc import Sequence
from html import escape

from deepmeme.workshop.colours import COLOURS

Point = tuple[float, float]

INK, SOFT, LINE, PAPER = "#22262e", "#5d6470", "#8a909b", "#fbfaf7"
_FONT = "system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif"
_TINT = "22"  # appended to a colour: how much of it fills a box


class Pen:
    """One sheet; the origin is its upper left corner."""

    def __init__(self, width: int, height: int, title: str) -> None:
        """``title`` is what a screen reader says of it."""
        self.width, self.height, self._title = width, height, title
        self._drawn: list[str] = []

    def svg(self) -> str:
        """The sheet as the text of a file."""
        body = "\n".join(self._drawn)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'role="img" aria-label="{escape(self._title)}" font-family="{_FONT}">\n'
            f"<title>{escape(self._title)}</title>\n"
            f'<rect width="{self.width}" height="{self.height}" rx="14" fill="{PAPER}"/>\n'
            f"{body}\n</svg>\n"
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 14,
        colour: str = INK,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        """Words around ``x`` with their foot at ``y``; a new line at each line break."""
        weight = ' font-weight="600"' if bold else ""
        for number, line in enumerate(words.split("\n")):
            self._put(
                f'<text x="{_n(x)}" y="{_n(y + number * size * 1.25)}" font-size="{_n(size)}" '
                f'text-anchor="{anchor}" fill="{colour}"{weight}>{escape(line)}</text>'
            )

    def box(
        self, x: float, y: float, w: float, h: float, words: str = "", *, role: str = "quiet"
    ) -> None:
        """A rounded box with words in its middle."""
        colour = COLOURS[role]
        self._put(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" rx="8" '
            f'fill="{colour}{_TINT}" stroke="{colour}" stroke-width="2"/>'
        )
        lines = words.count("\n") + 1
        self.text(x + w / 2, y + h / 2 + 5 - (lines - 1) * 8.5, words)

    def card(self, x: float, y: float, w: float, h: float) -> None:
        """A piece of paper, which hides what lies below it."""
        size = f'width="{_n(w)}" height="{_n(h)}"'
        self._put(f'<rect x="{_n(x)}" y="{_n(y)}" {size} rx="8" fill="{PAPER}"/>')

    def network(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        words: str,
        *,
        narrows: bool = True,
        role: str = "quiet",
    ) -> None:
        """A network that squeezes (or widens) what goes through it from left to right."""
        cut = h * 0.22
        left, right = (0.0, cut) if narrows else (cut, 0.0)
        corners = [(x, y + left), (x + w, y + right), (x + w, y + h - right), (x, y + h - left)]
        colour = COLOURS[role]
        self._put(
            f'<polygon points="{_points(corners)}" fill="{colour}{_TINT}" stroke="{colour}" '
            'stroke-width="2" stroke-linejoin="round"/>'
        )
        lines = words.count("\n") + 1
        self.text(x + w / 2, y + h / 2 + 5 - (lines - 1) * 8.5, words, bold=True)

    def arrow(
        self,
        *points: Point,
        words: str = "",
        role: str | None = None,
        dashed: bool = False,
        above: float = 8,
    ) -> None:
        """A line through the points with a head at the last; words over its middle."""
        colour = COLOURS[role] if role else LINE
        (ax, ay), (bx, by) = points[-2], points[-1]
        angle = math.atan2(by - ay, bx - ax)
        neck = (bx - 7 * math.cos(angle), by - 7 * math.sin(angle))
        dashes = ' stroke-dasharray="6 5"' if dashed else ""
        self._put(
            f'<polyline points="{_points([*points[:-1], neck])}" fill="none" stroke="{colour}" '
            f'stroke-width="2.2" stroke-linejoin="round"{dashes}/>'
        )
        head = [
            (bx - 11 * math.cos(angle + turn), by - 11 * math.sin(angle + turn))
            for turn in (-0.42, 0.42)
        ]
        self._put(f'<polygon points="{_points([(bx, by), *head])}" fill="{colour}"/>')
        if words:
            middle = (points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2
            self.text(middle[0], middle[1] - above, words, size=12.5, colour=SOFT)

    def code(
        self, x: float, y: float, shades: Sequence[float], *, cell: float = 15, role: str = "quiet"
    ) -> None:
        """Numbers as a column of squares, each 0 (pale) to 1 (full)."""
        for number, shade in enumerate(shades):
            opacity = 0.15 + 0.85 * min(1.0, max(0.0, shade))
            self._put(
                f'<rect x="{_n(x)}" y="{_n(y + number * (cell + 2))}" width="{_n(cell)}" '
                f'height="{_n(cell)}" rx="3" fill="{COLOURS[role]}" fill-opacity="{_n(opacity)}"/>'
            )

    def dot(self, x: float, y: float, *, role: str = "quiet", radius: float = 4) -> None:
        """A point."""
        self._put(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{COLOURS[role]}" '
            'stroke="white" stroke-width="1.2"/>'
        )

    def line(self, *points: Point, colour: str = LINE, wide: float = 1.4) -> None:
        """A plain line through points."""
        self._put(
            f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" '
            f'stroke-width="{_n(wide)}" stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def shape(self, points: Sequence[Point], *, fill: str, edge: str = "none") -> None:
        """A filled outline."""
        self._put(
            f'<polygon points="{_points(points)}" fill="{fill}" stroke="{edge}" '
            'stroke-width="1.5" stroke-linejoin="round"/>'
        )

    def oval(self, x: float, y: float, rx: float, ry: float, *, fill: str, edge: str = "") -> None:
        """A filled ellipse around (x, y)."""
        stroke = f' stroke="{edge}" stroke-width="1.5"' if edge else ""
        size = f'rx="{_n(rx)}" ry="{_n(ry)}"'
        self._put(f'<ellipse cx="{_n(x)}" cy="{_n(y)}" {size} fill="{fill}"{stroke}/>')

    def _put(self, drawn: str) -> None:
        self._drawn.append(drawn)


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
