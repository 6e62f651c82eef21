"""Runs blocks of Python; those that need what no test has are compiled, and their calls checked."""

import ast
import doctest
import inspect
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import deepmeme
from tests.docs.blocks import ROOT, Block, read
from tests.docs.program import inside

CHECKED_ONLY = {
    "deepmeme.Client(": "asks a server; tests/web/test_served.py does",
    "Keeper(": "starts workers; tests/jobs/test_keeper.py does",
}
"""What a block that is not run contains, and why it is not."""


def faults_of(block: Block, folder: Path, names: dict[str, Any]) -> Iterator[str]:
    """Run a block in ``folder``; ``names`` are there before, and those that it makes afterwards."""
    text = _typed(block)
    try:
        code = compile("\n" * (block.line - 1) + text, str(block.page), "exec")
    except SyntaxError as error:
        yield f"{block.at((error.lineno or 1) - block.line + 1)}: {error.msg}"
        return
    wrong = [f"{block.at(line)}: {why}" for line, why in _wrong_calls(ast.parse(text))]
    yield from wrong
    if wrong or any(mark in text for mark in CHECKED_ONLY):
        return
    try:
        with inside(folder):
            exec(code, names)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == str(block.page)][-1] or 0
        yield f"{block.at(line - block.line + 1)}: {type(error).__name__}: {error}"


def docstring_examples() -> Iterator[tuple[Block, dict[str, Any]]]:
    """The ``>>>`` of our modules, and the names of the module that each is in."""
    for path in sorted((ROOT / "src/deepmeme").rglob("*.py")):
        if ">>> " not in read(path):
            continue
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        module = import_module(".".join(part for part in parts if part != "__init__"))
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node, clean=False) or ""
                if ">>> " in text:
                    block = Block(path, node.body[0].lineno, "pycon", text)
                    yield block, {**vars(module), "deepmeme": deepmeme}


def _typed(block: Block) -> str:
    if block.language != "pycon":
        return block.text
    lines = [""] * len(block.text.split("\n"))
    for example in doctest.DocTestParser().get_examples(block.text):
        source = example.source.splitlines()
        lines[example.lineno : example.lineno + len(source)] = source
    return "\n".join(lines)


def _wrong_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls of ``deepmeme.NAME`` and of a client that do not fit what is there."""
    clients = {
        bound.id
        for node in ast.walk(tree)
        for bound, value in _bindings(node)
        if isinstance(bound, ast.Name) and _ours(value) == ("deepmeme", "Client")
    }
    for node in ast.walk(tree):
        owner, name = _ours(node) or ("", "")
        if owner == "deepmeme" or owner in clients:
            holder: Any = deepmeme if owner == "deepmeme" else deepmeme.Client
            found = getattr(holder, name, None)
            why = f"{owner} has no {name!r}" if found is None else _unfit(node, found, holder)
            if why:
                yield node.lineno, why  # type: ignore[attr-defined]


def _bindings(node: ast.AST) -> list[tuple[ast.expr | None, ast.expr]]:
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, ast.With):
        return [(item.optional_vars, item.context_expr) for item in node.items]
    return []


def _ours(node: ast.AST) -> tuple[str, str] | None:
    """("deepmeme", "animate") of the call ``deepmeme.animate(...)``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    owner = node.func.value
    return (owner.id, node.func.attr) if isinstance(owner, ast.Name) else None


def _unfit(call: ast.AST, found: Any, holder: Any) -> str:
    assert isinstance(call, ast.Call)
    given = [None] * (len(call.args) + (holder is not deepmeme))
    try:
        named = {word.arg: None for word in call.keywords if word.arg}
        inspect.signature(found).bind(*given, **named)
    except TypeError as error:
        return f"{ast.unparse(call.func)}: {error}"
    return ""
