"""Docstrings as the code has them, made ready for the site: roles, double backticks, prompts.

Options are explained where they are declared; their explanation becomes the field's docstring.
"""

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`~?([^`]+)`")
_LITERAL = re.compile(r"``([^`]+)``")
_PROMPT = re.compile(r"^(\s*)(>>>|\.\.\.) ?(.*)$")


class HouseDocstrings(griffe.Extension):
    """Runs over everything that is documented."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object."""
        if obj.docstring is not None:
            obj.docstring.value = readable(obj.docstring.value)

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Fields that were declared by ``choice`` say what their help says."""
        if cls.name.endswith("Options") and cls.path.startswith("deepmeme."):
            _explain_fields(cls)


def readable(text: str) -> str:
    """A docstring as Markdown."""
    text = _LITERAL.sub(r"`\1`", _ROLE.sub(lambda found: f"`{found[1].split('.')[-1]}`", text))
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        prompt = _PROMPT.match(line)
        if prompt and not inside:
            lines += [*([""] if lines and lines[-1].strip() else []), f"{prompt[1]}```python"]
            indent = prompt[1]
        if inside and not prompt:
            lines.append(f"{indent}```")
        inside = prompt is not None
        lines.append(f"{prompt[1]}{prompt[3]}" if prompt else line)
    return "\n".join([*lines, f"{indent}```"] if inside else lines)


def _explain_fields(cls: griffe.Class) -> None:
    options = getattr(import_module(cls.module.path), cls.name)
    if not is_dataclass(options):
        return
    for entry in fields(options):
        told = entry.metadata.get("choice")
        member = cls.members.get(entry.name)
        if told is None or not isinstance(member, griffe.Attribute):
            continue
        text = told.help if told.low is None else f"{told.help} From {told.low:g} to {told.high:g}."
        member.docstring = griffe.Docstring(readable(text), parent=member)
        member.value = repr(entry.default)
