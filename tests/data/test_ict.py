"""The face kit: who moves what, and to which side."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.data.ict import (
    KEYPOINT_NAMES,
    Camera,
    find_face_kit,
    project,
    rotation_matrix,
    vertex_normals,
)
from deepmeme.errors import InputError
from tests.data.round_head import round_head

NOSE = np.array([[0, 0, 12]], np.float32)


@pytest.mark.parametrize(
    ("turn", "way"),
    [((30, 0, 0), (1, 0)), ((0, 20, 0), (0, -1))],
    ids=["yaw to the right", "pitch up"],
)
def test_nose_goes_where_the_angles_say(
    turn: tuple[float, float, float], way: tuple[int, int]
) -> None:
    pivot = np.zeros(3, np.float32)
    straight, _ = project(NOSE, rotation_matrix(0, 0, 0), Camera(), 101, pivot=pivot)
    turned, _ = project(NOSE, rotation_matrix(*turn), Camera(), 101, pivot=pivot)

    step = (turned - straight)[0]
    assert np.array_equal(np.sign(np.round(step)), way)


def test_roll_is_clockwise_in_the_picture() -> None:
    crown = np.array([[0, 10, 0]], np.float32)
    turned, _ = project(
        crown, rotation_matrix(0, 0, 25), Camera(), 101, pivot=np.zeros(3, np.float32)
    )

    assert turned[0, 0] > 60


def test_perspective_enlarges_what_is_near() -> None:
    points = np.array([[5, 0, 12], [5, 0, -8]], np.float32)
    near_far, depth = project(
        points, rotation_matrix(0, 0, 0), Camera(distance=60), 101, pivot=np.zeros(3, np.float32)
    )

    assert near_far[0, 0] > near_far[1, 0] > 50
    assert depth[0] < depth[1]


def test_name_without_a_side_sets_both() -> None:
    kit = round_head()
    weights = dict(
        zip(kit.expression_names, kit.expression_weights({"eyeBlink": 0.5}), strict=True)
    )

    assert weights["eyeBlink_L"] == weights["eyeBlink_R"] == 0.5
    assert sum(weights.values()) == 1.0


def test_unknown_expression_is_named() -> None:
    with pytest.raises(InputError, match="earWiggle"):
        round_head().expression_weights({"earWiggle": 1.0})


def test_jaw_opens_downwards_and_nobody_else_moves() -> None:
    kit = round_head()
    person = np.zeros(len(kit.identity), np.float32)
    closed = kit.shape(person, kit.expression_weights({}))
    opened = kit.shape(person, kit.expression_weights({"jawOpen": 1.0}), base=kit.base(person))

    chin = KEYPOINT_NAMES.index("jaw_8")
    moved = kit.keypoints_px(opened) - kit.keypoints_px(closed)
    assert moved[chin, 1] < -0.5
    assert np.abs(moved[KEYPOINT_NAMES.index("forehead")]).max() == 0
    assert np.array_equal(closed, kit.neutral)


def test_both_eyes_look_to_the_picture_s_right() -> None:
    kit = round_head()
    looking = kit.keypoints_px(kit.look(kit.neutral, np.array([25.0, 0.0], np.float32)))
    straight = kit.keypoints_px(kit.neutral)

    for iris in ("iris_r", "iris_l"):
        row = KEYPOINT_NAMES.index(iris)
        assert looking[row, 0] > straight[row, 0] + 0.3
    nose = KEYPOINT_NAMES.index("nose_3")
    assert np.array_equal(looking[nose], straight[nose])


def test_normals_of_a_ball_point_outwards() -> None:
    kit = round_head()
    ball = kit.parts["eye_l_outer"]
    normals = vertex_normals(kit.neutral, kit.triangles)[ball]
    outwards = kit.neutral[ball] - kit.neutral[ball].mean(0)
    lengths = np.linalg.norm(normals, axis=1)
    inside = slice(13, -13)  # rows away from the poles, where triangles have no area

    assert (np.abs((normals * outwards).sum(1))[inside] > 0.9 * 1.6 * lengths[inside]).all()


def test_missing_face_kit_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"DEEPMEME_FACE_KIT"):
        find_face_kit(tmp_path)
