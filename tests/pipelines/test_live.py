"""Live pictures: a camera's frames, each answered before the next one is there."""

from importlib.resources import files
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from deepmeme.errors import InputError
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip
from deepmeme.pipelines.animate import animate
from deepmeme.pipelines.live import Live
from deepmeme.pipelines.motion_model import MotionModel, load_model
from deepmeme.pipelines.options import AnimateOptions
from tests.pipelines.drawn import Frame, dots_picture, write_picture
from tests.pipelines.stub_engine import StubEngine, StubModel, dots

ASSETS = Path(str(files("deepmeme.demo_assets")))
FPS = 25
AS_DRIVEN = AnimateOptions(smooth=0)


@pytest.fixture(scope="module")
def model() -> MotionModel:
    return load_model("portrait")


@pytest.fixture(scope="module")
def driver() -> list[Frame]:
    """The shipped driver: at rest, then speaking and turning."""
    return list(islice(open_clip(ASSETS / "driver.mp4"), 44))


def painting(model: MotionModel, **named: object) -> Live:
    return Live.begin(ASSETS / "painting.png", model=model, longest=256, **named)


def apart(first: Frame, second: Frame) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(first.astype(int) - second).mean())


def on_wall(face: Frame, x: int, *, width: int = 480, height: int = 300) -> Frame:
    """A camera's frame: a square picture, ``x`` px from its left, on plain wall."""
    frame = np.full((height, width, 3), 90, np.uint8)
    side = face.shape[0]
    frame[height - side :, x : x + side] = face
    return frame


def dotted(folder: Path, options: AnimateOptions = AS_DRIVEN, **named: object) -> Live:
    """Three dots, moved by three dots."""
    source = write_picture(folder / "dots.png", dots_picture(64, 64))
    return Live.begin(source, options, model=StubModel(StubEngine()), **named)


def test_it_is_near_the_animation_of_the_whole_clip(
    model: MotionModel, driver: list[Frame]
) -> None:
    rendered = animate(
        ASSETS / "painting.png", ASSETS / "driver.mp4",
        model=model, anchor=0, end="0.84", size=256,
    )  # fmt: skip
    offline = list(rendered.frames_from(0))
    live = painting(model, mirror=False)
    answers = [live.frame(f, at_s=i / FPS) for i, f in enumerate(driver[: len(offline)])]
    assert live.seen and len(answers) == 21 and answers[0].shape == (256, 256, 3)
    assert apart(offline[20], offline[0]) > 8
    assert max(apart(one, other) for one, other in zip(answers, offline, strict=True)) < 4


def test_the_last_answer_is_held_where_no_face_is_seen(
    model: MotionModel, driver: list[Frame]
) -> None:
    live, wall = painting(model), np.full((300, 480, 3), 90, np.uint8)
    before = live.frame(wall, at_s=0.0)
    assert not live.seen
    assert apart(before, read_image(ASSETS / "painting.png")[::2, ::2]) < 8
    rest = live.frame(on_wall(driver[0], 100), at_s=1.0)
    spoken = live.frame(on_wall(driver[20], 100), at_s=1.1)
    assert live.seen and apart(spoken, before) > 4
    for tenth in range(12, 19):
        assert (live.frame(wall, at_s=tenth / 10) == spoken).all()
        assert not live.seen
    elsewhere = live.frame(on_wall(driver[0], 220), at_s=3.0)
    assert live.seen and apart(elsewhere, rest) < 4


def test_a_face_is_searched_for_only_where_none_is_known(
    model: MotionModel, driver: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepmeme.pipelines import camera

    searched: list[float] = []
    find = camera.find_faces
    now = 0.0

    def noted(*given: object) -> object:
        searched.append(now)
        return find(*given)

    live, wall = painting(model), np.full((256, 256, 3), 90, np.uint8)
    monkeypatch.setattr(camera, "find_faces", noted)
    for index in range(30):
        now = index / FPS
        live.frame(wall if index < 15 else driver[index], at_s=now)
    assert live.seen
    assert searched == [0.0, 13 / FPS, 26 / FPS]


def test_again_lets_movement_count_from_here(model: MotionModel, driver: list[Frame]) -> None:
    live = painting(model)
    rest = live.frame(driver[0], at_s=0.0)
    turned = live.frame(driver[40], at_s=1.6)
    assert apart(turned, rest) > 8
    assert apart(live.frame(driver[40], again=True, at_s=1.7), rest) < 1
    live.frame(np.zeros_like(driver[0]), again=True, at_s=1.8)
    assert not live.seen
    assert apart(live.frame(driver[0], at_s=2.8), rest) < 1  # the wish was not forgotten


def test_the_square_follows_a_driver_who_moves_away(
    model: MotionModel, driver: list[Frame]
) -> None:
    live = painting(model)
    rest = live.frame(on_wall(driver[0], 10), at_s=0.0)
    for fifth in range(1, 20):  # as wide as the head's box in two seconds
        aside = live.frame(on_wall(driver[0], 10 + 10 * fifth), at_s=fifth / 5)
        assert live.seen
    assert 2 < apart(aside, rest) < 35
    for fifth in range(20, 50, 2):  # who stays there is in the middle again soon
        back = live.frame(on_wall(driver[0], 200), at_s=fifth / 5)
    assert apart(back, rest) < 0.6 * apart(aside, rest)  # 0.5 here, a hair more elsewhere


def test_late_answers_are_the_same_one_frame_later(model: MotionModel, driver: list[Frame]) -> None:
    at_once, late = (painting(model, late=late, options=AS_DRIVEN) for late in (False, True))
    ours = [at_once.frame(frame, at_s=n / FPS) for n, frame in enumerate(driver[20:32])]
    after = [late.frame(frame, at_s=n / FPS) for n, frame in enumerate(driver[20:32])]
    assert all((one == other).all() for one, other in zip(ours[:-1], after[1:], strict=True))


def test_dots_follow_dots(tmp_path: Path) -> None:
    live = dotted(tmp_path, mirror=False)
    live.frame(dots_picture(96, 96), at_s=0.0)
    moved = live.frame(dots_picture(96, 96, x=0.3), at_s=0.1)
    assert live.seen and live.size == (64, 64)
    assert abs(dots(moved)[:, 0].mean() - 0.3) < 0.05


def test_a_mirror_shows_left_as_left(tmp_path: Path) -> None:
    straight, mirrored = dotted(tmp_path, mirror=False), dotted(tmp_path)
    for live, sign in ((straight, 1), (mirrored, -1)):
        live.frame(dots_picture(), at_s=0.0)
        moved = live.frame(dots_picture(x=0.3), at_s=0.1)
        assert abs(dots(moved)[:, 0].mean() - 0.3 * sign) < 0.05


def test_jitter_is_calmed_and_movement_followed(tmp_path: Path) -> None:
    def places(options: AnimateOptions) -> list[float]:
        live = dotted(tmp_path, options, mirror=False)
        xs = [0.02 * (index % 2) for index in range(20)] + [0.4] * 10
        shown = [live.frame(dots_picture(x=x), at_s=i / FPS) for i, x in enumerate(xs)]
        return [float(dots(frame)[:, 0].mean()) for frame in shown]

    plain, calm = places(AS_DRIVEN), places(AnimateOptions(smooth=0.8))
    assert np.ptp(calm[10:20]) < 0.7 * np.ptp(plain[10:20])
    assert abs(calm[-1] - plain[-1]) < 0.06


def test_a_wide_picture_is_bounded_and_kept_around_its_square(tmp_path: Path) -> None:
    wide = np.full((100, 300, 3), 200, np.uint8)
    wide[20:84, 50:114] = dots_picture(64, 64)
    source = write_picture(tmp_path / "wide.png", wide)
    options = AnimateOptions(smooth=0, crop="50,20,64,64")
    live = Live.begin(source, options, model=StubModel(StubEngine()), mirror=False, longest=150)
    assert live.size == (150, 50)
    live.frame(dots_picture(), at_s=0.0)
    moved = live.frame(dots_picture(x=0.4), at_s=0.1)
    assert moved.shape == (50, 150, 3)
    assert (moved[:, 70:] == 200).all()


def test_the_record_is_private_and_says_live(tmp_path: Path) -> None:
    record = dotted(tmp_path, mirror=False).record
    assert (record.task, record.private, record.model) == ("live", True, "stub")
    assert [i.role for i in record.inputs] == ["source"]
    assert record.options["mirror"] is False and record.options["smooth"] == 0


def test_who_may_be_shown_is_asked(tmp_path: Path, model: MotionModel) -> None:
    class Refused(Exception):
        pass

    def refuse(people: object) -> None:
        raise Refused(people)

    face = np.rot90(read_image(ASSETS / "captain.png")[::-1], 2)  # not the shipped file
    stranger = write_picture(tmp_path / "stranger.jpg", np.ascontiguousarray(face))
    with pytest.raises(Refused):
        Live.begin(stranger, model=model, ask=refuse)
    Live.begin(ASSETS / "captain.png", model=model, ask=refuse)


@pytest.mark.parametrize(
    "camera", [np.zeros((64, 64), np.uint8), np.zeros((64, 64, 3)), np.zeros((8, 64, 3), np.uint8)]
)
def test_frames_of_no_camera_are_refused(tmp_path: Path, camera: Frame) -> None:
    with pytest.raises(InputError, match=r"RGB \(h, w, 3\) of uint8"):
        dotted(tmp_path).frame(camera)


def test_sizes_and_files_of_no_use_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="64 to 1024 pixels; found 4000"):
        dotted(tmp_path, longest=4000)
    with pytest.raises(InputError, match="is a video"):
        Live.begin(ASSETS / "driver.mp4", model=StubModel(StubEngine()))
