"""Faces in the source: which one is animated, and how it goes back into the picture."""

import numpy as np
import pytest

from tests.faces.drawn import scene
from tests.pipelines.drawn import write_picture
from tests.pipelines.studio import Studio, frames_of

PLACES = ((90.0, 130.0, 110.0), (300.0, 140.0, 80.0))


@pytest.fixture
def people(studio: Studio) -> Studio:
    """Two faces in one picture, the larger at the left; the model knows faces."""
    studio.engine.pretend(framing=2.0)
    studio.source = write_picture(studio.folder / "people.png", scene(400, 260, PLACES))
    return studio


def changed(studio: Studio) -> np.ndarray:
    """Which columns of the picture move at all, (w,)."""
    frames = [frame.astype(int) for frame in frames_of(studio.out)]
    return np.asarray(np.abs(frames[-1] - frames[0]).max(axis=(0, 2)) > 24)


def test_the_largest_face_moves_and_goes_back(people: Studio) -> None:
    facts = people.animate("--quality", "best")
    source = facts["story"]["sources"][0]
    assert source["faces"] == 1 and source["pasted"] and source["how"] == "face 1 of 2"
    assert frames_of(people.out)[0].shape == (260, 400, 3)
    moving = changed(people)
    assert moving[40:140].any() and not moving[270:].any()


def test_a_face_by_number(people: Studio) -> None:
    facts = people.animate("--face", 2, "--quality", "best")
    assert facts["story"]["sources"][0]["how"] == "face 2 of 2"
    moving = changed(people)
    assert moving[270:330].any() and not moving[:120].any()


def test_all_faces_move_in_one_picture(people: Studio) -> None:
    facts = people.animate("--face", "all", "--quality", "best")
    source = facts["story"]["sources"][0]
    assert source["faces"] == 2 and len(source["crops"]) == 2
    moving = changed(people)
    assert moving[40:140].any() and moving[270:330].any()


def test_a_face_that_is_not_there(people: Studio) -> None:
    message = people.refused("animate", "people.png", "dance.mp4", "-o", "x.mp4", "--face", 3)
    assert "2 faces were found" in message


def test_a_grid_shows_the_face_and_not_the_picture(people: Studio) -> None:
    facts = people.animate("--layout", "side-by-side")
    assert facts["story"]["sources"][0]["pasted"] is False
    assert people.animate("--layout", "grid", "--paste-back", "yes")["story"]["sources"][0][
        "pasted"
    ]


def test_the_background_stays_bit_for_bit(people: Studio) -> None:
    from deepmeme.pipelines.animate import prepare

    animation = prepare(people.source, people.driving)
    x, y, side = animation.story.sources[0].crops[0]
    outside = np.ones((260, 400), bool)
    outside[max(0, y - 1) : y + side + 2, max(0, x - 1) : x + side + 2] = False
    original = animation.subjects[0].picture
    for frame in animation.rendered.frames_from(6):
        np.testing.assert_array_equal(frame[outside], original[outside])


def test_a_large_picture_is_pasted_at_1080p(people: Studio) -> None:
    wide = scene(1920, 1080, ((700.0, 500.0, 420.0),))
    source = write_picture(people.folder / "wide.png", wide)
    people.animate("--end", "0.3", source=source)
    assert frames_of(people.out)[0].shape == (1080, 1920, 3)
    people.animate("--end", "0.3", "--size", 640, source=source)
    assert frames_of(people.out)[0].shape == (360, 640, 3)
