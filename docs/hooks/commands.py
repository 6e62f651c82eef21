"""The pages of the command line, made of the commands themselves.

One page for each word after ``deepmeme``; what stands on it is what ``--help`` says.
"""

import html
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_FOLDER = "reference/cli"
_WORDS = {"Path": "file", "int": "number", "float": "number", "str": "text"}
_MANY = 1_000_000  # a bound that nobody needs to read
_EXAMPLE = re.compile(r"^deepmeme( |$)")


def pages() -> list[str]:
    """Their places, the list of all first."""
    return [f"{_FOLDER}/index.md", *(f"{_FOLDER}/{name}.md" for name in _tree().commands)]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them."""
    tree = _tree()
    files.append(File.generated(config, f"{_FOLDER}/index.md", content=_overview(tree)))
    for name, command in tree.commands.items():
        text = "\n".join(_page(f"deepmeme {name}", command))
        files.append(File.generated(config, f"{_FOLDER}/{name}.md", content=text))
    return files


@cache
def _tree() -> Any:
    from deepmeme.cli.tree import build

    return build()


def _overview(tree: Any) -> str:
    rows = []
    for name, command in tree.commands.items():
        rows.append(f"| [`deepmeme {name}`]({name}.md) | {_first(command)} |")
        for inner, child in getattr(command, "commands", {}).items():
            anchor = f"{name}.md#deepmeme-{name}-{inner}"
            rows.append(f"| [`deepmeme {name} {inner}`]({anchor}) | {_first(child)} |")
    return "\n".join(
        [
            "# Commands", "",
            "Made of the commands themselves; `--help` after any of them says the same.", "",
            "| command | what it does |", "|---|---|", *rows, "",
            "Anywhere on the line, `--debug` shows where an error comes from. Exit codes: 0 done, "
            "1 a fault of ours, 2 something about the input or the options, 130 Ctrl-C. `verify` "
            "has [codes of its own](verify.md).", "",
        ]
    )  # fmt: skip


def _page(path: str, command: Any) -> Iterator[str]:
    children = getattr(command, "commands", {})
    yield f"---\ntitle: {path.split()[-1]}\n---\n\n# {path} {{ #{_slug(path)} }}\n"
    yield from _told(command)
    if not children:
        yield from _parameters(path, command, headings=True)
    for name, child in children.items():
        inner = f"{path} {name}"
        yield f"\n## {inner} {{ #{_slug(inner)} .command }}\n"
        if getattr(child, "commands", None):  # portrait, faces: lessons of their own
            yield from _told(child)
            for last, lesson in child.commands.items():
                yield f"\n### {inner} {last} {{ #{_slug(f'{inner} {last}')} .command }}\n"
                yield from _told(lesson)
                yield from _parameters(f"{inner} {last}", lesson)
        else:
            yield from _told(child)
            yield from _parameters(inner, child)


def _told(command: Any) -> Iterator[str]:
    """Its help; lines that are commands become code."""
    examples: list[str] = []
    for paragraph in re.split(r"\n\s*\n", command.help or ""):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if lines and all(_EXAMPLE.match(line) for line in lines):
            examples += lines
        else:
            yield _escaped(" ".join(lines)) + "\n"
    if examples:
        yield "\n".join(["```console", *(f"$ {line}" for line in examples), "```\n"])


def _parameters(path: str, command: Any, *, headings: bool = False) -> Iterator[str]:
    yield f'<p class="usage" markdown="0"><code>{html.escape(_usage(path, command))}</code></p>\n'
    panels: dict[str, list[Any]] = {}
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            own = "Options" if parameter.opts[0].startswith("-") else "Arguments"
            panels.setdefault(getattr(parameter, "rich_help_panel", None) or own, []).append(
                parameter
            )
    for title, found in panels.items():
        if headings:
            yield f"## {title} {{ #{title.lower().replace(' ', '-')} .panel }}\n"
        else:
            yield f'<p class="panel">{html.escape(title)}</p>'
        yield '<dl class="options">'
        for parameter in found:
            yield _entry(path, parameter)
        yield "</dl>\n"


def _usage(path: str, command: Any) -> str:
    arguments = [
        _metavar(p) + ("..." if p.nargs == -1 and "..." not in _metavar(p) else "")
        for p in command.params
        if not p.opts[0].startswith("-")
    ]
    return " ".join([path, "[OPTIONS]", *arguments])


def _entry(path: str, parameter: Any) -> str:
    names = [html.escape(name) for name in _names(parameter)]
    anchor = f"{_slug(path)}-{parameter.name.replace('_', '-').lower()}"
    flags = ", ".join(f"<code>{name}</code>" for name in names)
    if not getattr(parameter, "is_flag", False) and parameter.opts[0].startswith("-"):
        flags += f' <span class="takes">{html.escape(_metavar(parameter))}</span>'
    notes = "".join(f' <span class="note">{note}</span>' for note in _notes(parameter))
    text = _inline_code(html.escape(parameter.help or ""))
    return (
        f'<dt id="{anchor}">{flags}<a class="headerlink" href="#{anchor}" '
        f'title="Link to this place">#</a></dt>\n<dd>{text}{notes}</dd>'
    )


def _names(parameter: Any) -> list[str]:
    if not parameter.opts[0].startswith("-"):
        return [_metavar(parameter)]
    return sorted([*parameter.opts, *parameter.secondary_opts], key=lambda name: name[:2] != "--")


def _metavar(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    if not parameter.opts[0].startswith("-"):
        return str(parameter.name).upper()
    return _WORDS.get(_type_name(parameter), "text")


def _type_name(parameter: Any) -> str:
    """Of the annotation, where Typer keeps it; older versions keep a type with a name."""
    told = getattr(parameter, "type_descriptor", None)
    if told is None:
        name = getattr(getattr(parameter, "type", None), "name", "text")
        return {"path": "Path", "integer": "int", "float": "float"}.get(str(name), "str")
    kinds = [kind for kind in get_args(told.annotation) if isinstance(kind, type)]
    kind = next((kind for kind in kinds if kind is not type(None)), told.annotation)
    return str(getattr(kind, "__name__", "str"))


def _notes(parameter: Any) -> Iterator[str]:
    if parameter.required:
        yield "required"
    low, high = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if low is not None or high is not None:
        ends = (
            f"from {low:g}" if low is not None else "",
            f"to {high:g}" if high and high < _MANY else "",
        )
        yield " ".join(end for end in ends if end)
    usual = _usual(parameter)
    if usual:
        yield f"default: <code>{html.escape(usual)}</code>"
    if getattr(parameter, "envvar", None):
        yield f"or in <code>{html.escape(str(parameter.envvar))}</code>"


def _usual(parameter: Any) -> str:
    usual = parameter.default
    if usual is None or (usual is False and not parameter.secondary_opts) or callable(usual):
        return ""
    if isinstance(usual, bool):
        return str((parameter.opts if usual else parameter.secondary_opts)[0])
    shown = getattr(parameter, "show_default", True)
    return "" if shown is False or usual == "" else f"{usual:g}" if _number(usual) else str(usual)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first(command: Any) -> str:
    return _escaped(re.split(r"\n\s*\n", (command.help or "").strip())[0].replace("\n", " "))


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("|", "\\|")


def _inline_code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def _slug(path: str) -> str:
    return path.replace(" ", "-")
