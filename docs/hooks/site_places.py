"""What the hooks share: where things are in the repository, and on which page of the site."""

import re
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
CARDS = "src/deepmeme/weights/bundled"
NOTEBOOKS = "notebooks"

ORIGINS: dict[str, str] = {}
"""Page of the site -> file of the repository, for pages that do not lie in docs."""

ROOT_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_CARD = re.compile(rf"{CARDS}/(\w+)/CARD\.md")
_NOTEBOOK = re.compile(rf"{NOTEBOOKS}/(\w+)\.ipynb")


def origin_of(src_uri: str) -> str:
    """The file of the repository that a page comes from."""
    return ORIGINS.get(src_uri, f"docs/{src_uri}")


def page_of(path: str) -> str:
    """The page or picture of the site that shows a file of the repository."""
    for pattern, shown in ((_CARD, "models/{}.md"), (_NOTEBOOK, "learn/{}.md")):
        found = pattern.fullmatch(path)
        if found:
            return shown.format(found[1])
    if path in ROOT_PAGES:
        return ROOT_PAGES[path]
    return path.removeprefix("docs/")


def cards() -> list[Path]:
    """The cards of the models that ship."""
    return sorted((ROOT / CARDS).glob("*/CARD.md"))


def notebooks() -> list[Path]:
    """The notebooks of the workshop, in order; there may be none yet."""
    return sorted((ROOT / NOTEBOOKS).glob("[0-9]*.ipynb"))


def inside(base: str, target: str) -> str | None:
    """The path in the repository that a relative link in the file ``base`` means, if it is one."""
    parts: list[str] = []
    for part in (PurePosixPath(base).parent / target).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
