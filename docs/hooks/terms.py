"""Each word of the glossary gets an address of its own: glossary.md#anchor-frame."""

import html
import re
from re import Match

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_TERM = re.compile(r"<dt>(.+?)</dt>")


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name the terms."""
    return _TERM.sub(_named, content) if page.file.src_uri == "glossary.md" else content


def _named(found: Match[str]) -> str:
    word = html.unescape(re.sub(r"<[^>]+>", "", found[1]))
    return f'<dt id="{re.sub("[^a-z0-9]+", "-", word.lower()).strip("-")}">{found[1]}</dt>'
