"""A dataclass of options becomes the flags of a command."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from functools import wraps
from typing import Annotated, Any, TypeVar, get_args

import typer

from deepmeme.choices import Choice, choice_of, flag_name

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
"""The flag of every command whose result a script may want."""


def with_options(
    options: type[Any],
    into: str,
    *,
    only: Sequence[str] | None = None,
    defaults: Any = None,
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command a flag for each field of ``options``; it gets the instance as ``into``.

    ``only`` names the fields that get one; the others keep their defaults. ``defaults`` is an
    instance whose values take the place of the class's. Whatever the dataclass refuses is raised
    from its constructor, so the message is the same as from Python.
    """

    chosen_fields = [entry for entry in fields(options) if only is None or entry.name in only]
    usual = {entry.name: getattr(defaults, entry.name, entry.default) for entry in chosen_fields}

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        own = inspect.signature(command).parameters

        @wraps(command)
        def run(**given: Any) -> T:
            chosen = options(**_values(chosen_fields, given))
            mine = {name: value for name, value in given.items() if name in own}
            return command(**mine, **{into: chosen})

        kept = [p for name, p in own.items() if name != into]
        parameters = kept + [
            p for entry in chosen_fields for p in _parameters(entry, usual[entry.name])
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _values(entries: "Sequence[Field[Any]]", given: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for entry in entries:
        choice = choice_of(entry.metadata)
        values[entry.name] = given[entry.name]
        if choice.also is not None:
            flag, value = choice.also.split("=")
            if given[flag.replace("-", "_")]:
                values[entry.name] = value
    return values


def _parameters(entry: "Field[Any]", usual: Any) -> list[inspect.Parameter]:
    choice = choice_of(entry.metadata)
    found = [_parameter(entry.name, _type(entry), _option(entry, choice, usual))]
    if choice.also is not None:
        flag, value = choice.also.split("=")
        text = f"The same as {flag_name(entry.name)} {value}."
        option = typer.Option(False, f"--{flag}", help=text, rich_help_panel=choice.group)
        found.append(_parameter(flag.replace("-", "_"), bool, option))
    return found


def _parameter(name: str, annotation: Any, option: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=option, annotation=annotation)


def _type(entry: "Field[Any]") -> Any:
    """What Typer should read. Words and ranges are left to the dataclass, which knows them."""
    plain = [kind for kind in get_args(entry.type) if kind is not type(None)]
    return (plain[0] | None) if plain else entry.type


def _option(entry: "Field[Any]", choice: Choice, usual: Any) -> Any:
    names = [flag_name(entry.name)]
    if entry.default is True:
        names = [f"{names[0]}/--{choice.off or 'no-' + names[0][2:]}"]
    if choice.short is not None:
        names.append(f"-{choice.short}")
    return typer.Option(
        usual,
        *names,
        help=_help(choice),
        metavar=choice.metavar or "|".join(choice.one_of) or None,
        rich_help_panel=choice.group,
        show_default=usual not in (None, ""),
    )


def _help(choice: Choice) -> str:
    if choice.low is None or choice.high is None:
        return choice.help
    return f"{choice.help} From {choice.low:g} to {choice.high:g}."
