"""Notebooks become pages: what they say, what they run and, where they were run, what came out.

    python docs/hooks/notebooks.py --run        # run those whose results are missing or outdated
    python docs/hooks/notebooks.py --run 01 02  # these

Results lie in .cache/notebooks (or DEEPMEME_NOTEBOOK_RESULTS) under the hash of the notebook's
sources, so a page never shows results of other code; without them it shows the notebook alone.
"""

import argparse
import base64
import binascii
import hashlib
import html
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from re import Match
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from site_places import ORIGINS, ROOT, notebooks

CACHE = Path(os.environ.get("DEEPMEME_NOTEBOOK_RESULTS") or ROOT / ".cache/notebooks")
_TIMEOUT_S = 1800
_BADGE = re.compile(r"\[!\[[^\]]*\]\(https?://[^)]*\)\]\((https?://[^)]*)\)")
_FOLDED = re.compile(
    r"^<details(?:\s[^>]*)?>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL | re.MULTILINE
)
_DATA = re.compile(r"data:((?:image|video|audio)/[\w.+-]+);base64,([A-Za-z0-9+/=\s]+)")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PLACE = re.compile(r'<div class="nb-output" data-cell="(\d+)"></div>')
_TITLE = re.compile(r"^# +(?:\d+\. *)?(.+)$", re.MULTILINE)
_LIST = "learn/index.md"
_SMALL = 400  # characters of a picture that may stay where it is
_KINDS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")

_outputs: dict[str, dict[int, str]] = {}
"""Page -> number of a cell -> HTML of what it showed."""


def on_files(files: Any, config: Any) -> Any:
    """Add a page, the notebook itself and the pictures of its results for each."""
    from mkdocs.structure.files import File

    for path in notebooks():
        src_uri = f"learn/{path.stem}.md"
        ORIGINS[src_uri] = path.relative_to(ROOT).as_posix()
        book = json.loads(path.read_text(encoding="utf-8"))
        ran = _results(path)
        media: dict[str, bytes] = {}
        _outputs[src_uri] = _shown(ran, path.stem, media) if ran else {}
        text = "\n".join(_page(book, path, ran=ran is not None, shown=_outputs[src_uri]))
        files.append(File.generated(config, src_uri, content=text))
        files.append(File.generated(config, f"learn/{path.name}", abs_src_path=str(path)))
        for name, content in media.items():
            files.append(File.generated(config, f"learn/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """List the notebooks where a page asks for it."""
    return markdown.replace("{{ notebooks }}", _list()) if page.file.src_uri == _LIST else markdown


def on_page_content(content: str, page: Any, config: Any, files: Any) -> str:
    """Put the results where their places were kept."""
    shown = _outputs.get(page.file.src_uri)
    if not shown:
        return content
    up = "../" if config.use_directory_urls else ""

    def result(found: Match[str]) -> str:
        text = shown[int(found[1])].replace("nb-media:", up)
        return f'<div class="nb-output" data-search-exclude>{text}</div>'

    return _PLACE.sub(result, content)


def _page(book: dict[str, Any], path: Path, *, ran: bool, shown: dict[int, str]) -> Iterator[str]:
    first = _source(book["cells"][0]) if book["cells"] else ""
    title, badge = _TITLE.search(first), _BADGE.search(first)
    yield "\n".join(["---", f"title: {json.dumps(title[1] if title else path.stem)}", "---", ""])
    for number, cell in enumerate(book["cells"]):
        text = _source(cell)
        if cell["cell_type"] == "markdown":
            yield _said(text) + "\n"
            if number == 0:
                yield _ways(path, badge[1] if badge else "", ran=ran)
        elif cell["cell_type"] == "code" and text.strip():
            yield _code(text)
            if number in shown:
                yield f'<div class="nb-output" data-cell="{number}"></div>\n'


def _list() -> str:
    lines = ['<ul class="books" markdown>']
    for path in notebooks():
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = _BADGE.sub("", _source(cells[0]) if cells else "")
        title = _TITLE.search(first)
        rest = first[title.end() :] if title else first
        told = next((part for part in rest.split("\n\n") if part.strip()), "").strip()
        name = title[1] if title else path.stem
        number = path.stem.split("_")[0].lstrip("0")
        lines.append(
            f'<li data-number="{number}" markdown>**[{name}]({path.stem}.md)**\n\n{told}\n</li>'
        )
    if len(lines) == 1:
        return "*The notebooks are not in this copy.*"
    return "\n".join([*lines, "</ul>"])


def _ways(path: Path, colab: str, *, ran: bool) -> str:
    links = [f'<a class="md-button" href="../{path.name}" download>Download the notebook</a>']
    if colab:
        links.append(f'<a class="md-button" href="{html.escape(colab)}">Open in Colab</a>')
    lines = [f'<p class="nb-ways">{" ".join(links)}</p>', ""]
    if not ran:
        lines += [
            "!!! note \"Without results\"",
            "    This copy of the site was built without running the notebook, so its pictures "
            "are missing here. They appear when you run it.", "",
        ]  # fmt: skip
    return "\n".join(lines)


def _said(text: str) -> str:
    """A cell of words; what is folded away there is folded here, and no badge is fetched."""
    text = _BADGE.sub("", text)
    return _FOLDED.sub(_folded, text).strip()


def _folded(found: Match[str]) -> str:
    title = html.unescape(re.sub(r"<[^>]+>", "", found[1])).strip().replace('"', "'")
    kinds = ("formula", "solution")
    kind = next((kind for kind in kinds if kind in title.lower()), "question")
    body = "\n".join(f"    {line}".rstrip() for line in found[2].strip().splitlines())
    return f'??? {kind} "{title}"\n\n{body}\n'


def _code(text: str) -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text) or ["``"]))
    block = f"{fence}python\n{text.rstrip()}\n{fence}\n"
    if not text.lstrip().startswith("# Set-up"):
        return block
    body = "\n".join(f"    {line}".rstrip() for line in block.splitlines())
    return f'??? setup "Set-up: the same in every notebook"\n\n{body}\n'


def _shown(book: dict[str, Any], stem: str, media: dict[str, bytes]) -> dict[int, str]:
    found = {}
    for number, cell in enumerate(book["cells"]):
        parts = [_output(output) for output in cell.get("outputs", ())]
        text = "\n".join(part for part in parts if part)
        if text:
            found[number] = _DATA.sub(lambda data: _filed(data, stem, media), text)
    return found


def _filed(found: Match[str], stem: str, media: dict[str, bytes]) -> str:
    """A picture or film as a file beside the page, which a browser keeps and loads when seen."""
    if len(found[2]) < _SMALL:
        return found[0]
    try:
        content = base64.b64decode(found[2])
    except binascii.Error:
        return found[0]
    suffix = found[1].split("/")[1].removesuffix("+xml").replace("jpeg", "jpg")
    name = f"{stem}_files/{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    media[name] = content
    return f"nb-media:{name}"


def _output(output: dict[str, Any]) -> str:
    kind = output["output_type"]
    if kind == "stream":
        return "" if output["name"] == "stderr" else _plain(_text(output["text"]))
    if kind == "error":
        return _plain("\n".join(output["traceback"]))
    data = output.get("data", {})
    chosen = next((mime for mime in _KINDS if mime in data), None)
    if chosen is None or (
        "application/vnd.jupyter.widget-view+json" in data and "html" not in chosen
    ):
        return ""
    content = _text(data[chosen])
    if chosen in ("text/html", "image/svg+xml"):
        return content
    if chosen.startswith("image/"):
        return f'<img alt="" loading="lazy" src="data:{chosen};base64,{content.strip()}">'
    return _plain(content)


def _plain(text: str) -> str:
    lines = [line.rsplit("\r", 1)[-1] for line in _ANSI.sub("", text).rstrip().split("\n")]
    told = html.escape("\n".join(lines))
    return f'<pre class="nb-text">{told}</pre>' if told.strip() else ""


def _source(cell: dict[str, Any]) -> str:
    return _text(cell["source"])


def _text(value: "str | list[str]") -> str:
    return value if isinstance(value, str) else "".join(value)


def _kept(path: Path) -> Path:
    """Where the results of a notebook as it stands are kept."""
    book = json.loads(path.read_text(encoding="utf-8"))
    sources = json.dumps([[cell["cell_type"], _source(cell)] for cell in book["cells"]])
    return CACHE / f"{path.stem}.{hashlib.sha256(sources.encode()).hexdigest()[:12]}.ipynb"


def _results(path: Path) -> dict[str, Any] | None:
    kept = _kept(path)
    return json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None


def run(path: Path) -> Path:
    """Run a notebook in an empty folder; its results replace older ones in the cache."""
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        NotebookClient(book, timeout=_TIMEOUT_S, kernel_name="python3", resources=where).execute()
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = _kept(path)
    for old in CACHE.glob(f"{path.stem}.*.ipynb"):
        old.unlink()
    nbformat.write(book, kept)  # type: ignore[no-untyped-call]
    return kept


def main() -> int:
    """Run notebooks and keep their results; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", nargs="*", metavar="NN", help="Numbers; none: all that changed.")
    wanted = parser.parse_args().run
    failed = 0
    for path in notebooks():
        if wanted is None:
            print(f"{path.name}: {'run' if _kept(path).is_file() else 'not run'}")
        elif path.name[:2] in wanted or (not wanted and not _kept(path).is_file()):
            print(f"{path.name} ...", flush=True)
            failed |= _tried(path)
    return failed


def _tried(path: Path) -> int:
    from nbclient.exceptions import CellExecutionError

    try:
        print(f"  kept as {run(path)}")
    except CellExecutionError as error:
        print(f"  failed, so its page stays without results:\n{_ANSI.sub('', str(error))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
