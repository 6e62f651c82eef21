"""Traits of faces become flags: ``--smile +2``."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import typer

from deepmeme.choices import flag_name
from deepmeme.runtime.trait_names import TRAITS

T = TypeVar("T")


def with_traits(*, into: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a command a flag for each trait; it gets those that were given, by name, as ``into``."""

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        own = [p for name, p in inspect.signature(command).parameters.items() if name != into]
        flags = [
            inspect.Parameter(
                f"trait_{name}", inspect.Parameter.KEYWORD_ONLY, annotation=float | None,
                default=typer.Option(
                    None, flag_name(name), help=about.capitalize() + ".", rich_help_panel="Traits",
                    show_default=False,
                ),
            )
            for name, about in TRAITS.items()
        ]  # fmt: skip

        @wraps(command)
        def run(**given: Any) -> T:
            steps = {name: given.pop(f"trait_{name}") for name in TRAITS}
            return command(
                **given, **{into: {name: step for name, step in steps.items() if step is not None}}
            )

        run.__signature__ = inspect.Signature([*own, *flags])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (*own, *flags)}
        return run

    return decorate
