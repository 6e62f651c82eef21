"""HDR and wide-gamut video: what an ordinary screen can show comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepmeme.media.hdr import HLG, PQ, tone_map
from deepmeme.media.video import open_clip
from tests.media.drawn import write_video
from tests.media.properties import examples

BT709_TO_BT2020 = np.array(
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)  # BT.2087
SDR = 1
COLOURS = np.array(
    [(180, 60, 40), (40, 150, 60), (50, 70, 190), (190, 150, 120), (90, 90, 90), (0, 0, 0)],
    dtype=np.uint8,
)


def signal_of(shown, transfer):
    """The BT.2020 signal that a camera would store for colours shown on a BT.709 screen."""
    light = BT709_TO_BT2020 @ (shown.reshape(-1, 3).T / 255.0) ** 2.4
    if transfer == PQ:
        power = (203.0 * light / 10000) ** 0.1593017578125
        signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    elif transfer == HLG:
        scene = (203.0 * light / 1000) ** (1 / 1.2)
        with np.errstate(invalid="ignore"):
            above = 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), above)
    else:
        signal = light ** (1 / 2.4)
    return signal.T.reshape(shown.shape)


@pytest.mark.parametrize("transfer", [PQ, HLG, SDR])
def test_colours_within_reach_come_back_as_they_were(tmp_path, transfer):
    """Nothing here is brighter than the knee, so nothing but the encoding may differ."""
    bars = np.repeat(np.repeat(COLOURS[None], 16, axis=1), 32, axis=0)
    stored = np.rint(signal_of(bars, transfer) * 65535).astype(np.uint16)
    path = write_video(
        tmp_path / "a.mkv",
        [stored] * 2,
        codec="ffv1",
        layout="yuv444p10le",
        matrix=9,
        tags=(9, transfer, 9),
    )
    read = next(iter(open_clip(path)))
    error = np.abs(read[16, 8::16].astype(int) - COLOURS)
    assert error.max() <= 12, "the table's steps show where a channel is nearly dark"
    assert error.mean() <= 1.5


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_highlights_keep_their_order_and_their_hue(transfer):
    steps = np.linspace(0, 1, 200, dtype=np.float32)
    grey = tone_map(np.stack([steps] * 3, axis=-1), transfer)
    assert np.ptp(grey, axis=-1).max() < 0.01
    assert (np.diff(grey[:, 0]) >= -1e-6).all()
    white = {PQ: 0.5807, HLG: 0.75}[transfer]  # 203 nits, BT.2408
    shown = tone_map(np.full(3, white, np.float32), transfer)
    assert shown == pytest.approx(0.91, abs=0.03), "diffuse white is white, with room above"
    assert grey[-1].min() > 0.99


@examples(100)
@given(
    signal=st.tuples(*[st.floats(0, 1, width=32)] * 3),
    transfer=st.sampled_from([PQ, HLG, SDR, 0, 14]),
)
def test_any_signal_gives_a_colour(signal, transfer):
    shown = tone_map(np.array(signal, np.float32), transfer)
    assert np.isfinite(shown).all()
    assert (shown >= 0).all()
    assert (shown <= 1).all()
