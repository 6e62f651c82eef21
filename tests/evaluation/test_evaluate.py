"""The protocol and the figures, in a world where the right answers are known."""

from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.evaluation.bars import bars_of
from deepmeme.evaluation.clips import Flows, find_clips, read_moments
from deepmeme.evaluation.contenders import affine_warp
from deepmeme.evaluation.cross import fewer
from deepmeme.evaluation.evaluate import Evaluation, Request, evaluate, find_stills
from deepmeme.evaluation.reconstruct import reconstruct
from deepmeme.evaluation.scoring import Judges
from tests.evaluation.stage import FlickeringEngine, judges, model, write_clip, write_still
from tests.pipelines.drawn import dots_picture, write_picture
from tests.pipelines.stub_engine import dots


def _evaluated(folder: Path, *names: str, **options: int) -> Evaluation:
    """A clip that moves far, one that hardly moves, and one still."""
    write_clip(folder / "far.mp4", reach=0.5)
    write_clip(folder / "near.mp4", reach=0.05)
    still = write_still(folder / "still.png")
    request = Request((folder,), (still,), **options)
    return evaluate([model(name) for name in names or ("stub",)], request, judges())


def test_the_protocol(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    moments = read_moments(clip, framing=0, side=64, every=3, most=40)
    assert [moments.numbers[i] for i in moments.rated] == [3, 6, 9, 12, 15, 18, 21]
    places = [(moments.numbers[a], moments.numbers[b]) for a, b in moments.pairs]
    assert places == [(n, n + 1) for n in range(0, 21, 3)]
    few = read_moments(clip, framing=0, side=64, every=3, most=4)
    assert [few.numbers[i] for i in few.rated] == [3, 6, 9]
    every = read_moments(clip, framing=0, side=64, every=1, most=5)
    assert every.numbers[:5] == (0, 1, 2, 3, 4) and len(every.rated) == 4
    assert len(fewer(moments, 3).rated) == 3


def test_a_model_that_moves_right_beats_a_still(tmp_path: Path) -> None:
    found = _evaluated(tmp_path)
    assert [clip.name for clip in found.clips if clip.moves_much] == ["far"]
    far = next(clip for clip in found.clips if clip.name == "far")
    still, affine, ours = (far.rows[name].means for name in ("still", "affine", "stub"))
    assert ours["l1"] < 0.25 * still["l1"] and ours["ssim"] > still["ssim"]
    assert still["akd"] > 20 and ours["akd"] < 2 and affine["akd"] < 2
    assert ours["missing"] == 0 and ours["aed"] == pytest.approx(0, abs=0.02)
    assert far.fps["stub"] > 0 and "still" not in far.fps
    assert found.fps("stub") > 0


def test_akd_is_in_pixels_at_256(tmp_path: Path) -> None:
    far = next(clip for clip in _evaluated(tmp_path).clips if clip.name == "far")
    # the dots go by up to 0.5 half sides, 3/21 of it a rated frame, of a side of 256
    wanted = np.mean([0.5 * 128 * i / 21 for i in (3, 6, 9, 12, 15, 18, 21)])
    assert far.rows["still"].means["akd"] == pytest.approx(wanted, rel=0.03)


def test_flicker_is_found(tmp_path: Path) -> None:
    moments = read_moments(
        write_clip(tmp_path / "a.mp4", reach=0.1), framing=0, side=64, every=3, most=40
    )
    models = [model("steady"), model("pumping", FlickeringEngine())]
    rows = reconstruct(moments, models, judges(), Flows()).result.rows
    assert rows["pumping"].means["flicker"] > rows["steady"].means["flicker"] + 8
    assert rows["pumping"].means["background"] > rows["steady"].means["background"] + 8
    assert rows["steady"].means["background"] < 0.5


def test_lost_faces_are_counted(tmp_path: Path) -> None:
    class Grey(type(model().engine)):  # type: ignore[misc]
        def render_stream(self, source, motions):  # type: ignore[no-untyped-def]
            for frame in super().render_stream(source, motions):
                yield np.full_like(frame, 128)

    moments = read_moments(write_clip(tmp_path / "a.mp4"), framing=0, side=64, every=3, most=9)
    result = reconstruct(moments, [model("grey", Grey())], judges(), Flows()).result
    assert result.rows["grey"].means["missing"] == 1
    assert np.isnan(result.rows["grey"].means["akd"])


def test_stills_follow_the_driver(tmp_path: Path) -> None:
    found = _evaluated(tmp_path)
    far = next(pair for pair in found.crossed if pair.clip == "far")
    assert far.still == "still"
    assert far.rows["still"].means["motion"] == pytest.approx(1, abs=0.01)
    assert far.rows["stub"].means["motion"] < 0.1
    assert far.rows["stub"].means["aed"] == pytest.approx(0, abs=0.01)
    assert far.rows["stub"].means["missing"] == 0


def test_the_same_model_twice_is_no_progress(tmp_path: Path) -> None:
    clips, stills = _evaluated(tmp_path, "one", "two").compared()
    assert {one.measure.key for one in clips} >= {"l1", "akd", "flicker"}
    for one in (*clips, *stills):
        assert one.difference.mean == 0 and "no difference" in one.verdict


def test_a_clearly_better_model_is_named(tmp_path: Path) -> None:
    for number in range(7):
        write_clip(tmp_path / f"{number}.mp4", count=9, reach=0.1 + 0.02 * number)
    models = [model("new"), model("old", FlickeringEngine())]
    found = evaluate(models, Request((tmp_path,)), judges())
    verdicts = {one.measure.key: one.verdict for one in found.compared()[0]}
    assert verdicts["flicker"] == "new is better (new ahead on 7 of 7)"
    assert "no difference" in verdicts["missing"]


def test_without_judges_the_rest_is_measured(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    found = evaluate([model()], Request((clip,)), Judges())
    means = found.clips[0].rows["stub"].means
    assert means["l1"] < 0.01 and np.isnan(means["akd"]) and np.isnan(means["background"])
    assert found.clips[0].moves_much == (found.clips[0].rows["still"].means["l1"] >= 0.035)
    assert [bar.met for bar in bars_of(found.clips, "stub") if "AKD at most" in bar.says] in (
        [],
        [None],
    )


def test_bars_say_what_was_missed(tmp_path: Path) -> None:
    found = _evaluated(tmp_path)
    assert all(bar.met for bar in found.bars) and len(found.bars) >= 3
    lame = bars_of(found.clips, "still")
    assert [bar.met for bar in lame if "mean AKD" in bar.says] == [False]


def test_which_files_count(tmp_path: Path) -> None:
    test = tmp_path / "set" / "test"
    test.mkdir(parents=True)
    clip = write_clip(test / "b.mp4", count=3)
    (test / "notes.txt").write_text("no video")
    folder = test / "a.mp4"
    folder.mkdir()
    for number in range(3):
        write_picture(folder / f"{number}.png", dots_picture(32, 32))
    assert find_clips([tmp_path / "set"]) == [folder, clip]
    assert find_clips([folder]) == [folder]
    with pytest.raises(InputError, match="No video"):
        find_clips([write_still(tmp_path / "s.png").parent / "set" / "test" / "notes.txt"][:0])
    assert find_stills([tmp_path]) == (tmp_path / "s.png",)


def test_a_clip_that_cannot_be_read_is_named_and_passed_over(tmp_path: Path) -> None:
    write_clip(tmp_path / "good.mp4")
    write_clip(tmp_path / "short.mp4", count=1)
    found = evaluate([model()], Request((tmp_path,)), judges())
    assert [clip.name for clip in found.clips] == ["good"]
    assert "short.mp4" in next(iter(found.skipped))
    with pytest.raises(InputError, match="None of the clips"):
        evaluate([model()], Request((tmp_path / "short.mp4",)), judges())


def test_clips_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(write_clip(tmp_path / folder / "talk.mp4", count=5))
    found = evaluate([model()], Request(tuple(paths)), judges())
    assert sorted(clip.name for clip in found.clips) == ["talk", "talk-2"]


def test_an_affine_map_moves_points_as_asked() -> None:
    picture = dots_picture(128, 128)
    start = dots(picture)
    end = start @ np.array([[0.9, 0.1], [-0.1, 0.9]], np.float32).T + np.float32(0.1)
    assert dots(affine_warp(picture, start, end)) == pytest.approx(end, abs=0.02)


def test_limits_are_checked() -> None:
    with pytest.raises(InputError, match="1 to 1000"):
        Request((), every=0)
