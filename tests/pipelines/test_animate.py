"""``deepmeme.animate`` from Python."""

import json
from pathlib import Path

import numpy as np
import pytest

import deepmeme
from deepmeme.errors import InputError, OutputError
from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.preflight import heavy
from deepmeme.provenance.credentials_found import read_credentials
from tests.pipelines.drawn import dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.stub_engine import SIDE, StubEngine, StubModel, dots
from tests.pipelines.studio import Studio, frames_of, shifts


def test_without_a_place_nothing_is_rendered_until_asked(studio: Studio) -> None:
    rendered = deepmeme.animate(studio.source, studio.driving, anchor="0", smooth=0)
    assert studio.engine.rendered == 0
    assert (rendered.width, rendered.height, rendered.num_frames) == (SIDE, SIDE, 12)
    first = next(iter(rendered.frames_from(0)))
    assert first.shape == (SIDE, SIDE, 3) and first.dtype == np.uint8
    assert studio.engine.rendered <= 2
    saved = rendered.save(studio.folder / "later.mp4")
    assert saved.num_frames == len(frames_of(saved.path)) == 12


def test_with_a_place_it_is_saved(studio: Studio) -> None:
    saved = deepmeme.animate(str(studio.source), str(studio.driving), "out.webm")
    assert saved.path == studio.folder / "out.webm" and saved.bytes == saved.path.stat().st_size


def test_private_leaves_the_names_of_the_inputs_out(studio: Studio) -> None:
    saved = deepmeme.animate(studio.source, studio.driving, "out.mp4", private=True)
    for rendered in (None, deepmeme.animate(studio.source, studio.driving, private=True)):
        path = saved.path if rendered is None else rendered.save("later.mp4").path
        found = read_credentials(path)
        assert found is not None
        assert [part.title for part in found.ingredients] == ["picture", "driving video"]


def test_frames_from_any_index_are_the_same(studio: Studio) -> None:
    rendered = deepmeme.animate(
        studio.source, studio.driving, layout="side-by-side", ping_pong=True, speed=0.5
    )
    whole = list(rendered.frames_from(0))
    assert len(whole) == rendered.num_frames == 46
    for start in (1, 20, 24, 45):
        for late, plain in zip(rendered.frames_from(start), whole[start:], strict=True):
            np.testing.assert_array_equal(late, plain)


def test_the_shown_driver_is_in_step_with_the_result(studio: Studio) -> None:
    rendered = deepmeme.animate(
        studio.source, studio.driving, layout="side-by-side", anchor="0", smooth=0, ping_pong=True,
        size=64,
    )  # fmt: skip
    frames = list(rendered.frames_from(0))
    gap = 4
    driver = [f[gap : gap + 64, gap : gap + 64] for f in frames]
    result = [f[gap : gap + 64, 3 * gap + 128 : 3 * gap + 192] for f in frames]
    np.testing.assert_allclose(shifts(driver), shifts(result), atol=0.06)
    assert shifts(driver)[11] == pytest.approx(0.4, abs=0.06)


def test_options_and_changes(studio: Studio) -> None:
    options = AnimateOptions(anchor="0", smooth=0, multiplier=0.5)
    whole = deepmeme.animate(studio.source, studio.driving, options=options, multiplier=1.0)
    assert shifts(list(whole.frames_from(0)))[-1] == pytest.approx(0.4, abs=0.06)
    with pytest.raises(InputError, match=r"No such option: multiply\. Possible: .*multiplier"):
        deepmeme.animate(studio.source, studio.driving, multiply=2)
    with pytest.raises(InputError, match=r"--smooth 2.*--loop 0"):
        deepmeme.animate(studio.source, studio.driving, smooth=2, loop=0)


def test_a_loaded_model_is_used(studio: Studio) -> None:
    mine = StubEngine(resolution=32)
    rendered = deepmeme.animate(studio.source, studio.driving, model=StubModel(mine))
    assert rendered.width == 32
    list(rendered.frames_from(0))
    assert mine.rendered == 12 and studio.engine.rendered == 0


def test_a_model_may_be_named(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def load(options: AnimateOptions) -> StubModel:
        asked.append(options.model)
        return StubModel(studio.engine)

    monkeypatch.setattr("deepmeme.pipelines.animate.load", load)
    deepmeme.animate(studio.source, studio.driving, model="toon")
    deepmeme.animate(studio.source, studio.driving, model=Path("run/model"))
    deepmeme.animate(studio.source, studio.driving, options=AnimateOptions(model="vox"))
    assert asked == ["toon", str(Path("run/model")), "vox"]


def test_quality_and_budget_hold_for_a_later_save(studio: Studio) -> None:
    rendered = deepmeme.animate(studio.source, studio.driving, quality="best", max_size="8MB")
    assert (rendered.quality, rendered.max_bytes) == (95, 8_000_000)
    tight = deepmeme.animate(studio.source, studio.driving, size=256, max_size="60KB")
    roomy = tight.save(studio.folder / "roomy.gif", max_bytes=8_000_000)
    saved = tight.save(studio.folder / "tight.gif")
    assert saved.bytes <= 60_000 < roomy.bytes and saved.reduced
    with pytest.raises(InputError, match="gif and webp"):
        tight.save(studio.folder / "tight.mp4")


def test_the_place_is_refused_before_any_work(studio: Studio) -> None:
    with pytest.raises(OutputError, match="both an input and the output"):
        deepmeme.animate(studio.source, studio.driving, studio.driving)
    with pytest.raises(OutputError, match=r"\.mp4"):
        deepmeme.animate(studio.source, studio.driving, "x.avi")
    with pytest.raises(InputError, match=r"gone\.mp4"):
        deepmeme.animate(studio.source, "gone.mp4", "x.mp4")


def test_progress_is_told(studio: Studio) -> None:
    heard: list[tuple[object, ...]] = []

    class Listener:
        def begin(self, stage: str, total: int | None) -> None:
            heard.append((stage, total))

        def advance(self, frames: int) -> None:
            heard.append((frames,))

    deepmeme.animate(studio.source, studio.driving, "x.mp4", progress=Listener())
    assert heard[:2] == [("load", None), ("watch", 12)] and ("render", 12) in heard
    assert heard[-1] == (12,)


def test_the_record_is_the_same_for_the_same_frames(studio: Studio) -> None:
    def record(**changes: object) -> str:
        return deepmeme.animate(studio.source, studio.driving, **changes).record.fingerprint()

    assert record() == record(quality="best", max_size="8MB")
    assert record() != record(multiplier=1.1)
    story = deepmeme.animate(studio.source, studio.driving).record.to_json()
    facts = json.loads(story)
    assert [entry["role"] for entry in facts["inputs"]] == ["source", "driving"]
    assert str(studio.folder) not in story


def test_two_sources_are_moved_from_their_own_anchors(studio: Studio) -> None:
    right = write_picture(studio.folder / "right.png", dots_picture(64, 64, spread=0.3))
    animation = prepare([studio.source, right], studio.driving)
    assert animation.story.layout == "grid"
    assert len(animation.subjects) == 2
    moments = list(animation.rendered.frames_from(9))
    assert len(moments) == 3


def test_a_row_of_results(studio: Studio) -> None:
    other = write_picture(studio.folder / "you.png", dots_picture(64, 64, x=-0.3))
    rendered = deepmeme.animate([studio.source, other], studio.driving, layout="result")
    frame = next(iter(rendered.frames_from(0)))
    half = rendered.width // 2
    left, right = frame[:, :half], frame[:, half:]
    assert dots(left[4:68, 4:68])[:, 0].mean() - dots(right[2:66, 2:66])[:, 0].mean() > 0.2


class TestWarnings:
    def test_tiny_source(self, studio: Studio) -> None:
        tiny = write_picture(studio.folder / "tiny.png", dots_picture(24, 24))
        warnings = prepare(tiny, studio.driving).story.warnings
        assert any("tiny.png is 24 pixels" in w and "soft" in w for w in warnings)

    def test_strong_pose_gap(self, studio: Studio) -> None:
        turned = write_picture(studio.folder / "turned.png", np.rot90(dots_picture(64, 64), 2))
        warnings = prepare(turned, studio.driving).story.warnings
        assert any("turned.png is posed unlike" in w for w in warnings)
        assert not prepare(studio.source, studio.driving).story.warnings

    def test_letters_without_a_font(self, studio: Studio) -> None:
        warnings = prepare(studio.source, studio.driving, caption_top="hi \U0001f9ff\ue123").story
        assert any("No font" in w for w in warnings.warnings)

    def test_a_long_clip_says_how_long(
        self, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("deepmeme.pipelines.preflight._LONG_S", 1e-6)
        write_video(studio.driving, dots_clip(25, side=64))
        story = prepare(studio.source, studio.driving, loop=10).story
        assert any("--end 10 makes a short trial" in w for w in story.warnings)


def test_a_heavy_gif_is_warned_of(studio: Studio) -> None:
    words = ("--size", 2048, "--json")
    out = studio.run("animate", "me.png", "dance.mp4", "-o", "x.gif", "--end", "0.3", *words)[1]
    assert not json.loads(out)["story"]["warnings"]
    assert heavy(".gif", (2048, 2048), 12, AnimateOptions())
    assert heavy(".gif", (2048, 2048), 12, AnimateOptions(max_size="8MB")) is None
    assert heavy(".mp4", (2048, 2048), 12, AnimateOptions()) is None


def test_a_folder_of_frames_drives(studio: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(dots_clip(8, side=64)):
        write_picture(folder / f"{number:03d}.png", frame)
    assert deepmeme.animate(studio.source, folder).num_frames == 8


def test_a_gif_drives(studio: Studio) -> None:
    from PIL import Image

    frames = [Image.fromarray(frame) for frame in dots_clip(8, side=64)]
    path = studio.folder / "dance.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, loop=0)
    assert deepmeme.animate(studio.source, path).num_frames == 8
