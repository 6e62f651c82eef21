"""Words: an address for each word of the glossary, and options that no line break tears apart."""

import html
import re
from re import Match

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_TERM = re.compile(r"<dt>(.+?)</dt>")
_SPOKEN = re.compile(r"<code>([^<]*--[^<]*)</code>")
_FLAG = re.compile(r"--[a-z][\w-]*")


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name the terms, hold the options together."""
    if page.file.src_uri == "glossary.md":
        content = _TERM.sub(_named, content)
    return _SPOKEN.sub(lambda found: f"<code>{_whole(found[1])}</code>", content)


def _named(found: Match[str]) -> str:
    word = html.unescape(re.sub(r"<[^>]+>", "", found[1]))
    return f'<dt id="{re.sub("[^a-z0-9]+", "-", word.lower()).strip("-")}">{found[1]}</dt>'


def _whole(text: str) -> str:
    return _FLAG.sub(lambda flag: f'<span class="flag">{flag[0]}</span>', text)
