"""A video as a phone records it: HEVC, ten bits, HLG, turned, an uneven rate, sound."""

from fractions import Fraction

import numpy as np
import pytest

from deepmeme.media.audio import SAMPLE_RATE, read_sound
from deepmeme.media.hdr import HLG
from deepmeme.media.video import open_clip
from deepmeme.provenance.seal import Rendered
from tests.media.drawn import tone, turn, write_video
from tests.media.test_hdr import signal_of
from tests.provenance.results import RECORD

TIMES = [0, 33, 67, 100, 180, 213, 247, 280, 313, 347, 420, 453, 487, 520, 553, 587, 620, 653]
FLASH = 10  # shown from 420 ms on


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    frames = []
    for index in range(len(TIMES)):
        shown = np.full((48, 64, 3), 200 if index == FLASH else 40, np.uint8)
        shown[:12, :16] = (190, 50, 50)  # top left as stored
        frames.append(np.rint(signal_of(shown, HLG) * 65535).astype(np.uint16))
    path = tmp_path_factory.mktemp("phone") / "IMG_0001.MOV"
    write_video(
        path,
        frames,
        times_ms=TIMES,
        codec="libx265",
        layout="yuv420p10le",
        options={"x265-params": "log-level=none:pools=1:frame-threads=1", "crf": "8"},
        matrix=9,
        tags=(9, HLG, 9),
        sound=tone(0.7, [0.42]),
        muxer="mov",
    )
    turn(path, (0, 1, -1, 0, 48, 0))  # held upright
    return path


def test_it_stands_upright_in_ordinary_colours_at_one_rate(recorded):
    clip = open_clip(recorded)
    frames = list(clip)
    assert (clip.width, clip.height) == (48, 64)
    assert 24 <= clip.fps <= 31
    assert len(frames) == pytest.approx(0.686 * float(clip.fps), abs=1.5)
    corner = frames[3][4:8, 40:44].reshape(-1, 3).mean(axis=0)  # turned to the top right
    assert corner == pytest.approx((190, 50, 50), abs=14)
    assert frames[3][50, 20] == pytest.approx((40, 40, 40), abs=5)


def test_its_flash_and_its_beep_come_out_together(recorded, tmp_path):
    clip = open_clip(recorded, fps=Fraction(30))
    saved = Rendered(
        clip.width, clip.height, clip.fps, None, clip.frames_from, RECORD, clip.audio
    ).save(tmp_path / "r.mp4")
    result = open_clip(saved.path)
    bright = [i / 30 for i, frame in enumerate(result) if frame[40:].mean() > 120]
    assert bright[0] == pytest.approx(0.42, abs=1 / 30)
    wave = np.concatenate(list(read_sound(result.audio, duration_s=0.6)), axis=1)
    heard = float(np.argmax(np.abs(wave).max(axis=0) > 0.1)) / SAMPLE_RATE
    assert heard == pytest.approx(0.42, abs=0.01)
