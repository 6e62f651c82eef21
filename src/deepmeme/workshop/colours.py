"""The same colour for the same part in all drawings, as in the product's own pictures."""

from deepmeme.media.montage import DRIVING, QUIET, RESULT, SOURCE, Colour


def _word(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


COLOURS = {
    "source": _word(SOURCE),
    "driving": _word(DRIVING),
    "result": _word(RESULT),
    "quiet": _word(QUIET),
    "bad": "#e5534b",
}
"""Roles and their colours: what is given, what moves it, what comes out, the rest, mistakes."""
