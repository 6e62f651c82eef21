import numpy as np
import pytest

from deepmeme.data.demo_performance import FPS, SECONDS, SPEECH, mouth_at, perform
from deepmeme.data.demo_voice import RATE, sing
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.oil_paint import paint_in_oil


def test_it_begins_and_ends_face_on_at_rest() -> None:
    performance = perform()
    assert len(performance) == round(FPS * SECONDS)
    for i in (0, -1):
        assert np.abs(performance.pose[i]).max() < 1.0
        assert max(performance.expression[i].values(), default=0.0) < 0.05


def test_the_head_turns_both_ways_and_never_jumps() -> None:
    performance = perform()
    yaw = performance.pose[:, 0]
    assert yaw.max() > 12
    assert yaw.min() < -12
    assert np.abs(np.diff(performance.pose, axis=0)).max() < 7  # degrees a frame
    jaw = [mouth.get("jawOpen", 0.0) for mouth in performance.expression]
    assert max(jaw) > 0.4
    assert all(0 <= v <= 1 for mouth in performance.expression for v in mouth.values())


def test_lips_meet_at_a_closure_and_part_at_a_vowel() -> None:
    for sound in SPEECH:
        jaw = mouth_at(sound.at_s)["jawOpen"]
        if sound.name in "MBP":
            assert jaw < 0.05
        elif sound.name == "A":
            assert jaw > 0.3


def test_eyes_close_sometimes_and_one_winks() -> None:
    lids = [(m.get("eyeBlink_L", 0.0), m.get("eyeBlink_R", 0.0)) for m in perform().expression]
    assert sum(left > 0.9 and right > 0.9 for left, right in lids) >= 3
    assert any(left > 0.9 and right < 0.4 for left, right in lids)


def test_the_voice_sounds_when_the_mouth_moves() -> None:
    wave = sing()
    assert wave.shape == (round(SECONDS * RATE),)
    assert 0.2 < np.abs(wave).max() <= 0.5

    def loudness(start_s: float, end_s: float) -> float:
        return float(np.sqrt(np.square(wave[int(start_s * RATE) : int(end_s * RATE)]).mean()))

    assert loudness(0.0, 0.4) < 0.02 * loudness(1.4, 1.7)


def test_oil_keeps_the_picture_and_changes_its_touch() -> None:
    picture = np.full((48, 48, 3), (60, 70, 90), np.uint8)
    picture[12:36, 12:36] = (200, 150, 120)
    painted = paint_in_oil(picture, brush_px=2.0)
    assert painted.shape == picture.shape
    assert np.array_equal(painted, paint_in_oil(picture, brush_px=2.0))
    inner, outer = painted[20:28, 20:28].mean(), painted[2:8, 20:28].mean()
    assert inner - outer == pytest.approx(157 - 73, abs=25)
    assert painted[20:28, 20:28].std() > 0


def test_keypoints_of_the_eyes_have_names() -> None:
    assert {"iris_r", "iris_l"} <= set(KEYPOINT_NAMES)


def test_mirrored_twice_is_the_same() -> None:
    whole = perform()
    there = whole.mirrored()
    back = there.mirrored()
    np.testing.assert_array_equal(back.pose, whole.pose)
    assert back.expression == whole.expression
    assert there.pose[40, 0] == -whole.pose[40, 0] and there.pose[40, 1] == whole.pose[40, 1]
    wink = int(5.1 * FPS)
    assert there.expression[wink]["eyeBlink_R"] == whole.expression[wink]["eyeBlink_L"]
