from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepmeme.data.bank import BankWriter, open_bank
from deepmeme.data.head_frame import flow_between
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.synthetic_heads import Pose
from deepmeme.data.toon_bank import toon_frame, toon_frames
from deepmeme.data.toon_points import toon_points
from deepmeme.data.toons import CAPTAIN, GIRL, REST, ToonMoment, draw_layers

SIZE = 96


def named(points: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(KEYPOINT_NAMES, points, strict=True))


def gap(points: np.ndarray, first: str, second: str) -> float:
    found = named(points)
    return float(np.linalg.norm(found[first] - found[second]))


@pytest.mark.parametrize("person", [GIRL, CAPTAIN])
def test_keypoints_follow_the_face(person: object) -> None:
    rest = toon_points(person)  # type: ignore[arg-type]
    assert rest.shape == (len(KEYPOINT_NAMES), 2)
    assert np.abs(rest).max() < 1
    shut = toon_points(person, ToonMoment(lids=(0.0, 1.0)))  # type: ignore[arg-type]
    assert gap(shut, "eye_r_1", "eye_r_5") < 0.2 * gap(rest, "eye_r_1", "eye_r_5")
    assert gap(shut, "eye_l_1", "eye_l_5") == pytest.approx(gap(rest, "eye_l_1", "eye_l_5"))
    wide = toon_points(person, ToonMoment(jaw=1.0))  # type: ignore[arg-type]
    assert gap(rest, "lip_inner_2", "lip_inner_6") < 0.01
    assert gap(wide, "lip_inner_2", "lip_inner_6") > 0.1
    assert named(wide)["jaw_8"][1] > named(rest)["jaw_8"][1]


def test_right_and_left_are_the_persons() -> None:
    places = named(toon_points(GIRL))
    assert places["iris_r"][0] < 0 < places["iris_l"][0]
    assert places["jaw_0"][0] < places["jaw_8"][0] < places["jaw_16"][0]
    assert places["eye_r_0"][0] < places["eye_r_3"][0] < places["eye_l_0"][0]
    assert places["lip_outer_0"][0] < places["lip_outer_6"][0]
    assert places["lip_outer_3"][1] < places["lip_outer_9"][1]


def test_the_background_and_the_shoulders_stay() -> None:
    still = toon_frame(GIRL, REST, Pose(), SIZE).image.astype(int)
    turned = toon_frame(GIRL, REST, Pose(yaw=15, roll=8), SIZE).image.astype(int)
    moved = np.abs(turned - still).max(-1)
    assert moved[: SIZE // 12].max() < 4
    assert moved[-SIZE // 16 :].max() < 12
    assert moved[SIZE // 3 : SIZE // 2, SIZE // 3 : -SIZE // 3].max() > 60


def test_a_turn_to_the_right_moves_the_nose_to_the_right() -> None:
    row = KEYPOINT_NAMES.index("nose_3")
    still, turned = (
        toon_frame(GIRL, REST, Pose(yaw=yaw), SIZE).keypoints_px[row, 0] for yaw in (0.0, 15.0)
    )
    assert turned - still > 3


def test_flow_takes_the_source_to_the_driving_frame() -> None:
    person = replace(GIRL, freckles=False)
    source = toon_frame(person, REST, Pose(yaw=-8), SIZE)
    driving = toon_frame(person, REST, Pose(yaw=10, roll=5), SIZE)
    flow = flow_between(driving, source)
    grid = cv2.resize(flow.grid, (SIZE, SIZE))
    at = ((grid + 1) * (SIZE - 1) / 2).astype(np.float32)
    warped = cv2.remap(source.image, at[..., 0], at[..., 1], cv2.INTER_LINEAR).astype(int)
    inner = cv2.erode(driving.mask, np.ones((9, 9))) > 250
    before = np.abs(source.image.astype(int) - driving.image)[inner].mean()
    after = np.abs(warped - driving.image)[inner].mean()
    assert after < 0.45 * before


def test_a_bank_of_toons_reads_back(tmp_path: Path) -> None:
    frames = toon_frames(3, 2, 64)
    assert np.array_equal(frames[1].image, toon_frames(3, 2, 64)[1].image)
    writer = BankWriter(tmp_path, 1, keypoint_names=KEYPOINT_NAMES, frames_per_group=2, size=64)
    writer.add_group(frames)
    bank = open_bank(tmp_path)
    assert bank.shape.groups == 1
    assert np.array_equal(bank.frames[1], frames[1].image)


def test_the_person_can_be_cut_out() -> None:
    layers = draw_layers(GIRL, 64)
    outside = layers.cover < 0.01
    assert 0.3 < outside.mean() < 0.7
    gaps = np.abs(layers.picture.astype(int) - layers.backdrop)[outside]
    assert gaps.max() <= 3
