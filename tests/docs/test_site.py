"""The documentation site: it builds strictly, its links hold, and it asks no other host."""

import json
import os
import shutil
import subprocess
import sys
import threading
from base64 import b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import deepmeme
from deepmeme.cli.tree import build
from tests.docs.site_pages import Site

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "docs/hooks"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PIXEL = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(400)).decode()

pytest.importorskip("material", reason="pip install -e '.[docs]'")
pytest.importorskip("mkdocstrings", reason="pip install -e '.[docs]'")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def notebooks():
    sys.path.insert(0, str(HOOKS))
    try:
        import notebooks as hook
    finally:
        sys.path.remove(str(HOOKS))
    return hook


@pytest.fixture(scope="module")
def site(tmp_path_factory, notebooks):
    """Built with results for the first notebook alone, so that pages of both kinds are there."""
    folder, results = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("results")
    for path in notebooks.notebooks()[:1]:
        (results / notebooks._kept(path).name).write_text(json.dumps(ran(path)))
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)],
        cwd=ROOT,
        env=os.environ
        | {"DEEPMEME_NOTEBOOK_RESULTS": str(results), "NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    return Site(folder)


def ran(path):
    """A notebook with something to show under every cell of code."""
    book = json.loads(path.read_text())
    shown = {"text/plain": ["a film"], "text/html": f'<img src="data:image/png;base64,{PIXEL}">'}
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "stream", "name": "stdout", "text": ["10 %\r", "100 %\n"]},
                {"output_type": "display_data", "data": shown, "metadata": {}},
            ]
    return book


def test_every_link_and_anchor_leads_somewhere(site):
    assert len(site.pages) > 60
    assert list(site.broken()) == []


def test_what_is_broken_is_seen(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text(
        '<h1 id="here"></h1><a href="deep/"></a><a href="#there"></a><img src="https://a.org/b.png">'
    )
    (tmp_path / "deep/index.html").write_text(
        '<a href="..#here"></a><a href="../gone/"></a><p style="background: url(//a.org/c)"></p>'
    )
    site = Site(tmp_path)
    assert list(site.broken()) == [
        "deep/index.html: ../gone/: no such file",
        "index.html: #there: no such place on the page",
    ]
    assert list(site.elsewhere()) == [
        "deep/index.html: //a.org/c",
        "index.html: https://a.org/b.png",
    ]


def test_nothing_is_asked_of_another_host(site):
    assert list(site.elsewhere()) == []


def test_every_command_and_option_has_its_place(site):
    for name, command in build().commands.items():
        page = site.pages[f"reference/cli/{name}/index.html"]
        told = site.text(page.path)
        for path, child in leaves(f"deepmeme {name}", command):
            assert path in told
            for parameter in child.params:
                for flag in (*parameter.opts, *parameter.secondary_opts):
                    assert not flag.startswith("--") or flag in told, f"{path} {flag}"


def leaves(path, command):
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(f"{path} {name}", child)


def test_every_public_name_is_explained(site):
    overview = site.text("reference/python/index.html")
    missing = [name for name in deepmeme.__all__ if name not in overview]
    assert missing == []
    options = site.text("reference/python/animate/index.html")
    assert "Calm jitter: 0 leaves the movement as it is" in options
    assert ":class:" not in options
    assert "``" not in options
    assert ">>>" not in options


def test_cards_bring_their_pictures(site):
    page = site.pages["models/portrait/index.html"]
    assert any(address.endswith("portrait_limits.jpg") for address in page.fetched)


def test_results_of_notebooks_become_files(site, notebooks):
    books = notebooks.notebooks()
    if not books:
        pytest.skip("no notebooks here")
    page = site.pages[f"learn/{books[0].stem}/index.html"]
    assert any("_files/" in address and address.endswith(".png") for address in page.fetched)
    assert "100 %" in site.text(page.path)
    assert "10 %" not in site.text(page.path).replace("100 %", "")
    assert "built without running" not in site.text(page.path)
    for path in books[1:]:
        assert "built without running" in site.text(f"learn/{path.stem}/index.html")


def test_a_notebook_of_its_own(notebooks):
    """What may stand in a cell, without a site around it."""
    folded = notebooks._said(
        "[![Open in Colab](https://example.org/badge.svg)](https://example.org/nb)\n\n"
        '<details><summary>The formula ("Eq. 4")</summary>\n\n$$a_b$$\n\n</details>'
    )
    assert folded == "??? formula \"The formula ('Eq. 4')\"\n\n    $$a_b$$"
    folded = notebooks._said("<details><summary>A GPU?</summary>\n\nNo.\n\n</details>")
    assert folded == '??? question "A GPU?"\n\n    No.'
    assert notebooks._code("# Set-up: x\nprint('```')").startswith('??? setup "Set-up')
    assert "````python" in notebooks._code("print('```')")
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Box()"}
    assert notebooks._output({"output_type": "display_data", "data": widget}) == ""
    failed = {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: <b>"]}
    assert notebooks._output(failed) == '<pre class="nb-text">ValueError: &lt;b&gt;</pre>'


def test_formulae_are_drawn_without_a_script(site):
    drawn = [page for page in site.pages if page.startswith("learn/0")]
    told = "".join((site.folder / page).read_text() for page in drawn)
    assert "arithmatex" not in told
    if "??? formula" in told or "$$" in told:
        pytest.fail("a formula was left as it was typed")


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(site.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_a_browser_asks_nobody_else_and_complains_of_nothing(site, address):
    from playwright.sync_api import sync_playwright

    pages = ["", "how-to/distorted/", "reference/cli/animate/", "glossary/"]
    pages += [page.removesuffix("index.html") for page in site.pages if page.startswith("learn/0")][
        :1
    ]
    complaints, elsewhere = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else 0,
        )
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((address, "data:", "blob:"))
                else elsewhere.append(asked.url)
            ),
        )
        for place in pages:
            page.goto(address + place, wait_until="load")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, place
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address)
        page.get_by_role("button", name="marble that was never cut").click()
        shown = page.locator("[data-stage-result]").get_attribute("src")
        assert shown and shown.endswith("media/stage/statue-driver.mp4")
        page.get_by_placeholder("Search").click()
        page.get_by_text("Type to start searching").wait_for(timeout=60_000)  # the index is read
        page.get_by_placeholder("Search").press_sequentially("watermark")
        page.locator(".md-search-result__item a").first.wait_for(timeout=60_000)
        browser.close()
    assert elsewhere == []
    assert complaints == []
