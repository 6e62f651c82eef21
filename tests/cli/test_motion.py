"""``deepmeme motion`` stores movement without pixels, and ``animate`` takes it for a video."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepmeme.pipelines.template import load_template
from tests.pipelines.drawn import dots_clip, write_video
from tests.pipelines.studio import Studio, frames_of, shifts


@pytest.fixture
def extracted(studio: Studio) -> Studio:
    assert studio.run("motion", "extract", "dance.mp4")[0] == 0
    return studio


def test_a_template_drives_like_its_video(research: Path, extracted: Studio) -> None:
    studio = extracted
    template = studio.folder / "dance.motion.npz"
    studio.animate("--anchor", 0)
    by_video = frames_of(studio.out)
    out = studio.folder / "by_template.mp4"
    code, text, _ = studio.run(
        "animate", "me.png", template, "-o", out, "--anchor", 0, "--audio", "none", "--json"
    )
    assert code == 0 and json.loads(text)["story"]["driving"]["kind"] == "motion template"
    for first, second in zip(by_video, frames_of(out), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_template_can_be_cut_and_mirrored(extracted: Studio) -> None:
    words = ("--anchor", 0, "--smooth", 0, "--mirror", "--end", "0.6", "-o", "x.mp4")
    assert extracted.run("animate", "me.png", "dance.motion.npz", *words)[0] == 0
    moved = shifts(frames_of(extracted.folder / "x.mp4"))
    assert len(moved) == 6 and moved[-1] < -0.1


def test_extract_options(studio: Studio) -> None:
    code, out, _ = studio.run(
        "motion", "extract", "dance.mp4", "-o", "part.motion.npz", "--start", "0.5", "--mirror",
        "--json",
    )  # fmt: skip
    facts = json.loads(out)
    assert code == 0 and facts["frames"] == 7 and facts["model"] == "stub"
    xy = load_template(studio.folder / "part.motion.npz").keypoints.xy
    assert xy[-1, :, 0].mean() < xy[0, :, 0].mean() < 0


def test_info(extracted: Studio) -> None:
    code, out, _ = extracted.run("motion", "info", "dance.motion.npz", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["frames"] == 12 and facts["fps"] == 10 and not facts["jacobians"]
    code, _, err = extracted.run("motion", "info", "dance.motion.npz")
    assert code == 0 and "frames 12" in err


def test_refusals(extracted: Studio) -> None:
    studio = extracted
    assert "-y" in studio.refused("motion", "extract", "dance.mp4")
    assert studio.run("motion", "extract", "dance.mp4", "-y")[0] == 0
    for words, said in [
        (("extract", "me.png", "-o", "a.npz"), "me.png is a picture"),
        (("extract", "dance.motion.npz", "-o", "a.npz"), "already"),
        (("extract", "gone.mp4"), "gone.mp4"),
        (("extract", "dance.mp4", "-o", "no/where.npz"), "no folder"),
        (("info", "dance.mp4"), "dance.mp4"),
    ]:
        assert said in studio.refused("motion", *words)


def test_a_template_of_another_model_is_refused(extracted: Studio) -> None:
    extracted.engine.pretend(sha256="1" * 64, name="other")
    message = extracted.refused("animate", "me.png", "dance.motion.npz", "-o", "x.mp4")
    assert "stub" in message and "other" in message


def test_nothing_of_the_picture_is_stored(studio: Studio) -> None:
    write_video(studio.driving, dots_clip(100, side=64))
    studio.run("motion", "extract", "dance.mp4")
    assert (studio.folder / "dance.motion.npz").stat().st_size < 100 * 3 * 2 * 4 + 2000
