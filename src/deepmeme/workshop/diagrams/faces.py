"""The people of the diagrams: a face in a frame, which can turn, open its mouth and be blurred."""

from dataclasses import dataclass

from deepmeme.workshop.diagrams.pen import INK, Pen, Point

_SKIN, _HAIR, _GROUND = "#f0c9a4", "#6b4a32", "#e9edf2"


@dataclass(frozen=True)
class Look:
    """How somebody looks at one moment."""

    turn: float = 0.0
    """-1 to the left, 1 to the right."""
    mouth: float = 0.0
    """0 closed, 1 wide open."""
    skin: str = _SKIN
    hair: str = _HAIR
    soft: bool = False
    """Pale and without outlines, as something blurred."""


ANNA = Look()
BEN = Look(skin="#b98257", hair="#1f1a17")


def face(pen: Pen, x: float, y: float, side: float, look: Look = ANNA, role: str = "quiet") -> None:
    """A picture of somebody, framed in the colour of its part, upper left corner at (x, y)."""
    middle, shift = x + side / 2, look.turn * side * 0.08
    pen.box(x, y, side, side, role=role)
    pen.oval(middle, y + side * 0.47, side * 0.30, side * 0.36, fill=look.hair)
    pen.oval(middle + shift * 0.4, y + side * 0.53, side * 0.25, side * 0.32, fill=look.skin)
    line = look.hair if look.soft else INK
    for eye in eyes(x, y, side, look):
        pen.oval(*eye, side * 0.035, side * 0.045, fill=line)
    cx, cy = mouth(x, y, side, look)
    pen.oval(cx, cy, side * 0.09, side * (0.015 + 0.06 * look.mouth), fill="#a8433f")
    nose = (middle + shift * 1.3, y + side * 0.58)
    pen.line((nose[0], nose[1] - side * 0.07), nose, colour=line, wide=side * 0.018)
    if look.soft:
        pen.oval(middle, y + side * 0.5, side * 0.42, side * 0.42, fill="#ffffff66")


def eyes(x: float, y: float, side: float, look: Look) -> tuple[Point, Point]:
    """Where the eyes of :func:`face` are."""
    middle, high = x + side / 2 + look.turn * side * 0.08, y + side * 0.47
    return (middle - side * 0.105, high), (middle + side * 0.105, high)


def mouth(x: float, y: float, side: float, look: Look) -> Point:
    """Where its mouth is."""
    return x + side / 2 + look.turn * side * 0.08, y + side * 0.71


def keypoints(
    pen: Pen, x: float, y: float, side: float, look: Look, role: str = "source"
) -> tuple[Point, ...]:
    """Dots on eyes and mouth, and where they are."""
    places = (*eyes(x, y, side, look), mouth(x, y, side, look))
    for place in places:
        pen.dot(*place, role=role, radius=side * 0.045)
    return places


def film(pen: Pen, x: float, y: float, side: float, looks: tuple[Look, ...], role: str) -> None:
    """Frames of a video behind each other; the last one is in front."""
    gap = side * 0.13
    for number, look in enumerate(looks):
        off = (len(looks) - 1 - number) * gap
        pen.card(x + off, y - off, side, side)
        face(pen, x + off, y - off, side, look, role)
