"""The look inside is a film: every frame of an animation, with what the networks saw and did."""

from itertools import islice

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.drawings import heatmaps
from deepmeme.pipelines.extract import extract_motion
from deepmeme.pipelines.inside import inside
from deepmeme.provenance.found import read_marks
from tests.pipelines.drawn import dots_picture, write_picture
from tests.pipelines.stub_engine import dots
from tests.pipelines.studio import Studio, frames_of

CELL, GAP, HEAD = 128, 8, 8
BAND = 21


def tile(frame, column: int, row: int):
    """One picture of the film, without the coloured line below it."""
    x, y = GAP + column * (CELL + GAP), HEAD + row * (CELL + BAND)
    return frame[y : y + CELL - 3, x : x + CELL]


def places(frame):
    padded = np.pad(frame, ((0, 3), (0, 0), (0, 0)), mode="edge")
    return dots(padded)[:, 0].mean()


@pytest.fixture
def animation(studio: Studio):
    return prepare(studio.source, studio.driving, anchor=0, smooth=0)


def test_every_frame_of_the_animation_is_shown(animation) -> None:
    film = inside(animation, cell=CELL)
    assert film.num_frames == animation.rendered.num_frames == 12
    frames = list(film.frames_from(0))
    assert len(frames) == 12
    assert {frame.shape for frame in frames} == {(film.height, film.width, 3)}
    assert film.fps == animation.rendered.fps


def test_the_result_moves_and_the_source_stays(animation) -> None:
    frames = list(inside(animation, cell=CELL).frames_from(0))
    results = list(animation.rendered.frames_from(0))
    for index in (0, 5, 11):
        shown = places(tile(frames[index], 3, 1))
        assert abs(shown - dots(results[index])[:, 0].mean()) < 0.03
    assert (tile(frames[0], 1, 0) == tile(frames[11], 1, 0)).all()
    for column, row in ((0, 0), (2, 0), (3, 0), (0, 1), (1, 1), (3, 1)):
        assert (tile(frames[0], column, row) != tile(frames[11], column, row)).any(), (column, row)


def test_it_begins_anywhere(animation) -> None:
    film = inside(animation, cell=CELL)
    frames = list(film.frames_from(0))
    for index in (1, 7, 11):
        later = list(film.frames_from(index))
        assert len(later) == 12 - index
        assert all((a == b).all() for a, b in zip(later, frames[index:], strict=True))
    assert list(film.frames_from(12)) == []


def test_it_renders_as_it_is_asked(studio: Studio, animation) -> None:
    before = studio.engine.rendered
    list(islice(inside(animation, cell=CELL).frames_from(3), 2))
    assert studio.engine.rendered - before <= 3


def test_it_stops_where_it_is_told_to(animation) -> None:
    film = inside(animation, cell=CELL, most_frames=4)
    assert film.num_frames == 4
    assert len(list(film.frames_from(1))) == 3


def test_two_squares_are_shown_and_no_third(studio: Studio) -> None:
    other = write_picture(studio.folder / "you.png", dots_picture(64, 64, x=-0.2))
    one, two, three = (
        inside(prepare([studio.source, other, other][:count], studio.driving), cell=CELL)
        for count in (1, 2, 3)
    )
    assert one.height < two.height == three.height
    frames = list(two.frames_from(0))
    assert len(frames) == 12
    assert (frames[9] == next(two.frames_from(9))).all()
    assert abs(places(tile(frames[0], 1, 0)) - places(tile(frames[0], 1, 2)) - 0.2) < 0.05


def test_a_template_shows_its_points_on_nothing(studio: Studio) -> None:
    template = extract_motion(studio.driving).save(studio.folder / "dance")
    frames = list(inside(prepare(studio.source, template), cell=CELL).frames_from(0))
    assert len(frames) == 12
    blank = (tile(frames[0], 0, 0) == frames[0][0, 0]).all(axis=2)
    assert 0.9 < blank.mean() < 1


def test_a_pose_gives_one_frame(studio: Studio) -> None:
    pose = write_picture(studio.folder / "pose.png", dots_picture(64, 64, spread=0.2))
    assert len(list(inside(prepare(studio.source, pose), cell=CELL).frames_from(0))) == 1


def test_it_is_saved_as_a_marked_work_of_its_own(studio: Studio, animation) -> None:
    saved = inside(animation, cell=64, most_frames=3).save(studio.folder / "inside.mp4")
    assert read_marks(saved.path) is not None
    assert len(frames_of(saved.path)) == saved.num_frames == 3
    film = inside(animation, cell=64)
    assert film.record.task == "inside"
    assert film.record.inputs == animation.rendered.record.inputs


def test_a_guard_looks_at_it(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        looks: list[str] = []  # noqa: RUF012

        def check_source(self, *given: object) -> None:
            pass

        def check(self, picture: object, name: str) -> None:
            self.looks.append(name)

    monkeypatch.setattr("deepmeme.pipelines.animate.open_guard", Strict)
    list(inside(prepare(studio.source, studio.driving), cell=64).frames_from(0))
    both = ("The driving video", "The result")
    assert Strict.looks == [f"{what} at {second} s" for second in ("0.0", "1.0") for what in both]


@pytest.mark.parametrize("wrong", [{"cell": 32}, {"cell": 600}, {"most_frames": 0}])
def test_impossible_wishes_are_refused(animation, wrong) -> None:
    with pytest.raises(InputError):
        inside(animation, **wrong)


def test_blobs_lie_where_points_go_and_shadows_where_they_were() -> None:
    start = np.array([[-0.5, 0.0], [0.0, 0.9]], np.float32)
    end = np.array([[0.5, 0.0], [0.0, 0.9]], np.float32)
    drawn = heatmaps(start, end, 101).astype(int)
    paper = drawn[5, 5]
    assert (drawn[50, 25] < paper).all()
    assert drawn[50, 75].max() > paper.max() + 60
    assert (drawn[50, 50] == paper).all()
