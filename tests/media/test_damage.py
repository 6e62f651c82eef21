"""Videos that are not what they say: a clear error, or what can still be read."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepmeme.errors import DeepmemeError, InputError
from deepmeme.media.audio import open_sound, read_sound
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from tests.media.drawn import grey, psnr, scenes, tone, write_sound, write_video
from tests.media.heif_drawn import write_heic
from tests.media.properties import examples

CODECS = {"v.mp4": "libx264", "v.mov": "libx264", "v.mkv": "libx264", "v.webm": "libvpx-vp9"}


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.gif", "a.webp"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"Dear diary, today I was a video.\n", "is a text file, whatever its name says"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "playlist or markup file, which deepmeme never follows"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (bytes(1000), "in no format that deepmeme knows"),
    ],
)
def test_what_is_no_video_is_named(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as raised:
        open_clip(path)
    assert str(path) in str(raised.value)


def test_pictures_sounds_and_nothing(tmp_path):
    Image.fromarray(grey(1)).save(tmp_path / "a.mp4", format="PNG")
    with pytest.raises(InputError, match=r"still picture \(png\).*Expected a video: mp4, mov"):
        open_clip(tmp_path / "a.mp4")
    write_sound(tmp_path / "s.wav", tone(0.2)).rename(tmp_path / "b.mp4")
    with pytest.raises(InputError, match=r"sound file \(wav\)"):
        open_clip(tmp_path / "b.mp4")
    with pytest.raises(InputError, match="no picture track, only sound"):
        open_clip(write_sound(tmp_path / "c.mp4", tone(0.2)))
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "d.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        open_clip(tmp_path / "empty")
    Image.fromarray(grey(1)).save(tmp_path / "a.gif")
    with pytest.raises(InputError, match="a gif with a single frame, a still picture"):
        open_clip(tmp_path / "a.gif")


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.webm"])
def test_a_video_without_frames(tmp_path, name):
    path = write_video(tmp_path / name, [], codec=CODECS[name], sound=tone(0.1))
    with pytest.raises(
        InputError, match=r"no frame of this video|cannot be opened|no picture track"
    ):
        open_clip(path)


@pytest.mark.parametrize("name", ["v.mkv", "v.webm"])
def test_a_truncated_video_plays_as_far_as_it_goes(tmp_path, name, caplog):
    path = write_video(tmp_path / name, scenes(50), codec=CODECS[name], options={"g": "5"})
    whole = list(open_clip(path))
    encoded = path.read_bytes()
    path.write_bytes(encoded[: len(encoded) // 2])
    with caplog.at_level(logging.WARNING):
        read = list(open_clip(path, fps=25))
    assert 5 < len(read) < 50
    assert psnr(whole[3], read[3]) > 40


@pytest.mark.parametrize("name", ["v.mp4", "v.mov"])
def test_a_truncated_mp4_has_lost_its_index(tmp_path, name):
    path = write_video(tmp_path / name, scenes(30))
    encoded = path.read_bytes()
    path.write_bytes(encoded[: len(encoded) // 2])
    with pytest.raises(InputError, match=r"cut off or damaged.*Save or download it again"):
        open_clip(path)


def test_a_truncated_mp4_with_its_index_in_front_plays(tmp_path):
    path = write_video(
        tmp_path / "v.mp4", scenes(50), options={"g": "5"},
        container_options={"movflags": "+faststart"},
    )  # fmt: skip
    encoded = path.read_bytes()
    path.write_bytes(encoded[: int(len(encoded) * 0.7)])
    clip = open_clip(path)
    assert 5 < len(list(clip)) <= 50


@pytest.mark.parametrize("name", list(CODECS))
def test_damage_in_the_middle_is_stepped_over(tmp_path, name):
    path = write_video(
        tmp_path / name, scenes(60), codec=CODECS[name], options={"g": "6"},
        container_options={"cluster_time_limit": "240"} if name in ("v.mkv", "v.webm") else {},
    )  # fmt: skip
    whole = list(open_clip(path))
    encoded = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    middle = len(encoded) // 3
    encoded[middle : middle + 400] = rng.bytes(400)
    path.write_bytes(encoded)
    clip = open_clip(path)
    read = list(clip)
    assert len(read) > 20
    assert all(f.shape == (48, 64, 3) for f in read)
    assert psnr(read[0], whole[0]) > 40
    assert len(list(clip)) == len(read), "the same each time"


def test_a_frame_size_that_changes_is_scaled_to_the_first(tmp_path):
    one = write_video(tmp_path / "a.h264", scenes(3), muxer="h264")
    two = write_video(tmp_path / "b.h264", scenes(3, 128, 96), muxer="h264")
    both = one.read_bytes() + two.read_bytes()
    path = tmp_path / "v.ts"
    (tmp_path / "c.h264").write_bytes(both)
    remux_h264(tmp_path / "c.h264", path)
    assert {f.shape for f in open_clip(path)} == {(48, 64, 3)}


def remux_h264(raw, path):
    import av

    with av.open(str(raw), format="h264") as given, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for index, packet in enumerate(given.demux(video=0)):
            if packet.size:
                packet.stream = stream
                packet.pts = packet.dts = index
                packet.time_base = stream.codec_context.time_base or stream.time_base
                container.mux(packet)


@pytest.mark.parametrize(("width", "height"), [(30000, 30000), (16384, 8192)])
def test_absurd_dimensions_in_a_header_are_refused(tmp_path, width, height):
    """An MP4 whose track claims them; nothing of that size is allocated."""
    path = write_video(tmp_path / "v.mkv", scenes(3), codec="ffv1", layout="bgr0")
    encoded = bytearray(path.read_bytes())
    for code, old, new in ((b"\xb0", 64, width), (b"\xba", 48, height)):
        at = encoded.index(code + b"\x81" + bytes([old]))
        encoded[at : at + 3] = code + b"\x82" + (new >> 8).to_bytes(1, "big")
        encoded[at + 3 : at + 3] = (new & 255).to_bytes(1, "big")
    path.write_bytes(encoded)
    with pytest.raises(InputError):
        list(open_clip(path))


def test_a_giant_gif_is_refused(tmp_path):
    path = tmp_path / "a.gif"
    pictures = [Image.fromarray(grey(v)) for v in (1, 200)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    encoded = bytearray(path.read_bytes())
    encoded[6:10] = (60000).to_bytes(2, "little") * 2
    path.write_bytes(encoded)
    with pytest.raises(InputError, match=r"too large|damaged|pixels"):
        open_clip(path)
    with pytest.raises(InputError, match="at most 120 million"):
        read_image(path)


def test_a_gif_that_grows_keeps_its_first_size(tmp_path):
    path = tmp_path / "a.gif"
    pictures = [Image.fromarray(grey(v)) for v in (1, 200)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], disposal=2)
    encoded = bytearray(path.read_bytes())
    second = encoded.rindex(b"\x2c" + (0).to_bytes(4, "little") + (32).to_bytes(2, "little"))
    encoded[second + 1 : second + 3] = (20).to_bytes(2, "little")  # drawn 20 pixels further right
    path.write_bytes(encoded)
    assert {f.shape for f in open_clip(path)} == {(32, 32, 3)}


@pytest.mark.parametrize("rate", [0, 1, 1_855_896_448])
def test_an_absurd_sample_rate_is_silence_at_once(tmp_path, rate):
    path = write_sound(tmp_path / "s.wav", tone(0.5, [0.0]))
    encoded = bytearray(path.read_bytes())
    encoded[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(encoded)
    _try(path, lambda: _listen(path))


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    """One tiny valid file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    frames = scenes(4, 32, 32)
    for name, codec in CODECS.items():
        write_video(folder / name, frames, codec=codec, sound=tone(0.16))
    pictures = [Image.fromarray(f) for f in frames]
    for name in ("a.gif", "a.webp", "a.png"):
        pictures[0].save(folder / name, save_all=True, append_images=pictures[1:], duration=40)
    for name in ("s.png", "s.jpg", "s.webp", "s.bmp", "s.tif"):
        pictures[0].save(folder / name)
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures[0].save(folder / "e.jpg", exif=exif)
    pictures[0].convert("P").save(folder / "p.png", transparency=3)
    write_heic(folder / "s.heic", frames[0])
    for name in ("n.wav", "n.mp3", "n.ogg", "n.flac", "n.m4a"):
        write_sound(folder / name, tone(0.1))
    return folder, sorted(folder.iterdir())


edits = st.lists(
    st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6), st.sampled_from("=+-")),
    max_size=6,
)


def _mutated(encoded, changes, cut):
    damaged = bytearray(encoded)
    for where, fresh, kind in changes:
        at = int(where * (len(damaged) - 1))
        if kind == "=":
            damaged[at : at + len(fresh)] = fresh
        elif kind == "+":
            damaged[at:at] = fresh
        else:
            del damaged[at : at + len(fresh)]
    return bytes(damaged[: max(1, round(len(damaged) * cut))])


@examples(300)
@given(
    index=st.integers(0, 22),
    changes=edits,
    cut=st.one_of(st.just(1.0), st.floats(0.02, 1.0)),
)
def test_no_damage_gets_past_the_readers(whole_files, index, changes, cut):
    """Only a DeepmemeError that names the file, or frames and samples of the right kind."""
    folder, paths = whole_files
    encoded = paths[index % len(paths)].read_bytes()
    path = folder.parent / "damaged"
    path.write_bytes(_mutated(encoded, changes, cut))
    _try(path, lambda: sniff(path))
    _try(path, lambda: _check_frame(read_image(path)))
    _try(path, lambda: _play(path))
    _try(path, lambda: _listen(path))


def _try(path, read):
    try:
        read()
    except DeepmemeError as error:
        assert str(path) in str(error)
        assert len(str(error)) < 600


def _check_frame(frame):
    assert (frame.dtype, frame.ndim, frame.shape[2]) == (np.uint8, 3, 3)


def _play(path):
    clip = open_clip(path)
    assert 0 < clip.fps <= 60
    count = 0
    for frame in clip.take(40):
        assert frame.shape == (clip.height, clip.width, 3)
        assert frame.dtype == np.uint8
        count += 1
    assert count >= 1


def _listen(path):
    source = open_sound(path)
    total = 0
    for samples in read_sound(source, duration_s=0.5):
        assert samples.shape[0] == 2
        assert samples.dtype == np.float32
        total += samples.shape[1]
    assert total == 24_000


@examples(60)
@given(content=st.binary(min_size=1, max_size=400))
def test_any_bytes_are_refused_or_read(tmp_path, content):
    path = tmp_path / "any.mp4"
    path.write_bytes(content)
    _try(path, lambda: _play(path))
    _try(path, lambda: _check_frame(read_image(path)))
