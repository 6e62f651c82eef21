"""Small pictures, videos and sounds that the tests draw for themselves."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepmeme.media.clip import Frame

RATE = 48_000


def scene(index: int, width: int = 64, height: int = 48) -> Frame:
    """A coloured ramp with a white square that moves right with ``index``; red at top left."""
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([60 + 0 * x, 40 + 120 * x / width, 60 + 120 * y / height], -1)
    frame = ramp.astype(np.uint8)
    frame[:8, :8] = (220, 30, 30)
    left = (4 * index) % (width - 8)
    frame[height // 2 : height // 2 + 8, left : left + 8] = 255
    return frame


def scenes(count: int, width: int = 64, height: int = 48) -> list[Frame]:
    return [scene(i, width, height) for i in range(count)]


def grey(level: int, width: int = 32, height: int = 32) -> Frame:
    return np.full((height, width, 3), level, dtype=np.uint8)


def tone(seconds: float, beeps_at: Sequence[float] = ()) -> np.ndarray:
    """(2, n) of silence with 1 kHz beeps of 50 ms."""
    wave = np.zeros((2, round(seconds * RATE)), dtype=np.float32)
    beep = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(round(0.05 * RATE)) / RATE)
    for at in beeps_at:
        start = round(at * RATE)
        wave[:, start : start + beep.size] = beep[: wave.shape[1] - start]
    return wave


def first_loud(wave: np.ndarray, level: float = 0.1) -> float:
    """Seconds until the sound begins."""
    return float(np.argmax(np.abs(wave).max(axis=0) > level)) / RATE


def write_video(
    path: Path,
    frames: Iterable[Frame],
    *,
    fps: Fraction | int = 25,
    times_ms: Sequence[int] | None = None,
    codec: str = "libx264",
    layout: str = "yuv420p",
    options: dict[str, str] | None = None,
    sound: np.ndarray | None = None,
    matrix: int = 1,
    tags: tuple[int, int, int] | None = None,
    sound_at_s: float = 0.0,
    muxer: str | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """``times_ms`` places each frame; ``tags`` are (primaries, transfer, matrix) to declare."""
    with av.open(str(path), "w", format=muxer, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(fps))
        stream.pix_fmt = layout
        stream.options = options or {}
        stream.codec_context.thread_count = 1
        if tags is not None:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = tags
            context.color_range = 1
        voice = None
        if sound is not None:
            voice = container.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=RATE)
        step = Fraction(1, 1000) if times_ms is not None else 1 / Fraction(fps)
        stream.codec_context.time_base = step
        for index, frame in enumerate(frames):
            if index == 0:
                stream.width, stream.height = frame.shape[1], frame.shape[0]
            picture = _picture(frame, layout, matrix)
            picture.pts = index if times_ms is None else times_ms[index]
            picture.time_base = step
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
        if voice is not None:
            container.mux(_voice(voice, sound, round(sound_at_s * RATE)))
    return path


def turn(path: Path, matrix: tuple[int, ...]) -> None:
    """Write a display matrix (a, b, c, d, x, y) into an mp4's first track header."""
    encoded = bytearray(path.read_bytes())
    at = encoded.index(b"tkhd") + 4 + 40
    a, b, c, d, x, y = matrix
    fixed = [a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, x * 65536, y * 65536, 1 << 30]
    encoded[at : at + 36] = struct.pack(">9i", *fixed)
    path.write_bytes(encoded)


def _picture(frame: np.ndarray, layout: str, matrix: int) -> av.VideoFrame:
    given = "rgba" if frame.shape[2] == 4 else "rgb24"
    if frame.dtype == np.uint16:
        given = "rgb48le"
    if matrix == 9:  # not every PyAV converts to BT.2020
        return _bt2020(frame).reformat(format=layout)
    picture = av.VideoFrame.from_ndarray(frame, format=given)
    if layout.startswith("yuv"):
        return picture.reformat(
            format=layout, dst_colorspace=matrix, src_color_range=2, dst_color_range=1
        )
    return picture.reformat(format=layout)


def _bt2020(frame: np.ndarray) -> av.VideoFrame:
    """16-bit RGB to BT.2020 YCbCr, limited range."""
    red, green, blue = np.moveaxis(frame.astype(float) / 65535, -1, 0)
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    planes = [
        4096 + 56064 * luma,
        32768 + 57344 * (blue - luma) / 1.8814,
        32768 + 57344 * (red - luma) / 1.4746,
    ]
    packed = np.rint(np.stack(planes, axis=-1)).astype(np.uint16)
    picture = av.VideoFrame(frame.shape[1], frame.shape[0], "yuv444p16le")
    for plane, values in zip(picture.planes, np.moveaxis(packed, -1, 0), strict=True):
        rows = np.zeros((frame.shape[0], plane.line_size // 2), np.uint16)
        rows[:, : frame.shape[1]] = values
        plane.update(rows.tobytes())
    return picture


def write_sound(
    path: Path,
    wave: np.ndarray,
    *,
    rate: int = RATE,
    layout: str = "stereo",
    gap_s: tuple[float, float] | None = None,
) -> Path:
    """(2, n) samples at 48 kHz as a sound file (an mp4 gets a sound track and no pictures).

    What lies in ``gap_s`` (from, to) is left out of the file; the clock goes on.
    """
    codecs = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".ogg": "libopus", ".flac": "flac"}
    with av.open(str(path), "w", format="mp4" if path.suffix == ".m4a" else None) as container:
        voice = container.add_stream(codecs.get(path.suffix, "aac"), rate=rate)
        voice.codec_context.layout = layout
        first, last = gap_s or (0.0, 0.0)
        for packet in _voice(voice, wave):
            if not first <= float((packet.pts or 0) * packet.time_base) < last:
                container.mux(packet)
    return path


def _voice(stream: av.AudioStream, sound: np.ndarray, start: int = 0) -> Iterator[av.Packet]:
    context = stream.codec_context
    resampler = av.AudioResampler(context.format, context.layout, context.rate, frame_size=960)
    for at in range(0, sound.shape[1], 960):
        part = np.ascontiguousarray(sound[:, at : at + 960], dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start + at, Fraction(1, RATE)
        for resampled in resampler.resample(frame):
            yield from stream.encode(resampled)
    for resampled in resampler.resample(None):
        yield from stream.encode(resampled)
    yield from stream.encode()


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(float) - b.astype(float)) ** 2))
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)
