"""What the workshop puts into a notebook's page."""

import base64
import re
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from deepmeme import workshop
from deepmeme.errors import InputError
from deepmeme.provenance.record import Record
from deepmeme.provenance.seal import Rendered
from deepmeme.provenance.verify import verify
from deepmeme.workshop import place as place_module
from deepmeme.workshop.screen import html_of


def _embedded(page):
    """Every file in the page: (type, bytes)."""
    found = re.findall(r'src="data:([a-z0-9/]+);base64,([^"]+)"', page)
    return [(kind, base64.b64decode(told)) for kind, told in found]


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(place_module, "current", [tmp_path])
    return tmp_path


def test_a_picture_is_shown_as_it_is():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    [(kind, told)] = _embedded(html_of([picture], width=60))
    assert kind == "image/png"
    assert (np.asarray(Image.open(BytesIO(told))) == picture).all()


def test_a_large_picture_is_made_smaller():
    [(_, told)] = _embedded(html_of([np.zeros((900, 1200, 3), np.uint8)], width=100))
    assert Image.open(BytesIO(told)).size == (200, 150)


def test_maps_are_grey_or_coloured():
    ramp = np.linspace(0, 1, 50, dtype=np.float32)[None].repeat(50, 0)
    grey, hot = (
        np.asarray(Image.open(BytesIO(_embedded(html_of([ramp], width=50, cmap=cmap))[0][1])))
        for cmap in (None, "magma")
    )
    assert grey[50, 0].max() < 6 and grey[50, -1].min() > 249
    assert np.ptp(grey.astype(int), axis=2).max() == 0
    assert np.ptp(hot.astype(int), axis=2).max() > 60


def test_captions_have_their_roles_colours_and_no_markup_of_strangers():
    dot = np.zeros((2, 2, 3), np.uint8)
    page = html_of([dot, dot], ["<b>me</b>", "it"], ["source", "result"])
    assert workshop.COLOURS["source"] in page and workshop.COLOURS["result"] in page
    assert "<b>me" not in page and "&lt;b&gt;me" in page


@pytest.mark.parametrize(
    ("thing", "how"),
    [
        (np.zeros((4, 4, 3), np.float32), {}),
        (np.zeros((4, 4, 4), np.uint8), {}),
        (7, {}),
        (np.zeros((4, 4, 3), np.uint8), {"roles": ["hero"]}),
        (np.zeros((4, 4, 3), np.uint8), {"titles": ["one", "two"]}),
    ],
)
def test_what_cannot_be_shown_is_said(thing, how):
    with pytest.raises(InputError):
        html_of([thing], **how)


def test_a_shown_result_is_saved_marked(results):
    frames = np.random.default_rng(1).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    made = Rendered(64, 64, Fraction(10), 4, lambda first: iter(frames[first:]), Record("animate"))
    [(kind, told)] = _embedded(html_of([made]))
    assert kind == "video/mp4"
    [saved] = (results / "shown").iterdir()
    assert saved.read_bytes() == told
    assert verify(saved).state == "intact"


def test_pictures_of_a_model_are_marked(tmp_path):
    picture = np.asarray(Image.open(workshop.asset("painting.png")).convert("RGB"))[:256, :256]
    [(kind, told)] = _embedded(html_of([np.ascontiguousarray(picture)], record=Record("sample")))
    assert kind == "image/jpeg"
    kept = tmp_path / "shown.jpg"
    kept.write_bytes(told)
    assert verify(kept).watermark is not None


def test_clips_and_charts_are_shown():
    chart = workshop.curves([1, 2, 3], {"real": [3, 2, 1], "made": [1, 1, 1]}, title="scores")
    page = html_of([workshop.asset("driver.mp4"), chart])
    clip, drawn = _embedded(page)
    assert clip == ("video/mp4", workshop.asset("driver.mp4").read_bytes())
    assert np.asarray(Image.open(BytesIO(drawn[1])).convert("L")).std() > 5


def test_an_unknown_asset_is_told_with_those_that_are():
    with pytest.raises(InputError, match=r"painting\.png"):
        workshop.asset("mona.png")
