"""The pictures of the studio in the docs, taken of a real server in a real browser.

    python benchmarks/studio_screens.py -o docs/images   # needs chromium and playwright

Desktop (1280) and phone (390), dark and light, with a film made, a face changed, a file verified,
a point pulled and a camera on (Chromium's fake one, which plays the shipped driving clip).
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import av
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from deepmeme.media.video import open_clip
from serve_load import _port, served

ASSETS = Path(str(files("deepmeme") / "demo_assets"))
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


def main() -> None:
    """All of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = Path(folder) / "camera.y4m"
        fake_camera(camera)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[*QUIET, f"--use-file-for-fake-video-capture={camera}"],
        )
        with served(Path(folder) / "root", _port()) as (address, _):
            for name, view, scheme, act in SHOTS:
                context = browser.new_context(viewport=view, color_scheme=scheme)
                page = context.new_page()
                page.set_default_timeout(120_000)
                page.goto(address)
                act(page)
                _save(page, out / f"{name}.jpg")
                context.close()
                print(out / f"{name}.jpg", flush=True)
        browser.close()


def fake_camera(path: Path) -> None:
    """The driving clip as raw frames, which Chromium plays for ever."""
    with av.open(str(path), "w", format="yuv4mpegpipe") as camera:
        stream: Any = camera.add_stream("wrapped_avframe", rate=25)
        stream.width, stream.height, stream.pix_fmt = 480, 480, "yuv420p"
        for frame in open_clip(ASSETS / "driver.mp4"):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            camera.mux(stream.encode(picture.reformat(480, 480, "yuv420p")))


def animate(page: Page) -> None:
    """A first film, with words."""
    page.locator("[data-test=caption-top]").fill("when the demo")
    page.locator("[data-test=caption-bottom]").fill("just works")
    page.locator("[data-test=animate]").click()
    page.locator("[data-test=result-video]").wait_for()
    page.wait_for_timeout(2500)


def live(page: Page) -> None:
    """A camera that moves the painting."""
    page.locator("[data-test=mode-live]").click()
    page.locator("[data-test=live-start]").click()
    page.wait_for_function("() => window.deepmemeLive && window.deepmemeLive.frames > 60")


def room(name: str) -> Callable[[Page], None]:
    """Just as it opens."""

    def opened(page: Page) -> None:
        page.locator(f"#tab-{name}").click()
        page.wait_for_timeout(6000)

    return opened


def verified(page: Page) -> None:
    """The film that was just made."""
    animate(page)
    page.locator("[data-test=verify-it]").click()
    page.locator("#verdicts .verdict[data-state=intact]").wait_for()
    page.wait_for_timeout(500)


SHOTS: tuple[tuple[str, Any, Any, Callable[[Page], None]], ...] = (
    ("studio", DESKTOP, "dark", animate),
    ("studio-light", DESKTOP, "light", animate),
    ("studio-phone", PHONE, "dark", animate),
    ("studio-live", DESKTOP, "dark", live),
    ("studio-swap", DESKTOP, "dark", room("swap")),
    ("studio-dream", DESKTOP, "dark", room("dream")),
    ("studio-dream-phone", PHONE, "light", room("dream")),
    ("studio-verify", DESKTOP, "dark", verified),
    ("studio-learn", DESKTOP, "light", room("learn")),
)


def _save(page: Page, path: Path) -> None:
    shot = path.with_suffix(".png")
    page.screenshot(path=shot)
    Image.open(shot).convert("RGB").save(path, quality=82)
    shot.unlink()


if __name__ == "__main__":
    main()
