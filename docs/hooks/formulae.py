"""Formulae become MathML while the site builds: browsers draw it themselves, no script needed."""

import html
import re
from re import Match

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

_INLINE = re.compile(r'<span class="arithmatex">\\\((.+?)\\\)</span>', re.DOTALL)
_DISPLAY = re.compile(r'<div class="arithmatex">\s*\\\[(.+?)\\\]\s*</div>', re.DOTALL)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """What arithmatex marked as TeX, as MathML."""
    content = _DISPLAY.sub(lambda found: _mathml(found, "block"), content)
    return _INLINE.sub(lambda found: _mathml(found, "inline"), content)


def _mathml(found: Match[str], display: str) -> str:
    tex = html.unescape(found[1]).strip()
    drawn = convert(tex, display=display)
    spoken = html.escape(" ".join(tex.split()), quote=True)
    drawn = drawn.replace("<math ", f'<math alttext="{spoken}" ', 1)
    return f'<div class="formula">{drawn}</div>' if display == "block" else drawn
