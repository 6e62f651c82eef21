"""Rendered heads: pictures and labels that agree with each other."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepmeme.data.bank import BankWriter, open_bank
from deepmeme.data.head_frame import FLOW_SIZE, Flow, HeadFrame, flow_between
from deepmeme.data.ict import KEYPOINT_NAMES
from deepmeme.data.synthetic_heads import Motion, Pose, SyntheticHead, sample_motion
from deepmeme.data.synthetic_heads.__main__ import main
from deepmeme.data.synthetic_heads.group import render_group, write_bank
from deepmeme.data.synthetic_heads.hair import cut_hair
from deepmeme.data.synthetic_heads.person import HAIR_STYLES, LOOKS, LookName, sample_person
from deepmeme.errors import InputError
from tests.data.round_head import round_head

SIZE = 96
SEED = 4


@cache
def _head(look: LookName = "photo", seed: int = SEED) -> SyntheticHead:
    return SyntheticHead(seed, look, face_kit=round_head())


@cache
def _frame(yaw: float = 0.0, look: LookName = "photo", seed: int = SEED) -> HeadFrame:
    return _head(look, seed).render(Pose(yaw=yaw), size=SIZE)


def _at(frame: HeadFrame, name: str) -> NDArray[np.float32]:
    return frame.keypoints_px[KEYPOINT_NAMES.index(name)]


@pytest.mark.parametrize("look", LOOKS)
def test_same_seed_gives_the_same_pixels(look: LookName) -> None:
    again = SyntheticHead(SEED, look, face_kit=round_head()).render(Pose(yaw=12.0), size=SIZE)

    assert np.array_equal(again.image, _frame(12.0, look).image)
    assert np.array_equal(again.keypoints_px, _frame(12.0, look).keypoints_px)


def test_other_seed_and_other_look_give_other_pictures() -> None:
    here = _frame().image.astype(int)

    assert np.abs(here - _frame(seed=SEED + 1).image).mean() > 10
    assert np.abs(here - _frame(look="marble").image).mean() > 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_face_lies_on_the_person_and_in_the_picture(seed: int) -> None:
    frame = _frame(seed=seed)
    inner = [i for i, name in enumerate(KEYPOINT_NAMES) if name.startswith(("eye", "nose", "lip"))]
    x, y = np.rint(frame.keypoints_px[inner]).astype(int).T

    assert ((x >= 0) & (x < SIZE) & (y >= 0) & (y < SIZE)).all()
    assert (frame.mask[y, x] == 255).all()
    assert frame.image.shape == (SIZE, SIZE, 3)
    assert 0.2 < (frame.mask > 127).mean() < 0.9


def test_visible_keypoints_are_the_nearest_thing_there() -> None:
    frame = _frame(38.0)
    kit = round_head()
    depth = kit.keypoints_px(np.stack([frame.depth, frame.depth], 1)[: len(kit.neutral)])[:, 0]
    scale = (FLOW_SIZE - 1) / (SIZE - 1)
    x, y = np.rint(frame.keypoints_px * scale).astype(int).clip(1, FLOW_SIZE - 2).T
    around = np.stack([frame.surface.depth[y + i, x + j] for i in (-1, 0, 1) for j in (-1, 0, 1)])
    farthest = np.where(np.isfinite(around), around, -np.inf).max(0)
    hidden = depth > farthest + 3.0
    in_front = depth < around.min(0) + 0.3

    assert frame.visible.sum() > 30
    assert not frame.visible[hidden].any()
    assert frame.visible[in_front].mean() > 0.9
    jaw = [KEYPOINT_NAMES.index(f"jaw_{i}") for i in (0, 1, 15, 16)]
    assert frame.visible[jaw].tolist() != [True] * 4  # the far side of the jaw is hidden


def test_turned_head_looks_to_the_right() -> None:
    nose = [_at(_frame(yaw), "nose_3")[0] for yaw in (-30.0, 0.0, 30.0)]

    assert nose[0] < nose[1] - 4 < nose[2] - 8


def test_background_and_shoulders_stay() -> None:
    left, right = _frame(-30.0), _frame(30.0)
    behind = (left.mask == 0) & (right.mask == 0)

    assert behind.sum() > 200
    assert np.array_equal(left.image[behind], right.image[behind])


def test_flow_carries_one_frame_onto_another() -> None:
    driving = _head().render(Pose(yaw=10.0, roll=6.0), {"jawOpen": 0.6}, size=SIZE)
    source = _head().render(Pose(yaw=-8.0, x=0.05), {"mouthSmile": 0.8}, size=SIZE)
    flow = flow_between(driving, source)
    carried, sure = _carry(source, flow)
    sure &= driving.mask == 255

    error = np.abs(carried.astype(int) - driving.image)[sure].mean()
    without = np.abs(source.image.astype(int) - driving.image)[sure].mean()
    assert sure.mean() > 0.2
    assert error < 0.5 * without


def _carry(source: HeadFrame, flow: Flow) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32) * (FLOW_SIZE - 1) / (SIZE - 1)
    place = (cv2.remap(flow.grid, columns, rows, cv2.INTER_LINEAR) + 1) * (SIZE - 1) / 2
    picture = cv2.remap(source.image, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
    seen = cv2.remap(flow.visible.astype(np.float32), columns, rows, cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8), seen > 0.99


def test_expression_and_gaze_move_their_keypoints_only() -> None:
    still = _frame()
    talking = _head().render(expression={"jawOpen": 1.0}, size=SIZE)
    looking = _head().render(gaze=(25.0, 0.0), size=SIZE)

    assert _at(talking, "lip_inner_6")[1] > _at(still, "lip_inner_6")[1] + 2
    assert np.allclose(_at(talking, "forehead"), _at(still, "forehead"), atol=0.01)
    assert _at(looking, "iris_l")[0] > _at(still, "iris_l")[0] + 1
    assert np.allclose(_at(looking, "nose_3"), _at(still, "nose_3"), atol=0.3)


def test_given_background_shows() -> None:
    red = np.full((8, 8, 3), (200, 20, 20), np.uint8)
    head = SyntheticHead(SEED, face_kit=round_head(), background=red)
    frame = head.render(size=SIZE)

    assert np.abs(frame.image[frame.mask == 0].astype(int) - (200, 20, 20)).max() <= 2


def test_unknown_expression_is_refused() -> None:
    with pytest.raises(InputError, match="earWiggle"):
        _head().render(expression={"earWiggle": 1.0})


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_every_hair_style_covers_the_crown_or_is_bald(style: str) -> None:
    person = next(
        person
        for person in (sample_person(seed, "photo", 3) for seed in range(900))
        if person.hair_style == style
    )
    hair = cut_hair(person)

    if style == "bald":
        assert hair is None
        return
    assert hair is not None
    assert (hair.thickness[:, 2] > 0).all()
    assert hair.triangles.max() < len(hair.place) == len(hair.coverage) == len(hair.openness)


def test_motions_are_plausible_and_differ() -> None:
    rng = np.random.default_rng(0)
    motions = [sample_motion(rng) for _ in range(300)]
    yaw = np.array([motion.pose.yaw for motion in motions])

    assert np.abs(yaw).max() <= 45
    assert np.median(np.abs(yaw)) < 15
    assert all(0 <= w <= 1 for motion in motions for w in motion.expression.values())
    assert any("eyeBlink_L" in motion.expression for motion in motions)
    assert isinstance(motions[0], Motion)


def test_interrupted_bank_ends_as_if_it_never_was(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    write_bank(whole, round_head(), groups=2, seed=3, frames=2, size=64)
    first = BankWriter(
        broken,
        2,
        keypoint_names=KEYPOINT_NAMES,
        frames_per_group=2,
        size=64,
        origin="synthetic heads, seed 3",
    )
    first.add_group(render_group(np.random.default_rng((3, 0)), round_head(), 2, 64))
    write_bank(broken, round_head(), groups=2, seed=3, frames=2, size=64)

    one, other = open_bank(whole), open_bank(broken)
    assert one.shape == other.shape
    assert np.array_equal(one.frames, other.frames)
    assert np.array_equal(one.flow, other.flow, equal_nan=True)
    assert np.isfinite(np.asarray(one.flow, np.float32)).all()
    assert not np.array_equal(one.frames[0], one.frames[1])


def test_command_without_a_face_kit_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="DEEPMEME_FACE_KIT"):
        main(["-o", str(tmp_path / "bank"), "--face-kit", str(tmp_path)])
    assert not (tmp_path / "bank").exists()
