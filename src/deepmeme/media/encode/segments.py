"""Short closed pieces of a video, written one by one, read back or joined by copying."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from deepmeme.media.audio import SAMPLE_RATE, read_sound
from deepmeme.media.clip import AudioSource, Frame
from deepmeme.media.formats import Format

_BT709, _LIMITED, _FULL = 1, 1, 2
_SMALL_PIXELS = 640 * 480  # below this a second encoder thread only takes from the networks
_AUDIO_BITS_PER_S = 160_000
_AVX512_SKX = 256  # OpenCV's number for the AVX-512 that x264 uses


def segment_suffix(form: Format) -> str:
    return {"libx264": ".mp4", "libvpx-vp9": ".webm", "ffv1": ".nut"}[form.codec]


def _muxer(form: Format) -> str:
    return {"libx264": "mp4", "libvpx-vp9": "webm", "ffv1": "nut"}[form.codec]


def _options(form: Format, quality: int, gop: int) -> dict[str, str]:
    """Codec options; ``quality`` 0 to 100, 80 looks like the original."""
    match form.codec:
        case "libx264":
            crf = f"{34 - 0.2 * quality:.1f}"
            params = f"keyint={gop}:open-gop=0" + _repeatable()
            return {"preset": "veryfast", "crf": crf, "x264-params": params}
        case "libvpx-vp9":
            crf = str(round(50 - 0.25 * quality))
            return {"crf": crf, "b": "0", "deadline": "realtime", "cpu-used": "6", "g": str(gop)}
    return {"level": "3", "g": "1"}


@cache
def _repeatable() -> str:
    """What makes x264 give the same bytes for the same frames, so that resumed work is equal.

    Its AVX-512 code for mbtree reads memory that nobody wrote; AVX2 is as fast here.
    """
    import cv2  # here: only it can tell, and videos alone need it

    return ":asm=avx2" if cv2.checkHardwareSupport(_AVX512_SKX) else ""


class SegmentEncoder:
    """Writes one segment. Odd sizes get one more row or column, a copy of the last."""

    def __init__(
        self,
        path: Path,
        form: Format,
        size: tuple[int, int],
        fps: Fraction,
        *,
        quality: int,
        gop: int,
    ) -> None:
        self.num_frames = 0
        self._yuv = form.joined
        self._pad = (size[1] % 2, size[0] % 2) if form.joined else (0, 0)
        self._fps = fps
        self._container = av.open(str(path), "w", format=_muxer(form))
        stream = self._container.add_stream(form.codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        self._stream = stream
        stream.width, stream.height = size[0] + self._pad[1], size[1] + self._pad[0]
        stream.pix_fmt = "yuv420p" if self._yuv else "bgr0"
        stream.time_base = 1 / fps
        stream.options = dict(_options(form, quality, gop))
        context = stream.codec_context
        context.thread_count = 1 if size[0] * size[1] <= _SMALL_PIXELS else 0
        if self._yuv:
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            context.color_range = _LIMITED

    def add(self, frame: Frame) -> None:
        if any(self._pad):
            frame = np.pad(frame, ((0, self._pad[0]), (0, self._pad[1]), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        if self._yuv:
            picture = picture.reformat(
                format="yuv420p",
                dst_colorspace=_BT709,
                src_color_range=_FULL,
                dst_color_range=_LIMITED,
            )
        else:
            picture = picture.reformat(format="bgr0")
        picture.pts = self.num_frames
        picture.time_base = 1 / self._fps
        for packet in self._stream.encode(picture):
            self._container.mux(packet)
        self.num_frames += 1

    def close(self) -> None:
        """Write what the encoder still holds; the file is whole after this."""
        try:
            for packet in self._stream.encode():
                self._container.mux(packet)
        finally:
            self._container.close()

    def abandon(self) -> None:
        """Close without caring whether the file is whole."""
        try:
            self._container.close()
        except (OSError, ValueError, av.error.FFmpegError):
            return


def read_segments(paths: Iterable[Path]) -> Iterator[Frame]:
    """The frames of lossless segments, exactly as they were added."""
    for path in paths:
        with av.open(str(path), format="nut") as container:
            for picture in container.decode(video=0):
                yield picture.to_ndarray(format="rgb24")


def join_segments(
    segments: Sequence[tuple[Path, int]],
    path: Path,
    form: Format,
    fps: Fraction,
    *,
    audio: AudioSource | None,
    tags: Mapping[str, str],
) -> None:
    """Copy the (file, number of frames) pieces into one file, with sound of the same length."""
    options = {"fflags": "+bitexact"}  # no random ids: the same frames give the same file
    if form.muxer in ("mp4", "mov"):
        options["movflags"] = "+faststart+use_metadata_tags"
    with av.open(str(path), "w", format=form.muxer, options=options) as output:
        for key, text in tags.items():
            output.metadata[key] = text
        with av.open(str(segments[0][0]), format=_demuxer(form)) as first:
            video = output.add_stream_from_template(first.streams.video[0])
        num_frames = sum(count for _, count in segments)
        sound = _Sound(output, form, audio, num_frames / fps) if audio is not None else None
        done, delay = 0, _delay(segments[0][0], form, fps)
        for segment, count in segments:
            for packet in _packets(segment, form, fps, done, delay):
                packet.stream = video
                output.mux(packet)
            done += count
            if sound is not None:
                sound.write_until(done / fps)
        if sound is not None:
            sound.finish()


def _demuxer(form: Format) -> str:
    return {"libx264": "mov", "libvpx-vp9": "matroska", "ffv1": "nut"}[form.codec]


def _packets(
    path: Path, form: Format, fps: Fraction, done: int, delay: int
) -> Iterator["av.Packet[av.VideoStream]"]:
    """A segment's packets with times in frames of the whole, ``done`` frames after the start.

    Decoding begins ``delay`` frames early everywhere: a last segment too short to reorder its
    frames has none of its own, and the leap would lengthen the file.
    """
    with av.open(str(path), format=_demuxer(form)) as container:
        packets = container.demux(container.streams.video[0])
        for index, packet in enumerate(p for p in packets if p.pts is not None):
            assert packet.pts is not None and packet.time_base is not None
            packet.pts = round(packet.pts * packet.time_base * fps) + done
            packet.dts = min(done + index - delay, packet.pts)
            packet.duration = 1
            packet.time_base = 1 / fps
            yield packet


def _delay(path: Path, form: Format, fps: Fraction) -> int:
    """Frames between the decoding and the showing of a segment's first frame."""
    with av.open(str(path), format=_demuxer(form)) as container:
        first = next(container.demux(container.streams.video[0]))
        if first.pts is None or first.dts is None or first.time_base is None:
            return 0
        ahead: int = round((first.pts - first.dts) * first.time_base * fps)
        return max(0, ahead)


class _Sound:
    """Encodes the sound track just as far as the pictures have come."""

    def __init__(
        self,
        output: av.container.OutputContainer,
        form: Format,
        audio: AudioSource,
        duration_s: Fraction,
    ) -> None:
        assert form.audio_codec is not None
        self._output = output
        stream = output.add_stream(form.audio_codec, rate=SAMPLE_RATE)
        assert isinstance(stream, av.AudioStream)
        self._stream = stream
        stream.codec_context.layout = "stereo"
        stream.codec_context.bit_rate = _AUDIO_BITS_PER_S
        self._planar = form.audio_codec == "aac"
        stream.codec_context.format = "fltp" if self._planar else "flt"
        self._samples = read_sound(audio, duration_s=duration_s)
        self._position = 0

    def write_until(self, time_s: Fraction) -> None:
        while self._position < time_s * SAMPLE_RATE:
            chunk = next(self._samples, None)
            if chunk is None:
                return
            layout = chunk if self._planar else chunk.T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(layout),
                format="fltp" if self._planar else "flt",
                layout="stereo",
            )
            frame.sample_rate = SAMPLE_RATE
            frame.pts = self._position
            frame.time_base = Fraction(1, SAMPLE_RATE)
            self._position += chunk.shape[1]
            for packet in self._stream.encode(frame):
                self._output.mux(packet)

    def finish(self) -> None:
        for packet in self._stream.encode():
            self._output.mux(packet)
