"""Questions with folded answers."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from deepmeme.errors import InputError
from deepmeme.extras import require
from deepmeme.workshop.colours import COLOURS
from deepmeme.workshop.screen import Thing, html_of


@dataclass(frozen=True)
class Question:
    """One question; the pictures are lettered A, B, ..."""

    text: str
    choices: Sequence[str]
    answer: int
    """Which choice, counted from 0."""
    why: str
    pictures: Sequence[Thing] = ()


def quiz(questions: Sequence[Question], *, width: int = 180) -> None:
    """Show the questions; each answer unfolds on a click, without a kernel too.

    Raises:
        InputError: an answer that is none of its choices.
    """
    ipython = require("IPython.display", extra="workshop")
    shown = "".join(_asked(number, one, width) for number, one in enumerate(questions, 1))
    ipython.display(ipython.HTML(shown))


def _asked(number: int, one: Question, width: int) -> str:
    if not 0 <= one.answer < len(one.choices):
        raise InputError(
            f"Question {number} has {len(one.choices)} choices; its answer is {one.answer}."
        )
    letters = [chr(ord("A") + i) for i in range(len(one.pictures))]
    pictures = html_of(one.pictures, letters, width=width) if one.pictures else ""
    choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in one.choices)
    right = html.escape(one.choices[one.answer])
    frame = f"border-left:4px solid {COLOURS['source']};padding:2px 0 2px 14px;margin:18px 0"
    good = f"border-left:4px solid {COLOURS['result']};padding-left:10px;margin:6px 0"
    return (
        f'<section style="{frame}"><p><b>{number}. {html.escape(one.text)}</b></p>{pictures}'
        f'<ul style="margin:8px 0">{choices}</ul><details><summary>Answer</summary>'
        f'<p style="{good}"><b>{right}</b><br>{html.escape(one.why)}</p></details></section>'
    )
