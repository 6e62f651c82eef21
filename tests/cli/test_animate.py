"""``deepmeme animate`` does what its options say; three dots tell where things went."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepmeme.media.video import open_clip
from deepmeme.pipelines.options import AnimateOptions
from tests.pipelines.drawn import COLOURS, dots_clip, dots_picture, write_picture, write_video
from tests.pipelines.stub_engine import dots
from tests.pipelines.studio import Studio, frames_of, picture_of, shifts

REACH = 0.4  # how far the drawn video goes, in half sides
SLACK = 0.06  # two pixels of 64


def test_the_picture_moves_like_the_video(studio: Studio) -> None:
    facts = studio.animate("--anchor", 0, "--smooth", 0)
    moved = shifts(frames_of(studio.out))
    assert len(moved) == 12
    np.testing.assert_allclose(moved, np.linspace(0, REACH, 12), atol=SLACK)
    assert facts["frames"] == 12 and facts["output"] == str(studio.out)
    assert facts["story"]["sources"][0]["anchors"] == [0]


def test_says_what_it_did(studio: Studio) -> None:
    code, out, err = studio.run("animate", "me.png", "dance.mp4")
    made = studio.folder / "me-dance.mp4"
    assert code == 0 and out == "" and made.is_file()
    for word in ("me.png (64x64)", "dance.mp4", "stub on numpy", "12 frames", "me-dance.mp4"):
        assert word in err
    assert "frames a second" in err and "anchor frame" in err


def test_the_second_result_gets_another_name(studio: Studio) -> None:
    for _ in range(2):
        assert studio.run("animate", "me.png", "dance.mp4")[0] == 0
    assert (studio.folder / "me-dance-2.mp4").is_file()


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (("--multiplier", 0), 0.0),
        (("--multiplier", 0.5), REACH / 2),
        (("--multiplier", 1.5), REACH * 1.5),
        (("--mirror",), -REACH),
        (("--end", "0.6"), REACH * 5 / 11),
        (("--ping-pong",), REACH / 11),
        (("--part", "pose"), REACH),
        (("--part", "expression"), 0.0),
    ],
)
def test_movement_options(studio: Studio, words: tuple[object, ...], last: float) -> None:
    studio.animate("--anchor", 0, "--smooth", 0, *words)
    assert shifts(frames_of(studio.out))[-1] == pytest.approx(last, abs=SLACK)


def test_start_begins_later(studio: Studio) -> None:
    facts = studio.animate("--start", "0.6")
    assert facts["frames"] == 6


def test_anchor_is_where_movement_counts_from(studio: Studio) -> None:
    studio.animate("--anchor", 11, "--smooth", 0)
    first = dots(frames_of(studio.out)[0])[:, 0].mean()
    assert first == pytest.approx(-REACH, abs=SLACK)


def test_absolute_goes_where_the_driver_is(studio: Studio) -> None:
    source = write_picture(studio.folder / "left.png", dots_picture(64, 64, x=-0.3))
    studio.animate("--absolute", "--smooth", 0, source=source)
    places = [dots(frame)[:, 0].mean() for frame in frames_of(studio.out)]
    assert places[0] == pytest.approx(0, abs=SLACK)
    assert places[-1] == pytest.approx(REACH, abs=SLACK)


def test_a_larger_shape_moves_farther(studio: Studio) -> None:
    source = write_picture(studio.folder / "small.png", dots_picture(64, 64, spread=0.2))
    studio.animate("--anchor", 0, "--smooth", 0, source=source)
    adapted = shifts(frames_of(studio.out))[-1]
    studio.animate("--anchor", 0, "--smooth", 0, "--no-adapt-scale", source=source)
    plain = shifts(frames_of(studio.out))[-1]
    assert adapted == pytest.approx(plain / 2, abs=SLACK)


def test_smoothing_calms_a_trembling_driver(studio: Studio) -> None:
    trembling = [dots_picture(64, 64, x=0.1 * (i % 2)) for i in range(12)]
    write_video(studio.driving, trembling)
    jitter = []
    for amount in (0, 0.3, 1):
        studio.animate("--anchor", 0, "--smooth", amount)
        jitter.append(float(np.abs(np.diff(shifts(frames_of(studio.out)))).mean()))
    assert jitter[0] > 1.3 * jitter[1] > 1.3 * jitter[2]


@pytest.mark.parametrize(
    ("words", "frames", "fps"),
    [
        (("--speed", 2), 6, 10),
        (("--fps", 20), 24, 20),
        (("--loop", 3), 36, 10),
        (("--ping-pong",), 22, 10),
        (("--ping-pong", "--loop", 2, "--speed", 2), 20, 10),
    ],
)
def test_time_options(studio: Studio, words: tuple[object, ...], frames: int, fps: float) -> None:
    facts = studio.animate(*words)
    assert facts["frames"] == frames == len(frames_of(studio.out))
    assert facts["story"]["fps"] == fps


def test_crop_moves_only_its_square_and_puts_it_back(studio: Studio) -> None:
    wide = np.full((120, 200, 3), 90, np.uint8)
    wide[40:104, 20:84] = dots_picture(64, 64)
    source = write_picture(studio.folder / "wide.png", wide)
    facts = studio.animate("--crop", "20,40,64,64", "--quality", "best", source=source)
    frames = frames_of(studio.out)
    assert frames[0].shape == (120, 200, 3)
    assert facts["story"]["sources"][0]["pasted"] is True
    assert np.abs(frames[-1][:, 100:].astype(int) - 90).max() <= 3
    start, end = (frame[40:104, 20:84] for frame in (frames[0], frames[-1]))
    assert np.abs(start.astype(int) - end).max() > 60


def test_paste_back_no_shows_the_square_alone(studio: Studio) -> None:
    source = write_picture(studio.folder / "wide.png", dots_picture(200, 120))
    studio.animate("--crop", "20,40,64,64", "--paste-back", "no", source=source)
    assert frames_of(studio.out)[0].shape == (64, 64, 3)


def test_no_crop_takes_the_whole_picture_and_keeps_its_shape(studio: Studio) -> None:
    source = write_picture(studio.folder / "wide.png", dots_picture(200, 100))
    facts = studio.animate("--no-crop", source=source)
    height, width = frames_of(studio.out)[0].shape[:2]
    assert (width, height) == (64, 32)
    assert facts["story"]["sources"][0]["crops"] == []


def test_crop_driving_looks_at_a_part(studio: Studio) -> None:
    wide = []
    for frame in dots_clip(side=64):
        canvas = np.full((96, 160, 3), 128, np.uint8)
        canvas[10:74, 90:154] = frame
        wide.append(canvas)
    write_video(studio.driving, wide)
    facts = studio.animate("--crop-driving", "90,10,64,64", "--anchor", 0, "--smooth", 0)
    assert shifts(frames_of(studio.out))[-1] == pytest.approx(REACH, abs=SLACK)
    assert facts["story"]["driving"]["crop"] == [90, 10, 64]


@pytest.mark.parametrize(("colour", "rgb"), [("white", 255), ("#102030", 16)])
def test_background_shows_through_a_transparent_source(
    studio: Studio, colour: str, rgb: int
) -> None:
    from PIL import Image

    source = studio.folder / "clear.png"
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(source)
    studio.animate("--background", colour, source=source)
    assert abs(int(frames_of(studio.out)[0][5, 5, 0]) - rgb) <= 3


def test_side_by_side_shows_driver_source_and_result(studio: Studio) -> None:
    facts = studio.animate("--layout", "side-by-side", "--size", 96)
    width, height = facts["story"]["size"]
    assert width > 3 * 96 and height > 96
    frame = frames_of(studio.out)[0]
    assert frame.shape == (height, width, 3)
    for third in range(3):
        piece = frame[:, width * third // 3 : width * (third + 1) // 3]
        assert all(np.abs(piece.astype(int) - colour).sum(-1).min() < 90 for colour in COLOURS)


def test_grid_has_sources_above_and_animations_below(studio: Studio) -> None:
    other = write_picture(studio.folder / "you.png", dots_picture(64, 64, x=-0.3))
    facts = studio.run(
        "animate", studio.source, other, studio.driving, "-o", studio.out, "--json", "--size", 64,
        "--anchor", 0, "--smooth", 0, "--quality", "best",
    )  # fmt: skip
    story = json.loads(facts[1])["story"]
    assert story["layout"] == "grid"
    frames = frames_of(studio.out)
    gap = 4
    cells = [gap, 2 * gap + 64]

    def cell(frame: np.ndarray, column: int, row: int) -> np.ndarray:
        x, y = gap + column * (64 + gap), cells[row]
        return frame[y : y + 64, x : x + 64]

    first, last = frames[0], frames[-1]
    for column, start in ((1, 0.0), (2, -0.3)):
        for frame in (first, last):
            assert dots(cell(frame, column, 0))[:, 0].mean() == pytest.approx(start, abs=SLACK)
        assert dots(cell(last, column, 1))[:, 0].mean() == pytest.approx(start + REACH, abs=SLACK)
    assert dots(cell(last, 0, 1))[:, 0].mean() == pytest.approx(REACH, abs=SLACK)


def test_size_sets_the_longer_side(studio: Studio) -> None:
    studio.animate("--size", 96)
    assert frames_of(studio.out)[0].shape == (96, 96, 3)


@pytest.mark.parametrize(("option", "rows"), [("--caption-top", slice(0, 40)),
                                              ("--caption-bottom", slice(88, 128))])  # fmt: skip
def test_captions_write_at_their_place(studio: Studio, option: str, rows: slice) -> None:
    studio.animate("--size", 128, "--quality", "best")
    plain = frames_of(studio.out)[0].astype(int)
    studio.animate("--size", 128, "--quality", "best", option, "hello")
    changed = np.abs(frames_of(studio.out)[0].astype(int) - plain).max(axis=-1) > 60
    assert changed[rows].sum() > 100
    changed[rows] = False
    assert not changed.any()


def test_captions_of_a_grid_have_their_own_place(studio: Studio) -> None:
    words = ("--layout", "grid", "--size", 96, "--quality", "best")
    plain_size = studio.animate(*words)["story"]["size"]
    plain = frames_of(studio.out)[-1].astype(int)
    captioned = studio.animate(*words, "--caption-top", "up", "--caption-bottom", "down")
    assert captioned["story"]["size"] == [plain_size[0], plain_size[1] + 48]
    frame = frames_of(studio.out)[-1].astype(int)
    assert np.abs(frame[24:-24] - plain).max() < 70
    assert frame[:24].max() > 230 and frame[-24:].max() > 230


def test_label_marks_the_corner(studio: Studio) -> None:
    studio.animate("--size", 128, "--quality", "best")
    plain = frames_of(studio.out)[0].astype(int)
    studio.animate("--size", 128, "--quality", "best", "--label")
    changed = np.abs(frames_of(studio.out)[0].astype(int) - plain).max(axis=-1) > 30
    assert changed[100:, 60:].any() and not changed[:90].any()


def test_the_label_says_what_it_should_where_it_should(studio: Studio) -> None:
    words = ("--size", 128, "--quality", "best")
    studio.animate(*words)
    plain = frames_of(studio.out)[0].astype(int)
    studio.animate(*words, "--label-text", "by a machine", "--label-corner", "top-left")
    changed = np.abs(frames_of(studio.out)[0].astype(int) - plain).max(axis=-1) > 30
    assert changed[:28, :80].any() and not changed[40:].any()
    lonely = studio.refused("animate", "me.png", "dance.mp4", "--label-corner", "top-left")
    assert "--label" in lonely
    assert "40 characters" in studio.refused(
        "animate", "me.png", "dance.mp4", "--label-text", "x" * 41
    )


def test_the_label_of_a_grid_and_of_a_preview_is_on_the_result(studio: Studio) -> None:
    sheets = []
    for words in ((), ("--label",)):
        studio.animate("--layout", "side-by-side", "--size", 128, "--quality", "best", *words)
        preview = studio.folder / "how.png"
        studio.animate("--preview", *words, out=preview)
        sheets.append((frames_of(studio.out)[0].astype(int), picture_of(preview).astype(int)))
    for plain, labelled in zip(*sheets, strict=True):
        columns = np.flatnonzero((np.abs(labelled - plain).max(axis=-1) > 60).any(axis=0))
        assert len(columns) and columns.min() > plain.shape[1] * 2 / 3


def test_sound_is_kept_or_left_out(studio: Studio) -> None:
    assert studio.animate()["story"]["sound"] == "from dance.mp4"
    assert open_clip(studio.out).audio is not None
    assert studio.animate("--audio", "none")["story"]["sound"] == "none"
    assert open_clip(studio.out).audio is None
    song = write_video(studio.folder / "song.mp4", dots_clip(30, side=64), sound=True)
    silent = write_video(studio.driving, dots_clip(side=64))
    assert "has none" in studio.animate()["story"]["sound"]
    assert studio.animate("--audio", song)["story"]["sound"] == "from song.mp4"
    assert open_clip(studio.out).audio is not None
    assert silent.exists()


def test_quality_trades_bytes(studio: Studio) -> None:
    sizes = [studio.animate("--quality", q)["bytes"] for q in ("small", "good", "best")]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".webm", ".gif", ".webp", ".apng"])
def test_formats(studio: Studio, suffix: str) -> None:
    out = studio.folder / f"out{suffix}"
    sound = studio.animate(out=out)["story"]["sound"]
    assert len(frames_of(out)) == 12
    silent = suffix in (".gif", ".webp", ".apng")
    assert sound == (f"none ({suffix[1:]} has no sound)" if silent else "from dance.mp4")


def test_a_name_without_suffix_is_a_folder_of_frames(studio: Studio) -> None:
    studio.animate(out=studio.folder / "frames")
    assert len(list((studio.folder / "frames").glob("*.png"))) == 12


def test_max_size_is_kept(studio: Studio) -> None:
    out = studio.folder / "out.gif"
    whole = studio.animate("--size", 256, out=out)["bytes"]
    facts = studio.animate("--size", 256, "--max-size", "30KB", out=out)
    assert whole > 30_000 > out.stat().st_size
    assert facts["reduced"]


def test_preview_explains(studio: Studio) -> None:
    out = studio.folder / "how.png"
    studio.animate("--preview", out=out)
    sheet = picture_of(out)
    assert sheet.shape[1] > 1000 and sheet.shape[0] > 300
    assert list(studio.folder.glob("*.mp4")) == [studio.driving]
    assert studio.run("animate", "me.png", "dance.mp4", "--preview")[0] == 0
    assert (studio.folder / "me-dance-preview.png").is_file()


def test_a_picture_as_driver_gives_a_picture(studio: Studio) -> None:
    pose = write_picture(studio.folder / "pose.png", dots_picture(64, 64, spread=0.2))
    code, out, _ = studio.run("animate", studio.source, pose, "--json", "-o", "still.png")
    assert code == 0 and json.loads(out)["frames"] == 1
    assert picture_of(studio.folder / "still.png").shape == (64, 64, 3)


def test_json_prints_one_object_for_errors_too(studio: Studio) -> None:
    code, out, err = studio.run("animate", "me.png", "gone.mp4", "--json")
    facts = json.loads(out)
    assert code == 2 and err == "" and facts["ok"] is False
    assert "gone.mp4" in facts["error"]["message"] and facts["exit_code"] == 2


def test_every_option_shows_in_its_panel(studio: Studio) -> None:
    code, out, _ = studio.run("animate", "--help")
    assert code == 0
    for panel in ("Motion", "Framing", "Time", "Output", "Engine"):
        assert f"─ {panel} ─" in out
    for name in AnimateOptions.__dataclass_fields__:
        assert "--" + name.replace("_", "-") in out
    assert "SOURCE... DRIVING" in out


def test_the_record_names_what_went_in(studio: Studio) -> None:
    import av

    studio.animate("--multiplier", 2)
    with av.open(str(studio.out)) as container:
        text = json.dumps(dict(container.metadata))
    assert "AI" in text and "deepmeme" in text


def test_face_options_without_a_face(studio: Studio, tmp_path: Path) -> None:
    studio.engine.pretend(framing=2.0)
    facts = studio.animate()
    assert any("No face was found in me.png" in w for w in facts["story"]["warnings"])
    message = studio.refused("animate", "me.png", "dance.mp4", "-o", "x.mp4", "--face", 2)
    assert "No face was found" in message and "--no-crop" in message
