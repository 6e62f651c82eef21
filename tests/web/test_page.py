"""The studio in a real browser: Debian's Chromium, driven by Playwright."""

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from deepmeme.media.video import open_clip
from deepmeme.provenance.verify import verify
from tests.web.conftest import TOKEN, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ASSETS = Path(str(files("deepmeme") / "demo_assets"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("page")) as address:
        yield address


@pytest.fixture(scope="module")
def camera_clip(tmp_path_factory):
    """The shipped driving clip as Chromium's fake camera wants it: raw frames, played for ever."""
    import av

    path = tmp_path_factory.mktemp("camera") / "driver.y4m"
    with av.open(str(path), "w", format="yuv4mpegpipe") as camera:
        stream = camera.add_stream("wrapped_avframe", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 320, "yuv420p"
        for frame in open_clip(ASSETS / "driver.mp4").take(75):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            for packet in stream.encode(picture.reformat(320, 320, "yuv420p")):
                camera.mux(packet)
    return path


@pytest.fixture(scope="module")
def chromium(camera_clip):
    from playwright.sync_api import sync_playwright

    fake = (
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={camera_clip}",
    )  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *fake])
        yield browser
        browser.close()


class Seen:
    """What a page asked for and complained of."""

    def __init__(self, page, address):
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._said)
        page.on("request", lambda request: self._asked(request.url, address))

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, url, address):
        own = (address, address.replace("http", "ws"), "blob:", "data:")
        if not url.startswith(own):
            self.elsewhere.append(url)


@pytest.fixture
def page(chromium, address):
    """A fresh page; at the end it must have asked nobody else, and complained of nothing."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(240_000)
    seen = Seen(page, address)
    page.goto(address)
    yield page
    context.close()
    assert seen.elsewhere == []
    assert seen.complaints == []


def _choose(page, **options):
    page.locator("[data-test=more-choices]").click()
    for name, value in options.items():
        control = page.locator(f"[data-option={name}]").last
        control.fill(str(value))
        control.dispatch_event("change")


def _result_of(page, address, tmp_path):
    """The result that the page shows, as a file."""
    shown = page.locator("[data-test=result-video]")
    shown.wait_for()
    url = page.evaluate("video => video.currentSrc || video.src", shown.element_handle())
    path = tmp_path / "result.mp4"
    answer = page.request.get(url)
    path.write_bytes(answer.body())
    return path


def _noses(frames):
    """Where the nose is in each frame (n, 2), as the shipped model sees it."""
    import cv2

    from deepmeme import load_model

    model = load_model("portrait")
    side = model.resolution
    names = list(model.info().keypoint_names)
    nose = next(i for i, name in enumerate(names) if "nose" in name)
    return np.array([model.keypoints(cv2.resize(f, (side, side))).xy[0][nose] for f in frames])


def test_a_picture_and_a_clip_become_a_moving_picture(page, address, tmp_path):
    page.locator("#panel-animate input[type=file]").first.set_input_files(ASSETS / "statue.png")
    page.locator("[data-test=crop-box]").wait_for()
    clips = page.locator("#panel-animate input[type=file]")
    clips.nth(1).set_input_files(ASSETS / "driver.mp4")
    page.wait_for_function(
        "() => document.querySelector('[data-test=clip-words]').textContent.length > 3"
    )
    _choose(page, end=2, size=256)
    page.locator("[data-test=animate]").click()
    page.locator("[data-test=progress]").wait_for()
    path = _result_of(page, address, tmp_path)
    assert verify(path).state == "intact"
    made, driven = list(open_clip(path)), list(open_clip(ASSETS / "driver.mp4").take(50))
    assert len(made) == 50
    ours, theirs = _noses(made), _noses(driven)
    assert np.ptp(ours, axis=0).max() > 0.01
    along = np.argmax(np.ptp(theirs, axis=0))
    assert np.corrcoef(ours[:, along], theirs[:, along])[0, 1] > 0.8  # it follows the driver


def test_one_click_makes_a_first_meme_with_a_caption(page, address, tmp_path):
    page.locator("[data-test=animate]").wait_for()
    _choose(page, end=1, size=128)
    page.locator("[data-test=animate]").click()
    first = _result_of(page, address, tmp_path).read_bytes()
    page.locator("[data-test=caption-top]").fill("MONDAY")
    page.locator("[data-test=caption-put]").click()
    page.wait_for_function(
        "old => { const v = document.querySelector('[data-test=result-video]');"
        " return v && v.src !== old; }",
        arg=page.locator("[data-test=result-video]").evaluate("video => video.src"),
    )
    captioned = _result_of(page, address, tmp_path)
    assert captioned.read_bytes() != first
    page.locator("[data-test=verify-it]").click()
    page.locator("#verdicts .verdict[data-state=intact]").wait_for()


def test_verify_tells_a_changed_file(page, tmp_path):
    page.goto(page.url.split("#")[0] + "#verify")
    path = tmp_path / "plain.png"
    path.write_bytes((ASSETS / "painting.png").read_bytes())
    page.locator("#panel-verify input[type=file]").set_input_files(path)
    page.locator("#verdicts .verdict[data-state=unmarked]").wait_for()


def test_the_camera_moves_a_picture(page):
    page.locator("[data-test=mode-live]").click()
    page.locator("[data-test=live-start]").click()
    page.wait_for_function("() => window.deepmemeLive && window.deepmemeLive.frames > 12")
    canvas = page.locator("#panel-animate canvas[data-test=live-canvas]")
    first = canvas.evaluate("canvas => canvas.toDataURL()")
    page.wait_for_function("() => window.deepmemeLive.frames > 40")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != first
    page.locator("[data-test=live-stop]").click()
    page.wait_for_function("() => !window.deepmemeLive.running")


def test_dreamt_faces_change_under_a_slider(page):
    page.locator("#tab-dream").click()
    face = page.locator("#panel-dream img").first
    face.wait_for()
    page.wait_for_function("() => document.querySelector('#panel-dream img').naturalWidth > 0")
    before = face.get_attribute("src")
    slider = page.locator("#panel-dream input[type=range]").nth(1)
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelector('#panel-dream img').src !== old", arg=before
    )


def test_a_dreamt_face_is_saved_signed(page, tmp_path):
    page.locator("#tab-dream").click()
    page.wait_for_function("() => document.querySelector('#dream-face')?.naturalWidth > 0")
    with page.expect_download() as coming:
        page.locator("#dream-save").click()
    coming.value.save_as(tmp_path / "face.png")
    assert verify(tmp_path / "face.png").state == "intact"


def test_a_hand_faster_than_the_server_is_heard(page, address):
    """A tab pressed before the server let the page in was not heard."""
    asked = []
    page.route("**/v1/session", lambda route: asked.append(route))
    page.goto(address)
    page.locator("#tab-verify").click()
    assert page.locator("#panel-verify h1").count() == 0
    asked[0].continue_()
    page.locator("#panel-verify h1").wait_for()


def test_by_keyboard_alone(page):
    page.locator("#tab-animate[aria-selected=true]").focus()
    for name in ("swap", "dream", "verify", "learn", "animate"):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == f"tab-{name}"
        shown = page.locator("[role=tabpanel]:not([hidden])")
        assert [panel.get_attribute("id") for panel in shown.all()] == [f"panel-{name}"]


@pytest.mark.parametrize("name", ["animate", "swap", "dream", "verify", "learn"])
def test_every_control_has_a_name_and_fits_a_phone(page, address, name):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{address}#{name}")
    page.locator(f"#panel-{name} h1, #panel-{name} h2").first.wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea, a, canvas, img')]
        .filter(e => e.checkVisibility() && !e.closest('[aria-hidden=true]'))
        .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
          || e.labels?.length || e.textContent.trim() || e.title
          || (e.tagName === 'IMG' && e.hasAttribute('alt'))
          || (e.tagName === 'CANVAS' && e.getAttribute('role') !== 'img')))
        .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "something is wider than a phone"


def test_a_locked_studio_asks_for_its_token(chromium, tmp_path):
    with serving(tmp_path, env={"DEEPMEME_TOKEN": TOKEN}) as address:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(address)
        page.locator("#token").fill("not the token of this studio")
        page.keyboard.press("Enter")
        page.locator("#sign-in .problem").wait_for()
        page.locator("#token").fill(TOKEN)
        page.keyboard.press("Enter")
        page.locator("#panel-animate [data-test=animate]").wait_for()
        assert "deepmeme" in page.locator("#version").inner_text()
        context.close()
