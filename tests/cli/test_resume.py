"""Ctrl-C keeps what is done, and ``--resume`` ends with the same frames as if nothing had been."""

import json

import numpy as np
import pytest

from tests.pipelines.drawn import dots_clip, write_picture, write_video
from tests.pipelines.studio import Studio, frames_of

# no watermark, which is another one in every result
pytestmark = pytest.mark.usefixtures("research")

FRAMES = 50  # at 10 frames a second; segments are of 20
KEPT = 40


@pytest.fixture
def interrupted(studio: Studio) -> Studio:
    """A studio where 40 frames of out.mp4 were kept when Ctrl-C came at frame 45."""
    write_video(studio.driving, dots_clip(FRAMES, side=64))
    studio.engine.interrupt_at = 45
    code, _, err = studio.run("animate", "me.png", "dance.mp4", "-o", "out.mp4")
    assert code == 130 and "--resume" in err and str(KEPT) in err
    assert not studio.out.exists()
    studio.engine.interrupt_at = -1
    return studio


def test_resume_gives_the_same_frames(interrupted: Studio) -> None:
    studio = interrupted
    before = studio.engine.rendered
    code, out, _ = studio.run(
        "animate", "me.png", "dance.mp4", "-o", "out.mp4", "--resume", "--json"
    )
    facts = json.loads(out)
    assert code == 0 and facts["resumed_at"] == KEPT and facts["frames"] == FRAMES
    assert studio.engine.rendered - before == FRAMES - KEPT
    whole = studio.folder / "whole.mp4"
    studio.animate(out=whole)
    for resumed, plain in zip(frames_of(studio.out), frames_of(whole), strict=True):
        np.testing.assert_array_equal(resumed, plain)
    assert sorted(p.name for p in studio.folder.iterdir()) == [
        "dance.mp4", "me.png", "out.mp4", "whole.mp4",
    ]  # fmt: skip


def test_unfinished_work_is_not_thrown_away_unasked(interrupted: Studio) -> None:
    message = interrupted.refused("animate", "me.png", "dance.mp4", "-o", "out.mp4")
    assert "--resume" in message and "-y" in message
    assert interrupted.animate()["resumed_at"] == 0  # with -y


def test_resume_with_other_options_is_refused(interrupted: Studio) -> None:
    message = interrupted.refused(
        "animate", "me.png", "dance.mp4", "-o", "out.mp4", "--resume", "--multiplier", "2"
    )
    assert "other options" in message
    write_picture(interrupted.source, dots_clip(side=64)[5])
    assert "other inputs" in interrupted.refused(
        "animate", "me.png", "dance.mp4", "-o", "out.mp4", "--resume"
    )


def test_resume_finds_the_default_name(studio: Studio) -> None:
    write_video(studio.driving, dots_clip(FRAMES, side=64))
    studio.engine.interrupt_at = 25
    assert studio.run("animate", "me.png", "dance.mp4")[0] == 130
    studio.engine.interrupt_at = -1
    code, out, _ = studio.run("animate", "me.png", "dance.mp4", "--resume", "--json")
    assert code == 0 and json.loads(out)["output"] == str(studio.folder / "me-dance.mp4")
    assert json.loads(out)["resumed_at"] == 20


@pytest.mark.parametrize("layout", ["side-by-side", "grid"])
def test_layouts_resume_with_the_driver_in_step(studio: Studio, layout: str) -> None:
    write_video(studio.driving, dots_clip(30, side=64))
    words = ("animate", "me.png", "dance.mp4", "-o", "out.mp4", "--layout", layout, "--size", "64")
    studio.engine.interrupt_at = 25
    assert studio.run(*words)[0] == 130
    studio.engine.interrupt_at = -1
    assert studio.run(*words, "--resume")[0] == 0
    whole = studio.folder / "whole.mp4"
    studio.animate("--layout", layout, "--size", "64", out=whole)
    for resumed, plain in zip(frames_of(studio.out), frames_of(whole), strict=True):
        np.testing.assert_array_equal(resumed, plain)


def test_an_early_ctrl_c_keeps_nothing(studio: Studio) -> None:
    studio.engine.interrupt_at = 3
    code, _, err = studio.run("animate", "me.png", "dance.mp4", "-o", "out.mp4")
    assert code == 130 and "nothing is kept" in err
    assert sorted(p.name for p in studio.folder.iterdir()) == ["dance.mp4", "me.png"]
