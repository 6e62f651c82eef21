"""A swap run on whole videos and pictures, with a stand-in for the model."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from deepmeme.demo_assets import asset
from deepmeme.errors import InputError, NoFaceFound, OutputError
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.guard import Guard
from deepmeme.pipelines.swap.convert import Conversion, convert, prepare, swap_frame
from deepmeme.pipelines.swap.convert_options import ConvertOptions
from deepmeme.provenance.credentials_found import read_credentials
from tests.faces.drawn import scene
from tests.pipelines.drawn import write_picture, write_video
from tests.pipelines.fake_swap import FakeSwap
from tests.pipelines.studio import frames_of

Frame = np.ndarray
COUNT, WIDTH, HEIGHT = 14, 200, 160
GREEN = (0.1, 0.9, 0.1)
PLAIN = {"colour": "none", "blend": "feather"}


def face_clip(count: int = COUNT) -> list[Frame]:
    """One face that moves to the right."""
    still = scene(WIDTH, HEIGHT, ((80.0, 80.0, 95.0),))
    shifts = (np.float64([[1, 0, 2.0 * i], [0, 1, 0]]) for i in range(count))
    return [
        cv2.warpAffine(still, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        for shift in shifts
    ]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clips") / "ann.mp4", face_clip(), sound=True)


@pytest.fixture(scope="module")
def couple(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people side by side, the left one larger, in three frames."""
    frame = scene(260, 160, ((75.0, 80.0, 105.0), (195.0, 80.0, 75.0)))
    return write_picture(tmp_path_factory.mktemp("stills") / "couple.png", frame)


def changed(before: Frame, after: Frame) -> np.ndarray:
    return np.asarray((before != after).any(axis=2))


def in_order(done: Conversion, path: Path) -> list[tuple[Frame, Frame]]:
    return list(zip(open_clip(path), done.rendered.frames_from(0), strict=True))


def test_the_face_changes_and_nothing_else_by_one_bit(video: Path) -> None:
    done = prepare(FakeSwap(plain=GREEN), video, **PLAIN)
    assert (done.rendered.width, done.rendered.height) == (WIDTH, HEIGHT)
    assert done.rendered.num_frames == COUNT and not done.still
    for index, (before, after) in enumerate(in_order(done, video)):
        touched = changed(before, after)
        rows, columns = np.nonzero(touched)
        ((_, seen),) = done.stage.faces_at(index)
        box = seen.crop.box
        assert rows.min() >= box.y0 and rows.max() <= box.y1
        assert columns.min() >= box.x0 and columns.max() <= box.x1
        assert 0.25 < touched.sum() / box.area < 0.75
        middle = after[int(seen.crop.centre_y), int(seen.crop.centre_x)]
        np.testing.assert_allclose(middle, np.multiply(GREEN, 255), atol=1)
    assert done.story.swapped_frames == COUNT and done.story.people == 1
    assert (done.story.shown, done.story.put_in) == ("Ann", "Bob")


def test_with_its_colours_the_new_face_is_the_old_ones(video: Path) -> None:
    done = prepare(FakeSwap(), video)  # a tint, and matched colours take it out again
    tinted = prepare(FakeSwap(), video, **PLAIN)
    for (before, after), (_, blue) in zip(
        in_order(done, video), in_order(tinted, video), strict=True
    ):
        mask = changed(before, blue)
        gap = [np.abs(f[mask].mean(0) - before[mask].mean(0)).max() for f in (after, blue)]
        assert gap[0] < 4 and gap[1] > 25


def test_direction(video: Path) -> None:
    model = FakeSwap()
    assert prepare(model, video, preview=1).stage.options.side == "b"
    back = prepare(model, video, preview=1, to="a", **PLAIN)
    assert (back.story.shown, back.story.put_in) == ("Bob", "Ann")
    model.asked.clear()
    next(iter(back.rendered.frames_from(0)))
    assert model.asked == ["a"]


def test_frames_from_any_index_are_the_same(video: Path) -> None:
    rendered = convert(FakeSwap(), video)
    whole = list(rendered.frames_from(0))
    assert len(whole) == COUNT
    for start in (1, 7, 13):
        for late, plain in zip(rendered.frames_from(start), whole[start:], strict=True):
            np.testing.assert_array_equal(late, plain)


def test_frames_without_a_face_stay_bit_for_bit(tmp_path: Path) -> None:
    with_face, without = face_clip(6), [scene(WIDTH, HEIGHT)] * 16
    path = write_video(tmp_path / "leaves.mp4", [*with_face, *without])
    done = prepare(FakeSwap(plain=GREEN), path, **PLAIN)
    touched = [changed(before, after).any() for before, after in in_order(done, path)]
    assert touched == [True] * 6 + [False] * 16
    assert done.story.swapped_frames == 6
    assert any("16 of 22 frames stay as they are" in w for w in done.story.warnings)
    frame = without[0]
    assert swap_frame(done.stage, frame, 10) is frame


def test_only_the_chosen_one_of_two_is_touched(couple: Path) -> None:
    picture = read_image(couple)
    for faces, left, right in (("one", True, False), ("2", False, True), ("all", True, True)):
        done = prepare(FakeSwap(plain=GREEN), couple, faces=faces, **PLAIN)
        touched = changed(picture, next(iter(done.rendered.frames_from(0))))
        assert (touched[:, :140].any(), touched[:, 140:].any()) == (left, right)
        assert done.story.people == 2
    with pytest.raises(InputError, match=r"no person number 3 in couple\.png: 2 people"):
        prepare(FakeSwap(), couple, faces=3)


def test_an_embedding_of_ones_own_chooses(couple: Path) -> None:
    """The seam: whatever tells people apart."""
    seen: list[tuple[int, ...]] = []

    def embed(square: Frame) -> np.ndarray:
        seen.append(square.shape)
        return np.eye(4, dtype=np.float32)[len(seen) % 4]

    done = prepare(FakeSwap(), couple, embed=embed, faces="2")
    assert done.story.people == 2 and seen == [(128, 128, 3)] * 2


def test_masks(couple: Path) -> None:
    """Each is smaller than what it is made of; a new face that is plain shows where it lies."""
    picture, sizes = read_image(couple), {}
    for mask in ("both", "seen", "learned", "hull"):
        rendered = convert(FakeSwap(plain=GREEN), couple, mask=mask, feather=0, **PLAIN)
        sizes[mask] = changed(picture, next(iter(rendered.frames_from(0)))).sum()
    assert sizes["seen"] <= sizes["both"] < min(sizes["learned"], sizes["hull"])


def test_frames_with_other_faces_alone_are_told(tmp_path: Path) -> None:
    both = scene(260, 160, ((75.0, 80.0, 105.0), (195.0, 80.0, 75.0)))
    alone = both.copy()
    alone[20:140, 25:125] = 110  # behind a board
    path = write_video(tmp_path / "leaves.mp4", [both] * 18 + [alone] * 4)
    story = prepare(FakeSwap(), path).story
    assert story.swapped_frames == 18 and story.people == 2
    assert any("In 4 of 22 frames only other faces" in w for w in story.warnings)


def test_stills_become_pictures(couple: Path, tmp_path: Path) -> None:
    out = tmp_path / "swapped.png"
    saved = convert(FakeSwap(plain=GREEN), couple, out, **PLAIN)
    assert saved.path == out and saved.num_frames == 1
    assert read_image(out).shape == read_image(couple).shape
    found = read_credentials(out)
    assert found is not None and found.ours


def test_videos_keep_their_sound_length_and_rate(video: Path, tmp_path: Path) -> None:
    saved = convert(FakeSwap(), video, tmp_path / "bob.mp4")
    assert saved.num_frames == len(frames_of(saved.path)) == COUNT
    clip = open_clip(saved.path)
    assert clip.fps == open_clip(video).fps and (clip.width, clip.height) == (WIDTH, HEIGHT)
    with av.open(str(saved.path)) as container:
        assert len(container.streams.audio) == 1
    found = read_credentials(saved.path)
    assert found is not None and found.ours
    silent = convert(FakeSwap(), video, tmp_path / "silent.mp4", sound=False, preview=3)
    assert silent.num_frames == 3
    with av.open(str(silent.path)) as container:
        assert not container.streams.audio


def test_a_preview_is_the_beginning(video: Path) -> None:
    whole, short = (prepare(FakeSwap(), video, preview=n, smooth=0) for n in (None, 4))
    assert short.story.preview and short.rendered.num_frames == 4
    pairs = zip(short.rendered.frames_from(0), whole.rendered.frames_from(0), strict=False)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)


def test_compare_shows_both(video: Path) -> None:
    done = prepare(FakeSwap(plain=GREEN), video, compare=True, preview=1, **PLAIN)
    frame = next(iter(done.rendered.frames_from(0)))
    assert frame.shape == (done.rendered.height, done.rendered.width, 3)
    assert done.rendered.width > 2 * WIDTH
    before = next(iter(open_clip(video)))
    gap = 4
    np.testing.assert_array_equal(frame[gap : gap + HEIGHT, gap : gap + WIDTH], before)
    after = frame[gap : gap + HEIGHT, 2 * gap + WIDTH : 2 * gap + 2 * WIDTH]
    assert changed(before, after).mean() > 0.03


def test_a_label_is_drawn_on_the_result_alone(video: Path) -> None:
    plain, labelled = (prepare(FakeSwap(), video, preview=1, label=on) for on in (False, True))
    one, other = (next(iter(d.rendered.frames_from(0))) for d in (plain, labelled))
    rows, columns = np.nonzero(changed(one, other))
    assert rows.min() > HEIGHT * 0.7 and columns.min() > WIDTH * 0.3


def test_calmed_faces_tremble_less(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    still = face_clip(1)[0].astype(float)
    frames = [
        np.uint8(np.clip(still + random.normal(0, 14, still.shape), 0, 255)) for _ in "x" * 16
    ]
    path = write_video(tmp_path / "grainy.mp4", frames)
    trembles = []
    for smooth in (0, 0.7):
        stage = prepare(FakeSwap(), path, smooth=smooth).stage
        xs = [stage.faces_at(i)[0][1].crop.centre_x for i in range(16)]
        trembles.append(np.abs(np.diff(xs, 2)).mean())
    assert trembles[1] < 0.4 * trembles[0]


def test_no_face_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "lawn.png", scene(160, 120))
    with pytest.raises(NoFaceFound, match=r"No face was found in lawn\.png.*30 pixels"):
        convert(FakeSwap(), path)


def test_whoever_is_asked_is_asked_at_the_first_face(video: Path, couple: Path) -> None:
    asked: list[list[Path]] = []
    prepare(FakeSwap(), video, preview=3, ask=asked.append)
    assert asked == [[video]]

    def no(paths: object) -> None:
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        prepare(FakeSwap(), couple, ask=no)
    prepare(FakeSwap(), asset("painting.png"), ask=no)
    prepare(FakeSwap(), asset("driver.mp4"), ask=no, preview=2)


def test_the_guard_looks_at_video_and_result(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Detector:
        looks = 0

        def detect(self, picture: Frame) -> list[dict[str, object]]:
            Detector.looks += 1
            green = (picture[..., 1] > 200) & (picture[..., 0] < 90) & (picture[..., 2] < 90)
            return [{"class": "BUTTOCKS_EXPOSED", "score": 0.9 * green.any()}]

    monkeypatch.setattr("deepmeme.pipelines.swap.convert.open_guard", lambda: Guard(Detector()))
    rendered = convert(FakeSwap(plain=GREEN), video, **PLAIN)
    assert Detector.looks == 2, "one look a second"
    with pytest.raises(InputError, match=r"The result at 0\.0 s seems to show"):
        list(rendered.frames_from(0))


def test_records_tell_the_options_and_the_input(video: Path) -> None:
    record = convert(FakeSwap(), video, erode=5, quality="best").record
    assert record.task == "swap" and record.model == "fake"
    assert [(i.role, i.name) for i in record.inputs] == [("source", "ann.mp4")]
    assert record.options["erode"] == 5 and "quality" not in record.options


def test_options_that_do_not_fit_are_named_all_at_once(video: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--to 'c': expected one of a, b.*--feather 50"):
        ConvertOptions(to="c", feather=50)
    with pytest.raises(InputError, match=r"--faces 'me': expected one, all, or a number"):
        convert(FakeSwap(), video, faces="me")
    with pytest.raises(InputError, match=r"No such option: fether\. Possible: .*feather"):
        convert(FakeSwap(), video, fether=3)
    with pytest.raises(InputError, match="--label-corner top-left needs --label"):
        ConvertOptions(label_corner="top-left")
    with pytest.raises(OutputError, match="both an input and the output"):
        convert(FakeSwap(), video, video)
    with pytest.raises(InputError, match="is no trained swap"):
        convert(tmp_path, video)
