"""The invisible watermark: unseen, and found again after what happens to videos."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deepmeme.data.marked import recoded
from deepmeme.errors import InputError
from deepmeme.provenance.watermark import Watermark
from deepmeme.provenance.watermark_code import SIDE, checksum, decode, payload, pilot, tile
from deepmeme.provenance.watermark_read import MAX_CHANCE, read_watermark
from tests.provenance.results import smooth_scene

WORK = "0123456789a"
works = st.text("0123456789abcdef", min_size=11, max_size=11)


@pytest.fixture(scope="module")
def clip():
    """Three seconds at 8 frames a second of something smooth that moves, with some grain."""
    grain = np.random.default_rng(1).normal(0, 1.5, (256, 256, 1))
    frames = [smooth_scene(i, 256, 256) for i in range(24)]
    return [np.clip(frame + grain, 0, 255).astype(np.uint8) for frame in frames]


@pytest.fixture(scope="module")
def marked(clip):
    """The same, marked."""
    mark = Watermark(WORK).mark
    return [mark(frame) for frame in clip]


def resized(frames, width, height):
    how = cv2.INTER_AREA if width < frames[0].shape[1] else cv2.INTER_CUBIC
    return [cv2.resize(frame, (width, height), interpolation=how) for frame in frames]


def jpeg(frame, quality):
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_the_checksum_is_the_known_one():
    assert checksum(b"123456789") == 0x29B1  # CRC-16/CCITT-FALSE


def test_a_payload_is_version_id_and_checksum():
    packed = payload(WORK)
    assert packed.hex()[:12] == "1" + WORK and checksum(packed[:6]) == int(packed.hex()[12:], 16)


@pytest.mark.parametrize("wrong", ["", "0123456789", "0123456789A", "0123456789xy"])
def test_what_is_no_work_id_is_refused(wrong):
    with pytest.raises(InputError, match="11 hexadecimal"):
        Watermark(wrong)


@given(works)
@settings(max_examples=50, deadline=None)
def test_a_tile_says_its_work_again(work):
    found = decode(tile(work))
    assert found is not None and found.work_id == work
    assert found.score == pytest.approx(SIDE)  # all 36 x 36 signs agree: the square root of them


@given(works, st.integers(0, 2**31))
@settings(max_examples=20, deadline=None, derandomize=True)  # one noise in many is too much
def test_a_tile_is_read_in_noise_three_times_as_loud(work, seed):
    noise = np.random.default_rng(seed).normal(0, 2.0, (SIDE, SIDE))
    found = decode(tile(work) + noise)
    assert found is not None and found.work_id == work


def test_all_works_have_the_pilot_signs():
    same = tile("0" * 11) == tile("f" * 11)
    assert (pilot() != 0).sum() == 272 and same[pilot() != 0].all()


def test_it_is_not_seen(clip, marked):
    changes = np.stack(marked).astype(float) - np.stack(clip)
    assert 10 * np.log10(255**2 / np.square(changes).mean()) > 42
    assert abs(changes.mean()) < 0.05 and np.abs(changes).max() <= 16


def test_nothing_hides_it_in_a_flat_picture_so_it_is_faint():
    flat = np.full((256, 256, 3), 128, np.uint8)
    changes = np.abs(Watermark(WORK).mark(flat).astype(int) - 128)
    assert changes.mean() < 1 and changes.max() <= 4
    found = read_watermark([Watermark(WORK).mark(flat)], search=False)
    assert found is not None and found.work_id == WORK


def test_frames_are_marked_alike_and_inputs_stay_as_they_are(clip):
    mark, before = Watermark(WORK), clip[0].copy()
    first, second = mark.mark(clip[0]), mark.mark(clip[0])
    assert np.array_equal(first, second) and np.array_equal(clip[0], before)


@pytest.mark.parametrize(
    "treat",
    [
        pytest.param(lambda v: v, id="as it left"),
        pytest.param(lambda v: v[:1], id="a single frame"),
        pytest.param(lambda v: recoded(v, crf=28, preset="medium"), id="h264 crf 28"),
        pytest.param(lambda v: resized(resized(v, 128, 128), 256, 256), id="half size and back"),
        pytest.param(lambda v: [jpeg(v[3], 50)], id="one frame as jpeg"),
        pytest.param(
            lambda v: [np.asarray(Image.fromarray(v[0]).quantize(256).convert("RGB"))],
            id="256 colours",
        ),
    ],
)
def test_it_is_read_again(marked, treat):
    found = read_watermark(treat(marked), search=False)
    assert found is not None and found.work_id == WORK
    assert found.chance < MAX_CHANCE and not found.mirrored


@pytest.mark.parametrize(
    "treat",
    [
        pytest.param(lambda v: [f[13:-13, 13:-13] for f in v], id="a tenth cut off"),
        pytest.param(lambda v: [f[:, 7:-19] for f in v], id="sides cut off"),
        pytest.param(lambda v: resized([f[9:-17, 5:-21] for f in v], 256, 256), id="zoomed in"),
        pytest.param(lambda v: resized(v, 400, 400), id="larger"),
        pytest.param(lambda v: [f[:, ::-1] for f in v], id="mirrored"),
    ],
)
def test_it_is_found_where_the_picture_was_cut_or_scaled(marked, treat):
    found = read_watermark(treat(marked[:6]))
    assert found is not None and found.work_id == WORK


@pytest.mark.parametrize(
    ("small", "first"), [((640, 360), (1920, 1080)), ((400, 225), (1280, 720))]
)
def test_whole_pictures_of_usual_sizes_are_found_when_scaled(small, first):
    frame = cv2.resize(smooth_scene(3, 256, 256), first, interpolation=cv2.INTER_CUBIC)
    marked = cv2.resize(Watermark(WORK).mark(frame), small, interpolation=cv2.INTER_AREA)
    found = read_watermark([jpeg(marked, 85)])
    assert found is not None and found.work_id == WORK
    assert found.cell_px == pytest.approx(4 * small[1] / first[1])


@pytest.mark.parametrize(("width", "height"), [(128, 128), (200, 300), (512, 288), (1920, 1080)])
def test_pictures_of_any_size(width, height):
    frame = cv2.resize(smooth_scene(3, 256, 256), (width, height), interpolation=cv2.INTER_CUBIC)
    found = read_watermark([jpeg(Watermark(WORK).mark(frame), 80)], search=False)
    assert found is not None and found.work_id == WORK


def test_nothing_is_found_where_nothing_is(clip):
    noise = np.random.default_rng(2).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    for frames in (clip, [noise], [np.zeros((256, 256, 3), np.uint8)]):
        assert read_watermark(frames, search=False) is None


def test_a_small_picture_without_a_mark_ends_the_search_empty(clip):
    assert read_watermark([np.ascontiguousarray(clip[0][:96, :96])]) is None


def test_tiny_pictures_are_marked_without_complaint():
    for side in (1, 2, 3, 17):
        frame = np.full((side, side, 3), 90, np.uint8)
        assert Watermark(WORK).mark(frame).shape == frame.shape
        assert read_watermark([frame], search=False) is None
