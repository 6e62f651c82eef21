"""Every block of code and every command in the documentation does what it says.

A page's blocks are followed from top to bottom in one folder, in which readers have what
:mod:`tests.docs.kit` brings. Commands in sentences are checked for their words alone.
"""

from pathlib import Path

import pytest

from tests.docs import commands, program, python
from tests.docs.blocks import name_of, pages
from tests.docs.follow import faults_of, faults_of_form, faults_of_speech
from tests.docs.kit import bring, supposed

pytestmark = pytest.mark.usefixtures("reader")
every_page = pytest.mark.parametrize("page", pages(), ids=name_of)


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


def test_examples_of_docstrings_do_what_they_say(tmp_path: Path) -> None:
    found = []
    for block, names in python.docstring_examples():
        bring(block.text, tmp_path)
        found += python.faults_of(block, tmp_path, names | supposed())
    assert not found, "\n".join(found)


def test_examples_of_the_help_are_commands() -> None:
    shown = list(program.help_texts())
    assert len(shown) > 20
    for _, line in shown:
        for part in line.split(" | "):
            commands.spoken(commands.words_of(part))
