"""What a built site holds: its pages, their addresses, anchors and everything they ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

_FETCHED = {"src", "poster", "data"}
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@dataclass
class Page:
    """One HTML file."""

    path: str
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    """What a reader may go to."""
    fetched: list[str] = field(default_factory=list)
    """What a browser asks for by itself."""
    words: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._hidden += tag in ("script", "style")
        if "id" in given:
            self.page.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        elif tag == "link" and given.get("rel") not in ("prev", "next", "canonical"):
            self.page.fetched.append(given.get("href", ""))
        self.page.fetched += [given[name] for name in _FETCHED if given.get(name)]
        for part in given.get("srcset", "").split(","):
            self.page.fetched += part.split()[:1]
        self.page.fetched += _asked(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.page.words.append(data)


class Site:
    """A folder that ``mkdocs build`` wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: dict[str, Page] = {}
        for path in sorted(folder.rglob("*.html")):
            page = Page(path.relative_to(folder).as_posix())
            _Reader(page).feed(path.read_text(encoding="utf-8"))
            self.pages[page.path] = page

    def text(self, path: str) -> str:
        """The words of a page."""
        return " ".join("".join(self.pages[path].words).split())

    def broken(self) -> Iterator[str]:
        """Links and pictures that lead nowhere in the site."""
        for page in self.pages.values():
            for address in {*page.links, *page.fetched}:
                fault = self._fault(page, address)
                if fault:
                    yield f"{page.path}: {address}: {fault}"

    def elsewhere(self) -> Iterator[str]:
        """What a browser would ask another host for."""
        for page in self.pages.values():
            yield from (f"{page.path}: {url}" for url in page.fetched if _outside(url))
        for path in self.folder.rglob("*.css"):
            asked = _asked(path.read_text(encoding="utf-8"))
            yield from (f"{path.name}: {url}" for url in asked if _outside(url))

    def _fault(self, page: Page, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return ""
        place = self._place(page, unquote(parts.path))
        if not (self.folder / place).is_file():
            return "no such file"
        anchor = unquote(parts.fragment)
        target = self.pages.get(place)
        if anchor and target and anchor not in target.ids and not anchor.startswith("t="):
            return "no such place on the page"
        return ""

    def _place(self, page: Page, path: str) -> str:
        if not path:
            return page.path
        base = "" if path.startswith("/") else str(Path(page.path).parent)
        place = normpath(f"{base}/{path}").lstrip("/")
        if path.endswith(("/", ".", "..")) or (self.folder / place).is_dir():
            place = normpath(f"{place}/index.html").lstrip("/")
        return place


def _asked(css: str) -> list[str]:
    return [one or other for one, other in _CSS_URL.findall(css)]


def _outside(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.scheme in ("", "http", "https", "ws", "wss")
