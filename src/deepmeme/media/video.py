"""Open a video as a clip: decoded as a stream, upright, at a constant rate, in RGB."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.buffer import Buffer

from deepmeme.errors import InputError
from deepmeme.media.animation import open_animation, open_folder
from deepmeme.media.clip import AudioSource, Clip, Colour, Frame
from deepmeme.media.colour import Screen
from deepmeme.media.container import decode_packets, open_container
from deepmeme.media.image import WHITE
from deepmeme.media.pacing import choose_fps, hold
from deepmeme.media.sniff import PathLike, sniff

MAX_VIDEO_PIXELS = 36_000_000


def open_clip(
    path: PathLike, *, background: Colour = WHITE, fps: Fraction | float | None = None
) -> Clip:
    """Open a video, an animated picture or a folder of pictures as a clip.

    The rate is ``fps`` or the file's average rate, at most 60; each frame of the clip is the
    picture on screen at that moment, so a variable rate keeps its time to half a frame. A folder
    plays its pictures in natural order at ``fps`` or 25. See-through parts lie over
    ``background``. A file that is cut off plays as far as it can be read (logged as a warning).

    Raises:
        InputError: not a video, or no frame of it can be read.
    """
    path = Path(path)
    kind = sniff(path)
    wanted = None if fps is None else _checked_fps(fps)
    if kind.family == "folder":
        return open_folder(path, background=background, fps=wanted)
    if kind.family == "animation":
        return open_animation(path, kind, background=background, fps=wanted)
    if kind.family == "picture":
        raise InputError(
            f"{path} is a still picture ({kind.name}). Expected a video: mp4, mov, mkv, webm, "
            "animated gif, webp or apng, or a folder of frames."
        )
    if kind.family == "sound" and kind.name != "ogg":
        raise InputError(f"{path} is a sound file ({kind.name}). Expected a video.")
    return _open_video(path, kind.container, background, wanted)


def _checked_fps(fps: Fraction | float) -> Fraction:
    rate = Fraction(fps).limit_denominator(1001)
    if not 0 < rate <= 240:
        raise InputError(f"A frame rate of {fps} is not possible. Choose between 1 and 240.")
    return rate


class _Geometry(NamedTuple):
    size: tuple[int, int]  # of the decoded frame, square pixels, before turning
    turns: int  # quarter turns, counterclockwise
    mirrored: bool


class _Opened(NamedTuple):
    path: Path
    demuxer: str
    background: Colour
    fps: Fraction
    geometry: _Geometry


def _open_video(path: Path, demuxer: str, background: Colour, fps: Fraction | None) -> Clip:
    with open_container(path, demuxer) as container:
        stream = _video_stream(path, container)
        first = next(_decode(path, container, stream), None)
        if first is None:
            raise InputError(
                f"{path}: no frame of this video can be read. It is empty, cut off or damaged; "
                "save or download it again."
            )
        geometry = _geometry(path, first, stream)
        rate = fps or choose_fps(stream.guessed_rate or stream.average_rate)
        num_frames = _count(container, stream, rate)
        audio = None
        if container.streams.audio:
            audio = AudioSource(path, max(0.0, _starts_at(container, first)))
    width, height = geometry.size[:: -1 if geometry.turns % 2 else 1]
    opened = _Opened(path, demuxer, background, rate, geometry)
    return Clip(
        width=width,
        height=height,
        fps=rate,
        num_frames=num_frames,
        open_frames=lambda: _frames(opened, 0),
        audio=audio,
        path=path,
        open_from=lambda index: _frames(opened, index),
    )


def _video_stream(path: Path, container: av.container.InputContainer) -> av.VideoStream:
    pictures = [s for s in container.streams.video if s.codec_context is not None]
    moving = [s for s in pictures if s.codec_context.name not in ("mjpeg", "png")] or pictures
    if not moving:
        raise InputError(f"{path} holds no picture track, only sound. Expected a video.")
    stream = moving[0]
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels > MAX_VIDEO_PIXELS:
        raise InputError(
            f"{path} is {stream.codec_context.width} x {stream.codec_context.height}; at most "
            f"{MAX_VIDEO_PIXELS // 1_000_000} million pixels a frame are read."
        )
    stream.thread_type = "AUTO"
    return stream


def _starts_at(container: av.container.InputContainer, first: av.VideoFrame) -> float:
    """Seconds from the file's earliest stream to the first picture."""
    if first.pts is None or first.time_base is None:
        return 0.0
    start = container.start_time or 0
    return float(first.pts * first.time_base) - start / 1_000_000


def _count(
    container: av.container.InputContainer, stream: av.VideoStream, fps: Fraction
) -> int | None:
    """Frames at ``fps`` by what the container says."""
    if stream.duration and stream.time_base:
        seconds = Fraction(stream.duration) * stream.time_base
    elif container.duration:
        seconds = Fraction(container.duration, 1_000_000)
    else:
        return None
    return max(1, round(seconds * fps)) if 0 < seconds < 360_000 else None


def _geometry(path: Path, frame: av.VideoFrame, stream: av.VideoStream) -> _Geometry:
    width, height = frame.width, frame.height
    aspect = stream.sample_aspect_ratio
    if aspect and Fraction(1, 4) <= aspect <= 4:
        width = max(1, round(width * aspect))
    if min(width, height) < 2 or width * height > MAX_VIDEO_PIXELS:
        raise InputError(f"{path} is {width} x {height} pixels, which cannot be used as a video.")
    turns, mirrored = _orientation(frame)
    return _Geometry((width, height), turns, mirrored)


def _orientation(frame: av.VideoFrame) -> tuple[int, bool]:
    """Quarter turns counterclockwise and mirroring, from the display matrix."""
    side = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(side, Buffer) or side.buffer_size < 36:
        return 0, False
    a, b, _, c, d = np.frombuffer(bytes(side)[:36], dtype=np.int32)[:5] / 65536.0
    # x' = a x + c y, y' = b x + d y, with y downwards
    mirrored = bool(a * d - b * c < 0)
    if mirrored:
        a, b = -a, -b
    angle = np.degrees(np.arctan2(-b, a)) if (a or b) else 0.0
    return int(np.rint(angle / 90.0)) % 4, mirrored


def _frames(opened: _Opened, skip: int) -> Iterator[Frame]:
    """The clip's frames from ``skip`` on; a generator that closes the file when closed."""
    path, geometry = opened.path, opened.geometry
    screen = Screen(geometry.size, opened.background)
    with open_container(path, opened.demuxer) as container:
        stream = _video_stream(path, container)
        timed = ((_time(frame), frame) for frame in _decode(path, container, stream))
        last: av.VideoFrame | None = None
        converted: Frame | None = None
        for index, frame in enumerate(hold(timed, opened.fps)):
            if index < skip:
                continue
            if converted is None or frame is not last:
                last, converted = frame, _upright(screen.show(frame), geometry)
                yield converted
            else:
                yield converted.copy()


def _time(frame: av.VideoFrame) -> tuple[Fraction | None, Fraction]:
    if frame.time_base is None:
        return None, Fraction(0)
    duration = Fraction(frame.duration or 0) * frame.time_base
    return (None if frame.pts is None else frame.pts * frame.time_base), duration


def _upright(rgb: Frame, geometry: _Geometry) -> Frame:
    if geometry.mirrored:
        rgb = rgb[:, ::-1]
    if geometry.turns:
        rgb = np.rot90(rgb, geometry.turns)
    return np.ascontiguousarray(rgb)


def _decode(
    path: Path, container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.VideoFrame]:
    for frame in decode_packets(path, container, stream, _alpha_decoder(stream)):
        if isinstance(frame, av.VideoFrame):
            yield frame


def _alpha_decoder(stream: av.VideoStream) -> av.VideoCodecContext | None:
    """FFmpeg's own VP8 and VP9 decoders leave out the alpha channel of a WebM; libvpx reads it."""
    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    try:
        context = av.CodecContext.create(name, "r")
    except (av.codec.codec.UnknownCodecError, ValueError):  # a build without libvpx
        return None
    assert isinstance(context, av.VideoCodecContext)
    return context
