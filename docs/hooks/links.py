"""Links that leave docs lead to the page that shows the file, or else to the repository.

So the same Markdown works on the site, in an editor and where the repository is shown.
"""

import posixpath
import re
from collections.abc import Callable
from re import Match

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from site_places import ROOT, inside, origin_of, page_of

_CODE = re.compile(r"^([ \t]*)(`{3,}|~{3,}).*?^\1\2[ \t]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_MEDIA = re.compile(r'(<(?:video|img|source)\b[^>]*\ssrc=")([^":#]+)(?=[#"])')
_LINK = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?((?:\s+\"[^\"]*\")?\))")


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mend the links of a page, and say where the repository is."""
    base = origin_of(page.file.src_uri)

    def mended(found: Match[str]) -> str:
        start, target, anchor, end = found[1], found[2], found[3] or "", found[4]
        where = _target(base, target, page.file.src_uri, str(config.repo_url), files)
        return f"{start}{where}{anchor}{end}" if where else found[0]

    def shown(found: Match[str]) -> str:
        file = files.get_file_from_path(page_of(inside(base, found[2]) or ""))
        return found[1] + (get_relative_url(file.url, page.url) if file else found[2])

    text = _outside_code(_outside_code(markdown, _LINK, mended), _MEDIA, shown)
    return text.replace("{{ repo_url }}", str(config.repo_url))


def _outside_code(
    markdown: str, pattern: re.Pattern[str], mended: Callable[[Match[str]], str]
) -> str:
    parts, place = [], 0
    for code in _CODE.finditer(markdown):
        parts += [pattern.sub(mended, markdown[place : code.start()]), code[0]]
        place = code.end()
    return "".join([*parts, pattern.sub(mended, markdown[place:])])


def _target(base: str, target: str, src_uri: str, repo_url: str, files: Files) -> str | None:
    path = inside(base, target)
    if path is None or target.startswith("/"):
        return None
    shown = page_of(path)
    if shown.startswith("learn/") and files.get_file_from_path(shown) is None:
        shown = "learn/index.md"  # a notebook that is not in this copy
    if files.get_file_from_path(shown) is not None:
        return posixpath.relpath(shown, posixpath.dirname(src_uri) or ".")
    place = ROOT / path
    if place.exists():
        return f"{repo_url}/{'tree' if place.is_dir() else 'blob'}/main/{path}"
    return None
