"""Finds what a Markdown text shows as code: fenced blocks, and commands within its sentences."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL = frozenset({"shell", "bash", "sh", "console"})

_FENCE = re.compile(r"^(?P<indent>\s*)(?P<marks>`{3,}|~{3,})\s*(?P<info>[^`]*?)\s*$")
_SPAN = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_COMMAND = re.compile(r"(?:deepmeme|make|pip install|python -m|python benchmarks/\S+)(?=\s|$)")
_BARE = re.compile(r"^\s{4,}(?:\$ )?(?:deepmeme|python3?|make|pip|torchrun|curl|docker|git) \S")


@dataclass(frozen=True)
class Block:
    """Code out of ``page``; ``line`` is that of its first line, counted from 1."""

    page: Path
    line: int
    language: str
    text: str

    def at(self, line: int = 1) -> str:
        """Where its ``line``-th line is, as editors like it."""
        return f"{name_of(self.page)}:{self.line + line - 1}"


def name_of(page: Path) -> str:
    """Its path in the repository."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def pages() -> list[Path]:
    """Everything that people read."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    found += sorted((ROOT / "docs").rglob("*.md"))
    return found + sorted((ROOT / "src/deepmeme/weights/bundled").glob("*/CARD.md"))


def read(page: Path) -> str:
    """What it says; the site writes the repository's address where ``{{ repo_url }}`` stands."""
    return page.read_text(encoding="utf-8").replace(
        "{{ repo_url }}", "https://example.org/deepmeme"
    )


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks, also those within lists, tabs and notes.

    Raises:
        ValueError: a fence that is never closed.
    """
    return [part for part in _parts(page) if isinstance(part, Block)]


def prose_of(page: Path) -> str:
    """The text with its fenced blocks blanked, line by line as long as before."""
    lines = read(page).split("\n")
    for block in blocks_of(page):
        count = len(block.text.split("\n")) - 1
        for line in range(block.line - 2, block.line + count):
            lines[line] = ""
    return "\n".join(lines)


def spoken_commands(page: Path) -> Iterator[Block]:
    """Commands in single backticks; a few words of them may be left out."""
    prose = prose_of(page)
    for span in _SPAN.finditer(prose):
        words = " ".join(span[1].split())
        if _COMMAND.match(words):
            yield Block(page, prose.count("\n", 0, span.start()) + 1, "shell", words)


def bare_commands(page: Path) -> list[Block]:
    """Commands that are only indented, where nothing says what they are."""
    lines = enumerate(prose_of(page).split("\n"), 1)
    return [Block(page, number, "", line) for number, line in lines if _BARE.match(line)]


def commands_of(block: Block) -> str:
    """What of a shell block is typed; in a ``console`` block that is what follows a ``$``."""
    if block.language != "console":
        return block.text
    lines = block.text.split("\n")
    return "\n".join(line[2:] if line.startswith(("$ ", "> ")) else "" for line in lines)


def _parts(page: Path) -> Iterator[Block]:
    lines = read(page).split("\n")
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if opening is None:
            continue
        first, marks = number, opening["marks"]
        closing = re.compile(rf"\s*{marks[0]}{{{len(marks)},}}\s*$")
        while number < len(lines) and not closing.match(lines[number]):
            number += 1
        if number == len(lines):
            raise ValueError(f"{name_of(page)}:{first}: this block has no end")
        language = opening["info"].split(maxsplit=1)[0].lower() if opening["info"] else ""
        text = "".join(f"{line}\n" for line in lines[first:number])
        yield Block(page, first + 1, language.strip("{}."), textwrap.dedent(text))
        number += 1
