"""``deepmeme`` itself, and our other programs: their words are checked, cheap commands are run."""

import argparse
import importlib
import importlib.util
import io
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from deepmeme.cli.main import run
from deepmeme.cli.tree import build
from deepmeme.weights.catalogue import find
from tests.docs.memory import contents
from tests.docs.shell import Call, Fault

PARSED_ONLY = {
    "demo": "renders for a minute; tests/pipelines/test_demo.py",
    "train": "trains; tests/cli/test_train.py",
    "swap train": "trains; tests/cli/test_train.py",
    "studio": "serves until Ctrl-C; tests/web",
    "serve": "serves until Ctrl-C; tests/web",
    "bench": "measures for minutes; tests/runtime/test_bench.py",
    "evaluate": "wants clips of people and a minute; tests/cli/test_evaluate.py",
    "doctor": "measures for ten seconds; tests/cli/test_doctor.py",
    "models pull": "downloads; tests/cli/test_models.py",
    "data prepare": "downloads and renders; tests/cli/test_data.py",
}
"""Commands that are not run, and why; their words are checked all the same."""

SHORTENED = {
    "faces encode": ("--steps", "2"),
    "verify": ("--quick",),
}
"""What is added to a command so that it ends soon; the last word holds."""

FINE = {"verify": (0, 1, 3)}
"""Exit codes that are answers."""


_GAPS = ("...", "…")


def answer(call: Call, words: Sequence[str]) -> bytes:
    """Check the words after ``deepmeme``, run them if they are cheap; what is printed.

    Raises:
        Fault: the words are wrong, or it ended with an exit code that is no answer.
    """
    parse(words)
    words = [word for word in words if word not in _GAPS]
    name = command_of(words)
    if any(f"{name} ".startswith(f"{costly} ") for costly in PARSED_ONLY) or _absent(words):
        return b""
    words += SHORTENED.get(name, ())
    if "--overwrite" in _flags(name):  # examples of a page may stand for each other
        words += ["--overwrite"]
    return _remembered(call, words, FINE.get(name, (0,)))


def _absent(words: Sequence[str]) -> bool:
    """Whether it wants a published model, which no test has, or a GPU."""
    given = dict(pairwise(words))
    model = find(given.get("--model", given.get("-m", "")))
    published = model is not None and not model.shipped and not Path(given["--model"]).exists()
    return published or given.get("--device", "cpu") not in ("cpu", "auto")


def _remembered(call: Call, words: Sequence[str], fine: Sequence[int]) -> bytes:
    """Run it, unless it ran before upon the same files: then what it made is laid there again."""
    named = [call.folder / word for word in words if word]
    files = [contents(path) for path in named if path.exists()]
    key = (tuple(words), call.given, call.to_terminal, *files)
    if key in _RUNS:
        printed, made = _RUNS[key]
        for name, content in made.items():
            (call.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (call.folder / name).write_bytes(content)
        return printed
    before = _times(call.folder)
    printed = _run(call, words, fine)
    new = set(_times(call.folder).items()) - set(before.items())
    _RUNS[key] = printed, {name: (call.folder / name).read_bytes() for name, _ in new}
    return printed


_RUNS: dict[tuple[object, ...], tuple[bytes, dict[str, bytes]]] = {}


def _times(folder: Path) -> dict[str, int]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.stat().st_mtime_ns for file in files}


def _run(call: Call, words: Sequence[str], fine: Sequence[int]) -> bytes:
    out, complaints = _Screen(call.to_terminal), io.StringIO()
    with (
        inside(call.folder),
        mock.patch.dict(os.environ, call.settings),
        mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(call.given))),
        redirect_stdout(out),
        redirect_stderr(complaints),
    ):
        code = run(words)
        out.flush()
    if code not in fine:
        said = " ".join(complaints.getvalue().split())
        raise Fault(f"`{shlex.join(call.words)}` ends with exit code {code}: {said}")
    return out.buffer.getvalue()  # type: ignore[attr-defined,no-any-return]


def parse(words: Sequence[str], *, lenient: bool = False) -> None:
    """Hold words against the real tree of commands, without doing anything.

    Args:
        words: what follows ``deepmeme``; "..." stands for words that are left out.
        lenient: an argument may be missing, and numbers may have names.

    Raises:
        Fault: an unknown command or option, a wrong choice, an argument too many or missing.
    """
    lenient = lenient or any(word in _GAPS for word in words)
    try:
        _idle_tree()(args=_filled(words), prog_name="deepmeme", standalone_mode=False)
    except Exception as error:
        if getattr(error, "format_message", None) is None:
            raise
        if not (lenient and _only_left_out(error, words)):
            wrong = error.format_message()  # type: ignore[attr-defined]
            raise Fault(f"`{shlex.join(['deepmeme', *words])}`: {wrong}") from None


def command_of(words: Sequence[str]) -> str:
    """``faces edit`` of ``faces edit --seed 7``."""
    command, names = _idle_tree(), []
    for word in words:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        names.append(word)
    return " ".join(names)


def all_commands() -> list[str]:
    """Each of them, as :func:`command_of` says it."""
    return [name for name, _ in _commands(_idle_tree(), "")]


def parse_script(path: Path, words: Sequence[str], *, lenient: bool = False) -> None:
    """Hold words against the parser of a program in ``benchmarks/``, which does nothing else."""
    _parse_main(_script(path), words, path.name, lenient)


def parse_module(name: str, words: Sequence[str], *, lenient: bool = False) -> None:
    """The same of ``python -m NAME``."""
    if importlib.util.find_spec(name) is None:
        raise Fault(f"there is no module {name}")
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"{name}.__main__")
    _parse_main(module, words, f"python -m {name}", lenient)


def help_texts() -> Iterator[tuple[str, str]]:
    """The commands that ``--help`` shows as examples: of which command, and the line."""
    for name, command in _commands(build(), ""):
        for line in (command.help or "").splitlines():
            if line.strip().startswith("deepmeme "):
                yield name, line.strip()


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """``folder`` is the working folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class _Parsed(BaseException):
    """The words are right; nothing more is wanted."""


class _Screen(io.TextIOWrapper):
    """Standard output as bytes, which may say that it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def _parse_main(module: ModuleType, words: Sequence[str], name: str, lenient: bool) -> None:
    if not hasattr(module, "main"):
        raise Fault(f"{name} is no program: it has no main()")
    if "parse_args" not in Path(str(module.__file__)).read_text():
        if words:
            raise Fault(f"{name} takes no words, and is given {shlex.join(words)}")
        return
    lenient = lenient or any(word in _GAPS for word in words)
    whole: Callable[..., Any] = argparse.ArgumentParser.parse_args

    def stop(parser: argparse.ArgumentParser, given: Any = None, known: Any = None) -> Any:
        whole(parser, given, known)
        raise _Parsed

    complaints = io.StringIO()
    with (
        mock.patch("argparse.ArgumentParser.parse_args", stop),
        mock.patch("sys.argv", [name, *_filled(words)]),
        redirect_stderr(complaints),
        redirect_stdout(io.StringIO()),
    ):
        try:
            module.main()
        except _Parsed:
            return
        except SystemExit as end:
            wrong = complaints.getvalue().strip().split("\n")[-1]
            if end.code and not (lenient and "are required" in wrong):
                raise Fault(f"{name} {shlex.join(words)}: {wrong}") from None


@cache
def _script(path: Path) -> ModuleType:
    if not path.is_file():
        raise Fault(f"there is no {path.name}")
    spec = importlib.util.spec_from_file_location(f"_documented_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with mock.patch.object(sys, "path", [str(path.parent), *sys.path]):
        spec.loader.exec_module(module)
    return module


@cache
def _idle_tree() -> Any:
    """All commands, none of which does anything."""
    tree = build()
    for _, command in _commands(tree, ""):
        command.callback = None
    return tree


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
    for word, child in (children or {}).items():
        yield from _commands(child, f"{name} {word}".strip())


def _flags(name: str) -> set[str]:
    command = dict(_commands(_idle_tree(), "")).get(name)
    return set() if command is None else {flag for param in command.params for flag in param.opts}


def _filled(words: Sequence[str]) -> list[str]:
    """Without "...", unless it stands for the value of an option."""
    return [
        word
        for before, word in zip(["", *words], words, strict=False)
        if word != "--debug" and (word not in _GAPS or before.startswith("-"))
    ]


def _only_left_out(error: Exception, words: Sequence[str]) -> bool:
    kind = type(error).__name__
    if kind == "BadParameter":
        return any(word.isupper() for word in words)
    if kind == "BadOptionUsage":
        return "requires an argument" in str(error) and words[-1].startswith("-")
    return kind in ("MissingParameter", "NoArgsIsHelpError")
