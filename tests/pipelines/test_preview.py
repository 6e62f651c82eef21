"""The contact sheet has a row for each moment, or for each source."""

import numpy as np

from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.extract import extract_motion
from deepmeme.pipelines.preview import contact_sheet, mark_points, telling_moments
from tests.pipelines.drawn import dots_picture, write_picture
from tests.pipelines.stub_engine import dots
from tests.pipelines.studio import Studio


def test_moments_are_far_from_each_other(studio: Studio) -> None:
    animation = prepare(studio.source, studio.driving, anchor=0, smooth=0)
    actor = animation.subjects[0].actors[0]
    assert telling_moments(animation, actor, 1) == [11]
    assert telling_moments(animation, actor, 2) == [5, 11]
    assert telling_moments(animation, actor, 99) == list(range(12))


def test_rows(studio: Studio) -> None:
    def height(*sources: object, **changes: object) -> int:
        return contact_sheet(prepare(list(sources), studio.driving, **changes)).shape[0]

    other = write_picture(studio.folder / "you.png", dots_picture(64, 64, x=-0.2))
    three = height(studio.source)
    assert height(studio.source, other) < three == height(studio.source, other, other)


def test_a_template_shows_its_points_on_nothing(studio: Studio) -> None:
    template = extract_motion(studio.driving).save(studio.folder / "dance")
    sheet = contact_sheet(prepare(studio.source, template))
    assert sheet.shape[1] > 1000


def test_a_single_pose_gives_one_row(studio: Studio) -> None:
    pose = write_picture(studio.folder / "pose.png", dots_picture(64, 64, spread=0.2))
    sheet = contact_sheet(prepare(studio.source, pose))
    assert sheet.shape[0] < 500


def test_points_are_marked_where_they_are() -> None:
    frame = np.full((101, 101, 3), 90, np.uint8)
    marked = mark_points(frame, np.array([[0.0, 0.0], [1.0, 1.0], [-9.0, 4.0]], np.float32))
    assert (frame == 90).all()
    changed = np.argwhere((marked != 90).any(axis=-1))
    near = np.abs(changed - 50).max(axis=1) <= 6
    corner = np.abs(changed - 100).max(axis=1) <= 6
    assert near.any() and corner.any() and (near | corner).all()


def test_the_last_tile_is_the_result(studio: Studio) -> None:
    animation = prepare(studio.source, studio.driving, anchor=0, smooth=0)
    sheet = contact_sheet(animation, moments=1)
    cell, gap, head = 224, 14, 45
    last = sheet[head : head + cell - 4, -gap - cell : -gap]  # without the line below
    corners = dots(np.pad(last, ((0, 4), (0, 0), (0, 0)), mode="edge"))
    assert abs(corners[:, 0].mean() - 0.4) < 0.06
