"""Follows a page: what of its code does not hold, with the lines."""

import configparser
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.docs import commands, python
from tests.docs.blocks import (
    SHELL,
    Block,
    bare_commands,
    blocks_of,
    commands_of,
    spoken_commands,
)
from tests.docs.kit import bring, supposed
from tests.docs.shell import Fault, run_shell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = ("python", "py", "pycon")
PLAIN = ("text", "diff", "html", "css", "javascript", "mermaid", "markdown", "latex")
"""Languages of which nothing is checked."""


def faults_of(page: Path, folder: Path) -> list[str]:
    """What of its blocks of shell and Python does not hold, with the lines."""
    blocks = [block for block in blocks_of(page) if block.language in (*SHELL, *PYTHON)]
    bring("\n".join(block.text for block in blocks), folder)
    names = supposed() if any(block.language in PYTHON for block in blocks) else {}
    faults: list[str] = []
    for block in blocks:
        if block.language in PYTHON:
            faults += python.faults_of(block, folder, names)
        else:
            found = run_shell(commands_of(block), folder, commands.answer)
            faults += [f"{block.at(line)}: {why}" for line, why in found]
    return faults


def faults_of_speech(page: Path) -> Iterator[str]:
    """Commands within sentences whose words do not exist."""
    for block in spoken_commands(page):
        try:
            commands.spoken(commands.words_of(block.text))
        except Fault as fault:
            yield f"{block.at()}: {fault}"


def faults_of_form(page: Path) -> Iterator[str]:
    """Blocks that do not say what they are, or are not what they say."""
    for block in bare_commands(page):
        yield f"{block.at()}: put it between ``` so that it is tested"
    for block in blocks_of(page):
        try:
            _read(block)
        except Exception as error:
            yield f"{block.at()}: {type(error).__name__}: {error}"


def _read(block: Block) -> None:
    if block.language in READERS:
        READERS[block.language](block.text)
    elif block.language not in (*SHELL, *PYTHON, *PLAIN):
        raise ValueError(f"say what it is, not {block.language!r}: shell, python, text ...")


def _read_unit(text: str) -> None:
    configparser.ConfigParser(strict=False, interpolation=None).read_string(text)


def _read_dockerfile(text: str) -> None:
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not re.match(r"\s*(#|[A-Z]+\s)", line):
            raise ValueError(f"no instruction: {line}")


def _read_braces(text: str) -> None:
    if text.count("{") != text.count("}"):
        raise ValueError("a brace is missing")


READERS: dict[str, Callable[[str], object]] = {
    "yaml": lambda text: list(yaml.safe_load_all(text)), "json": json.loads, "toml": tomllib.loads,
    "ini": _read_unit, "systemd": _read_unit, "dockerfile": _read_dockerfile,
    "caddy": _read_braces, "nginx": _read_braces,
}  # fmt: skip
