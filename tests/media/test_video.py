"""open_clip: what goes in as a video comes out as upright frames at the right times."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from deepmeme.errors import InputError
from deepmeme.media.video import open_clip
from tests.media.drawn import grey, psnr, scene, scenes, turn, write_video


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx-vp9")],
)
def test_every_container_gives_its_frames_in_order(tmp_path, name, codec):
    frames = scenes(20)
    path = write_video(tmp_path / name, frames, codec=codec, options={"crf": "10"})
    clip = open_clip(path)
    read = list(clip)
    assert (clip.width, clip.height, clip.fps) == (64, 48, 25)
    assert len(read) == 20
    assert abs(clip.num_frames - 20) <= 1
    assert all(f.dtype == np.uint8 and f.shape == (48, 64, 3) for f in read)
    assert min(psnr(a, b) for a, b in zip(frames, read, strict=True)) > 24  # 4:2:0 chroma
    assert len(list(clip)) == 20, "a clip opens again"


def test_frames_from_is_a_short_cut_to_the_same_frames(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mp4", scenes(12)))
    whole = list(clip)
    tail = list(clip.frames_from(7))
    assert len(tail) == 5
    assert all(np.array_equal(a, b) for a, b in zip(whole[7:], tail, strict=True))
    assert list(clip.frames_from(99)) == []


def test_trim_take_and_map(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mp4", scenes(25), sound=np.zeros((2, 48000))))
    whole = list(clip)
    part = clip.trim(0.2, 0.6)
    assert part.num_frames == 10
    assert np.array_equal(next(iter(part)), whole[5])
    assert part.audio.start_s == pytest.approx(0.2)
    assert part.audio.duration_s == pytest.approx(0.4)
    assert np.array_equal(next(part.frames_from(3)), whole[8])
    assert len(list(clip.take(3))) == 3
    small = clip.map(lambda f: f[::2, ::2], size=(32, 24))
    assert next(iter(small)).shape == (24, 32, 3)
    with pytest.raises(InputError, match="Nothing lies between"):
        clip.trim(5, 6)
    with pytest.raises(InputError):
        clip.trim(0.5, 0.5)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((0, 1, -1, 0, 48, 0), lambda f: np.rot90(f, -1)),  # a phone held upright
        ((-1, 0, 0, -1, 64, 48), lambda f: np.rot90(f, 2)),
        ((0, -1, 1, 0, 0, 64), lambda f: np.rot90(f, 1)),
        ((-1, 0, 0, 1, 64, 0), lambda f: f[:, ::-1]),  # a selfie camera's mirror
    ],
)
def test_a_turned_video_stands_upright(tmp_path, matrix, expected):
    path = write_video(tmp_path / "a.mp4", scenes(3), options={"crf": "8"})
    plain = list(open_clip(path))
    turn(path, matrix)
    clip = open_clip(path)
    read = list(clip)
    assert read[0].shape == (clip.height, clip.width, 3)
    assert np.array_equal(read[2], expected(plain[2]))


def test_a_variable_rate_becomes_constant_and_keeps_its_time(tmp_path):
    times = [0, 40, 80, 500, 540, 1000, 1033, 1066, 1500, 1960]
    levels = [20 * i + 20 for i in range(len(times))]
    path = write_video(
        tmp_path / "a.mkv", [grey(v) for v in levels], times_ms=times, options={"bf": "0"}
    )
    clip = open_clip(path, fps=25)
    for index, frame in enumerate(clip):
        shown = round(float(frame.mean()) / 20) - 1
        assert abs(times[shown] - max(t for t in times if t <= index * 40 + 20)) <= 40
        assert times[shown] <= index * 40 + 20
    assert index >= round(1960 / 40)


def test_the_rate_is_the_average_and_at_most_60(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mp4", scenes(24), fps=Fraction(24000, 1001)))
    assert clip.fps == Fraction(24000, 1001)
    fast = open_clip(write_video(tmp_path / "b.mp4", scenes(24), fps=120))
    assert fast.fps == 60
    assert len(list(fast)) == 12
    assert open_clip(tmp_path / "b.mp4", fps=30).fps == 30
    with pytest.raises(InputError, match="frame rate"):
        open_clip(tmp_path / "b.mp4", fps=0)


def test_odd_sizes_and_wide_pixels(tmp_path):
    path = write_video(tmp_path / "a.mkv", scenes(3, 63, 47), codec="ffv1", layout="bgr0")
    assert next(iter(open_clip(path))).shape == (47, 63, 3)
    assert np.array_equal(next(iter(open_clip(path))), scene(0, 63, 47))
    wide = write_video(tmp_path / "b.mp4", scenes(3), options={"aspect": "2:1"})
    assert (open_clip(wide).width, open_clip(wide).height) == (128, 48)


@pytest.mark.parametrize("matrix", [1, 5])
def test_colours_survive_whatever_matrix_is_declared(tmp_path, matrix):
    flat = np.zeros((32, 32, 3), np.uint8)
    flat[:] = (200, 60, 90)
    path = write_video(
        tmp_path / "a.mp4", [flat] * 2, matrix=matrix, tags=(1, 1, matrix), options={"crf": "4"}
    )
    assert np.abs(next(iter(open_clip(path))).astype(int) - flat).max() <= 4


def test_a_small_video_without_tags_is_taken_for_601(tmp_path):
    flat = np.zeros((32, 32, 3), np.uint8)
    flat[:] = (40, 180, 60)
    path = write_video(tmp_path / "a.mp4", [flat] * 2, matrix=5, options={"crf": "4"})
    assert np.abs(next(iter(open_clip(path))).astype(int) - flat).max() <= 4


def test_ten_bits(tmp_path):
    ramp = np.zeros((32, 64, 3), np.uint16)
    ramp[:] = (np.arange(64) * 1000)[None, :, None]
    path = write_video(tmp_path / "a.mp4", [ramp] * 2, layout="yuv420p10le", options={"crf": "4"})
    read = next(iter(open_clip(path)))
    assert np.abs(read[16, :, 1].astype(int) - np.arange(64) * 1000 // 257).max() <= 4


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_tone_mapped(tmp_path, transfer):
    """A grey ramp stays grey and rising, white is bright, and diffuse white is not burnt out."""
    ramp = np.zeros((32, 64, 3), np.uint16)
    ramp[:] = (np.arange(64) * 1040)[None, :, None]
    path = write_video(
        tmp_path / "a.mp4",
        [ramp] * 2,
        layout="yuv420p10le",
        matrix=9,
        tags=(9, transfer, 9),
        options={"crf": "4"},
    )
    row = next(iter(open_clip(path)))[16].astype(int)
    assert np.ptp(row, axis=1).max() <= 4
    assert (np.diff(row[:, 1]) >= -2).all()
    assert row[0].max() <= 3
    assert row[-1].min() >= 250
    white = int((0.58 if transfer == 16 else 0.75) * 63)  # BT.2408: 203 nits
    assert 170 <= row[white, 1] <= 235


@pytest.mark.parametrize("name", ["a.webm", "a.mkv"])
def test_alpha_lies_over_the_background(tmp_path, name):
    clear = np.zeros((32, 32, 4), np.uint8)
    clear[:, 16:] = (10, 200, 30, 255)
    options = {"crf": "4"} if name == "a.webm" else {}
    codec, layout = ("libvpx-vp9", "yuva420p") if name == "a.webm" else ("ffv1", "bgra")
    path = write_video(
        tmp_path / name, [clear] * 2, codec=codec, layout=layout, options=options, matrix=5
    )
    read = next(iter(open_clip(path, background=(250, 0, 250)))).astype(int)
    assert np.abs(read[16, 4] - (250, 0, 250)).max() <= 3
    assert np.abs(read[16, 28] - (10, 200, 30)).max() <= 8


@pytest.mark.parametrize(("suffix", "options"), [
    (".gif", {"loop": 0}), (".webp", {"lossless": True}), (".png", {}),
])  # fmt: skip
def test_animations_keep_their_delays(tmp_path, suffix, options):
    images = [Image.fromarray(grey(60 * i + 30)) for i in range(4)]
    path = tmp_path / f"a{suffix}"
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=[40, 120, 40, 200], **options
    )
    clip = open_clip(path, fps=25)
    levels = [round((float(f.mean()) - 30) / 60) for f in clip]
    assert levels == [0] + [1] * 3 + [2] + [3] * 5
    assert open_clip(path).fps == 10


def test_a_clear_gif_lies_over_the_background(tmp_path):
    pictures = []
    for left in (0, 8):
        picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
        picture.paste((200, 10, 10, 255), (left, 0, left + 8, 32))
        pictures.append(picture)
    path = tmp_path / "a.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, disposal=2)
    for index, frame in enumerate(open_clip(path, background=(0, 0, 255))):
        assert tuple(frame[4, 20]) == (0, 0, 255)
        assert frame[4, 4 + 8 * index, 0] > 180


def test_a_folder_of_frames_plays_in_natural_order(tmp_path):
    for number in (1, 2, 10):
        Image.fromarray(grey(20 * number)).save(tmp_path / f"f{number}.png")
    (tmp_path / "notes.txt").write_text("not a frame")
    clip = open_clip(tmp_path)
    assert [int(f[0, 0, 0]) for f in clip] == [20, 40, 200]
    assert (clip.fps, clip.num_frames) == (25, 3)
    Image.fromarray(grey(5, 40, 40)).save(tmp_path / "f11.png")
    with pytest.raises(InputError, match=r"f11\.png is 40 x 40"):
        list(clip.__class__.__iter__(open_clip(tmp_path)))


def test_a_one_frame_video_is_a_clip_of_one_frame(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mp4", scenes(1)))
    assert len(list(clip)) == 1


def test_sound_is_offered_where_there_is_some(tmp_path):
    silent = write_video(tmp_path / "a.mp4", scenes(3))
    loud = write_video(tmp_path / "b.mp4", scenes(3), sound=np.zeros((2, 9600)))
    assert open_clip(silent).audio is None
    assert open_clip(loud).audio.path == loud


def test_closing_early_closes_the_file(tmp_path):
    frames = iter(open_clip(write_video(tmp_path / "a.mp4", scenes(10))))
    next(frames)
    frames.close()
    with pytest.raises(StopIteration):
        next(frames)
