"""Lines of the navigation that end in ``/*`` become the pages that are made at build."""

from collections.abc import Callable
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

import commands
from site_places import cards, notebooks

_MADE: dict[str, Callable[[], list[Any]]] = {
    "reference/cli/*": commands.pages,
    "models/*": lambda: [{card.parent.name: f"models/{card.parent.name}.md"} for card in cards()],
    "learn/*": lambda: [f"learn/{book.stem}.md" for book in notebooks()],
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the made pages into the navigation."""
    config.nav = _expanded(config.nav or [])
    return config


def _expanded(entries: list[Any]) -> list[Any]:
    found: list[Any] = []
    for entry in entries:
        if isinstance(entry, str):
            found += _MADE[entry]() if entry in _MADE else [entry]
            continue
        ((title, value),) = entry.items()
        if isinstance(value, list):
            found.append({title: _expanded(value)})
        elif value not in _MADE:
            found.append(entry)
        elif pages := _MADE[value]():  # nothing made yet: no empty heading
            found.append({title: pages})
    return found
