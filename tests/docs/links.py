"""Finds the links of a Markdown text and the places that they may lead to."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deepmeme.demo_assets import shipped
from tests.docs.blocks import ROOT, name_of, prose_of
from tests.docs.program import all_commands, command_of

DOCS = ROOT / "docs"

_TARGETS = (
    re.compile(r"\]\(\s*<?([^)\s>]*)>?(?:\s+\"[^\"]*\")?\s*\)"),
    re.compile(r"^ {0,3}\[[^\]^]+\]:\s+<?(\S+?)>?(?:\s+\"[^\"]*\")?$", re.MULTILINE),
    re.compile(r"<[a-z]+\s[^>]*?(?:src|href|poster)=\"([^\"]*)\"", re.DOTALL),
)
_CODE = re.compile(r"(`+)[^`].*?\1|<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_NAMED = re.compile(r"\s(?:id|name)=\"([^\"]+)\"|\{[^}\n]*#([\w-]+)[^}\n]*\}")
_SHOWN = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")
_REGISTRIES = ("pypi.org", "pypi.python.org", "files.pythonhosted.org", "test.pypi.org")
_HERE = ("127.0.0.1", "localhost")

TREE = ROOT / "src/deepmeme/cli/tree.py"
MADE = {
    "changelog.md": ROOT / "CHANGELOG.md",
    "contributing.md": ROOT / "CONTRIBUTING.md",
    "security.md": ROOT / "SECURITY.md",
    "images/icon.svg": ROOT / "src/deepmeme/web/page/icon.svg",
}
"""Pages of the site that are made of files elsewhere, by docs/hooks."""

CHOSEN = ("stage",)
"""Folders of pictures whose names docs/stage.js puts together while somebody clicks."""


def faults_of(page: Path) -> Iterator[str]:
    """Links that lead nowhere, with their lines."""
    text = _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), prose_of(page))
    for pattern in _TARGETS:
        # HTML is left as it is on the site, where each page is a folder.
        folders = [page.with_suffix("")] if pattern is _TARGETS[-1] else []
        for found in pattern.finditer(text):
            why = fault_of(page, found[1], folders)
            if why:
                line = text.count("\n", 0, found.start(1)) + 1
                yield f"{name_of(page)}:{line}: {found[1]}: {why}"


def fault_of(page: Path, target: str, folders: Sequence[Path] = ()) -> str:
    """Why a link of a page leads nowhere; nothing if it is well. ``folders``: others to look in."""
    address = urlsplit(target)
    if address.scheme in ("http", "https"):
        return _fault_of_address(address.scheme, address.hostname or "")
    if address.scheme == "mailto":
        return ""
    if address.scheme or address.netloc or address.path.startswith("/"):
        return "neither a path from here nor an address of the web"
    path = unquote(address.path)
    beside = [(folder / path).resolve() for folder in (page.parent, *folders)] if path else [page]
    source = next((found for file in beside if (found := _source_of(file))), None)
    if source is None:
        return "there is no such file"
    if address.fragment and address.fragment not in anchors(source):
        return f"{name_of(source)} has no heading of that name"
    return ""


def anchors(file: Path) -> frozenset[str]:
    """What may stand behind a ``#``: headings as GitHub names them, and what has an id."""
    if file.suffix == ".ipynb":
        return _anchors_in(_said_in(file))
    if file == TREE:
        return frozenset(f"deepmeme {name}".replace(" ", "-") for name in all_commands())
    if file.suffix != ".md" or not file.is_file():
        return frozenset()
    return _anchors_in(prose_of(file))


def slug(heading: str) -> str:
    """The name of a heading: small letters, digits, - and _, and - for each space."""
    shown = _SHOWN.sub(r"\1", re.sub(r"\{[^}]*\}$", "", heading)).replace("`", "")
    plain = re.sub(r"\*\*?|__|<[^>]+>", "", shown)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def unused_pictures() -> Iterator[str]:
    """What lies in docs/images and docs/media and is shown nowhere."""
    text = _all_text()
    for folder in ("images", "media"):
        for file in sorted((DOCS / folder).rglob("*")):
            named = file.parent.name in CHOSEN or f"{file.parent.name}/{file.name}" in text
            if file.is_file() and not named:
                yield name_of(file)


def _anchors_in(text: str) -> frozenset[str]:
    found: set[str] = set()
    for heading in _HEADING.finditer(text):
        name, again = slug(heading[1]), 0
        while (name if not again else f"{name}-{again}") in found:
            again += 1
        found.add(name if not again else f"{name}-{again}")
    return frozenset(found | {a or b for a, b in _NAMED.findall(text)})


def _said_in(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def _fault_of_address(scheme: str, host: str) -> str:
    if host in _HERE:
        return ""
    if not _HOST.fullmatch(host):
        return f"{host!r} is no host"
    if scheme != "https":
        return "https, please"
    return "a package registry is no page for people" if host in _REGISTRIES else ""


def _source_of(file: Path) -> Path | None:
    """The file, or what a page or picture of the site is made of, where docs has none."""
    if file.exists():
        return file
    if not file.is_relative_to(DOCS):
        return None
    path = file.relative_to(DOCS)
    folder, name = path.parent.as_posix(), path.stem
    if folder == "models" and path.suffix == ".md":
        source = ROOT / "src/deepmeme/weights/bundled" / name / "CARD.md"
    elif folder == "learn":
        source = ROOT / "notebooks" / f"{name}.ipynb"
    elif folder == "media/demo":
        source = shipped().get(f"{name}.png") or shipped().get(path.name) or file
    elif folder == "reference/cli":
        known = name == "index" or command_of([name]) == name
        source = TREE if known else file
    else:
        source = MADE.get(path.as_posix(), file)
    return source if source.exists() else None


@cache
def _all_text() -> str:
    files = [ROOT / "mkdocs.yml", *ROOT.glob("*.md"), *ROOT.glob("notebooks/*.ipynb")]
    files += [file for end in ("md", "html", "css", "js", "py") for file in DOCS.rglob(f"*.{end}")]
    files += (ROOT / "src/deepmeme/weights/bundled").glob("*/CARD.md")
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
