"""Every block of code and every command in the documentation does what it says.

A page's blocks are followed from top to bottom in one folder, in which readers have what
:mod:`tests.docs.kit` brings. Commands in sentences are checked for their words alone.
"""

import configparser
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deepmeme.pipelines import consent, dream, motion_model
from tests.docs import commands, python
from tests.docs.blocks import (
    SHELL,
    Block,
    bare_commands,
    blocks_of,
    commands_of,
    name_of,
    pages,
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

every_page = pytest.mark.parametrize("page", pages(), ids=name_of)


@pytest.fixture(scope="module", autouse=True)
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Somebody who has agreed once, is offline, and for whom a shipped model loads but once."""
    place = tmp_path_factory.mktemp("reader")
    load, walk = motion_model.load_engine, dream.Dream._walk
    kept, opened = cache(load), cache(dream.open_dream)

    def load_once(name: Any, *given: Any, **facts: Any) -> Any:
        return (kept if name in ("portrait", "toon") else load)(name, *given, **facts)

    def open_once(folder: Path) -> Any:
        return opened(Path(folder).resolve())

    def walk_fast(self: Any, task: str, codes: Any, seconds: float, **facts: Any) -> Any:
        return walk(self, task, codes, min(seconds, 0.1), **facts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPMEME_CONFIG_DIR", str(place / "config"))
        patch.setenv("DEEPMEME_CACHE", str(place / "cache"))
        patch.setenv("DEEPMEME_OFFLINE", "1")
        patch.setenv("COLUMNS", "200")
        patch.setattr(motion_model, "load_engine", load_once)
        patch.setattr(dream, "open_dream", open_once)
        patch.setattr(dream.Dream, "_walk", walk_fast)
        consent.remember()
        yield


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


@every_page
def test_blocks_do_what_they_say(page: Path, tmp_path: Path) -> None:
    found = faults_of(page, tmp_path)
    assert not found, "\n".join(found)


@every_page
def test_commands_in_sentences_exist(page: Path) -> None:
    found = list(faults_of_speech(page))
    assert not found, "\n".join(found)


@every_page
def test_blocks_are_what_they_say_they_are(page: Path) -> None:
    found = list(faults_of_form(page))
    assert not found, "\n".join(found)
