"""How options are declared, once: a dataclass field with its default, its range and its words.

The command line, the page and the API's schema are derived from such fields; what they refuse is
refused in the same words everywhere.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from types import NoneType
from typing import Any, NamedTuple, TypeVar, cast, get_args

from deepmeme.errors import InputError

T = TypeVar("T")
_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]*[a-z])")


class _Kind(NamedTuple):
    accepts: type | tuple[type, ...]
    words: str


_KINDS = {
    bool: _Kind(bool, "yes or no (True or False)"),
    int: _Kind(int, "a whole number"),
    float: _Kind((int, float), "a number"),
    str: _Kind(str, "a text"),
}


@dataclass(frozen=True)
class Choice:
    """How one field shows itself to a user, and what it accepts."""

    help: str
    group: str
    one_of: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    parse: Callable[[str], object] | None = None
    metavar: str | None = None
    short: str | None = None
    off: str | None = None
    """Name of the flag that says no, for a boolean; ``--no-NAME`` unless given."""
    also: str | None = None
    """A second flag NAME=VALUE that sets this field to VALUE, such as ``no-crop=none``."""

    def problem(self, value: object, kind: Any) -> str | None:
        """What would have been right, or None if ``value`` is.

        ``kind`` is the field's type: bool, int, float, str, or one of these or None.
        """
        kinds = get_args(kind) or (kind,)
        if value is None and NoneType in kinds:
            return None
        wanted = _KINDS[kinds[0]]
        if not isinstance(value, wanted.accepts) or (
            kinds[0] is not bool and isinstance(value, bool)
        ):
            return wanted.words
        if self.one_of and value not in self.one_of:
            return f"one of {', '.join(self.one_of)}"
        low, high = self.low, self.high
        if low is not None and high is not None and not low <= cast(float, value) <= high:
            return f"a number from {low:g} to {high:g}"
        if self.parse is not None:
            try:
                self.parse(str(value))
            except ValueError as error:
                return str(error)
        return None


def choice(default: Any, help: str, group: str, **facts: Any) -> Any:
    """A dataclass field with its default and its :class:`Choice`."""
    return field(default=default, metadata={"choice": Choice(help, group, **facts)})


def flag_name(name: str) -> str:
    """``--crop-driving`` for ``crop_driving``."""
    return "--" + name.replace("_", "-")


def without_flags(message: str) -> str:
    """A message in which ``--crop-driving`` is ``crop_driving``, for whoever types no command."""
    return _FLAG.sub(lambda found: found[1].replace("-", "_"), message)


def settle(options: Any, contradictions: Callable[[], list[str]] = list) -> None:
    """What the ``__post_init__`` of options does: tidy the values and refuse what does not fit.

    ``contradictions`` is asked once every value is fine by itself.

    Raises:
        InputError: naming every value that does not fit, all at once.
    """
    problems = []
    for entry in fields(options):
        value = _written(getattr(options, entry.name), entry.type)
        object.__setattr__(options, entry.name, value)
        wanted = choice_of(entry.metadata).problem(value, entry.type)
        if wanted is not None:
            problems.append(f"{flag_name(entry.name)} {value!r}: expected {wanted}")
    problems = problems or contradictions()
    if problems:
        raise InputError("Some options do not fit. " + "; ".join(problems) + ".")


def merged(options: T, changes: Mapping[str, object]) -> T:
    """The options with ``changes`` by name on top.

    Raises:
        InputError: no such option, or values that do not fit.
    """
    possible = [entry.name for entry in fields(cast(Any, options))]
    unknown = sorted(set(changes) - set(possible))
    if unknown:
        raise InputError(f"No such option: {', '.join(unknown)}. Possible: {', '.join(possible)}.")
    return cast(T, replace(cast(Any, options), **changes))


def _written(value: object, kind: Any) -> object:
    """Numbers and paths as text where a text is wanted: ``anchor=0``, ``audio=Path("a.mp3")``."""
    if (get_args(kind) or (kind,))[0] is not str or isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int | float | PurePath) else value


def choice_of(metadata: Any) -> Choice:
    """The :class:`Choice` of a field made by :func:`choice`."""
    return cast(Choice, metadata["choice"])
