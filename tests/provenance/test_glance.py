"""Frames for looking at: marked like all others, only not signed."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.media.label import label_overlay
from deepmeme.media.wording import TEXT
from deepmeme.provenance.found import Marks, read_marks
from deepmeme.provenance.glance import Glance, glance
from deepmeme.provenance.record import COMPOSITE
from deepmeme.provenance.verify import verify
from deepmeme.provenance.watermark_read import read_watermark
from tests.provenance.results import RECORD, smooth_scene

WORK = "0123456789a"


def opened(encoded: bytes):
    image = Image.open(BytesIO(encoded))
    assert image.format == "JPEG"
    return np.asarray(image)


@pytest.fixture(scope="module")
def frame():
    grain = np.random.default_rng(1).normal(0, 1.5, (256, 256, 1))
    return np.clip(smooth_scene(0, 256, 256) + grain, 0, 255).astype(np.uint8)


def work_of(encoded: bytes) -> str | None:
    found = read_watermark([opened(encoded)], search=False)
    return None if found is None else found.work_id


def test_a_glance_says_that_it_was_made_by_ai(frame, tmp_path):
    path = tmp_path / "glance.jpg"
    path.write_bytes(glance(frame, RECORD))
    assert read_marks(path) == Marks("Made by AI with deepmeme 1.2.3", COMPOSITE)
    verdict = verify(path)
    assert verdict.state != "unmarked"
    assert verdict.watermark is not None
    assert verdict.credentials is None  # as the docstring says


def test_every_frame_of_a_work_names_the_work(frame):
    look = Glance(RECORD)
    works = {work_of(look(picture)) for picture in (frame, 255 - frame, frame[::-1])}
    assert works == {look.record.work_id}
    assert len(look.record.work_id) == 11


def test_a_work_that_has_a_name_keeps_it(frame):
    assert work_of(glance(frame, replace(RECORD, work_id=WORK))) == WORK


def test_the_label_is_in_the_corner_and_nowhere_else(frame):
    record = replace(RECORD, work_id=WORK)
    with_label = opened(glance(frame, record, quality=95)).astype(int)
    without = opened(glance(frame, record, quality=95, label=False)).astype(int)
    apart = np.abs(with_label - without).max(axis=2) > 40
    expected = label_overlay(256, 256, TEXT).draw(frame).astype(int)
    assert apart.any()
    drawn = np.abs(expected - frame).max(axis=2) > 0
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    inside = np.zeros_like(drawn)
    inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    assert not (apart & ~inside).any()


def test_frames_are_made_smaller_and_never_larger(frame):
    wide = np.ascontiguousarray(frame[:200])
    assert opened(glance(wide, RECORD, longest=128)).shape == (100, 128, 3)
    assert opened(glance(wide, RECORD, longest=512)).shape == (200, 256, 3)


def test_frames_of_several_sizes_may_follow_each_other(frame):
    look = Glance(RECORD)
    for size in (256, 200, 256):
        assert opened(look(np.ascontiguousarray(frame[:size]))).shape == (size, 256, 3)


def test_the_given_frame_stays_as_it_is(frame):
    before = frame.copy()
    glance(frame, RECORD)
    assert (frame == before).all()


def test_for_research_only_the_invisible_mark_goes(frame, research, tmp_path):
    path = tmp_path / "glance.jpg"
    path.write_bytes(glance(frame, RECORD, quality=95))
    assert work_of(path.read_bytes()) is None
    assert read_marks(path) is not None
    corner = opened(path.read_bytes())[-30:, -90:].astype(int)
    assert np.abs(corner - frame[-30:, -90:]).max() > 60


@pytest.mark.parametrize("wrong", [{"quality": 0}, {"quality": 96}, {"longest": 0}])
def test_impossible_wishes_are_refused(wrong):
    with pytest.raises(InputError, match="not possible"):
        Glance(RECORD, **wrong)
