"""Sound: find it, and read any stretch of it as samples that stay in step with the pictures."""

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.media.clip import AudioSource
from deepmeme.media.container import DAMAGE, decode_packets, open_container
from deepmeme.media.sniff import PathLike, sniff

_logger = logging.getLogger(__name__)

SAMPLE_RATE = 48_000
MIN_RATE, MAX_RATE = 1_000, 768_000  # what sound is recorded at; beyond lies damage
Samples = NDArray[np.float32]
"""(2, n) in [-1, 1] at 48 kHz: left and right."""

_CHUNK = SAMPLE_RATE // 4
_GAP = SAMPLE_RATE // 20  # timestamps may wander by 50 ms before silence is put in or sound cut
_SEEK_MARGIN_S = 3.0


def open_sound(path: PathLike) -> AudioSource:
    """The whole sound of a sound or video file.

    Raises:
        InputError: not such a file, or it has no sound.
    """
    path = Path(path)
    kind = sniff(path)
    if kind.family in ("video", "sound"):
        with open_container(path, kind.container) as container:
            if container.streams.audio:
                return AudioSource(path)
    raise InputError(
        f"{path} ({kind.name}) holds no sound. Expected a sound file (mp3, wav, m4a, ogg, flac) "
        "or a video with sound."
    )


def read_sound(source: AudioSource, *, duration_s: float | Fraction) -> Iterator[Samples]:
    """Exactly ``duration_s`` of sound from ``source.start_s`` on, in chunks of at most 1/4 s.

    Where the source has no sound (before its first, after its last, in gaps, beyond its own
    ``duration_s``) there is silence.

    Raises:
        InputError: the file cannot be opened or has no sound track.
    """
    total = round(duration_s * SAMPLE_RATE)
    audible = total
    if source.duration_s is not None:
        audible = min(total, round(source.duration_s * SAMPLE_RATE))
    position = 0
    for start, samples in _placed(source):
        if start >= audible:
            break
        if start > position:
            yield from _silence(start - position)
            position = start
        if start + samples.shape[1] <= position:
            continue
        wanted = samples[:, position - start : audible - start]
        for at in range(0, wanted.shape[1], _CHUNK):
            yield wanted[:, at : at + _CHUNK]
        position += wanted.shape[1]
    yield from _silence(total - position)


def _silence(count: int) -> Iterator[Samples]:
    while count > 0:
        n = min(count, _CHUNK)
        yield np.zeros((2, n), dtype=np.float32)
        count -= n


def _placed(source: AudioSource) -> Iterator[tuple[int, Samples]]:
    """(sample position after ``start_s``, samples) in order; the first may be negative."""
    expected: int | None = None
    resampler, kind = _resampler(), ""
    for frame, time_s in _decode(source):
        at = round((time_s - source.start_s) * SAMPLE_RATE)
        before, kind = kind or _kind(frame), _kind(frame)
        if expected is None:
            expected = at
        elif kind != before or abs(at - expected) > _GAP:
            for samples in _arrays(resampler, None):
                yield expected, samples
                expected += samples.shape[1]
            resampler = _resampler()
            if at < expected - _GAP:
                continue
            expected = max(at, expected)
        for samples in _arrays(resampler, frame):
            yield expected, samples
            expected += samples.shape[1]
    if expected is not None:
        for samples in _arrays(resampler, None):
            yield expected, samples
            expected += samples.shape[1]


def _kind(frame: av.AudioFrame) -> str:
    """PyAV's resampler takes every frame for one like the first."""
    return f"{frame.layout.name} {frame.sample_rate} {frame.format.name}"


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)


def _arrays(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> list[Samples]:
    """What comes out for ``frame``, or with None what the resampler still held."""
    try:
        return [np.asarray(f.to_ndarray(), dtype=np.float32) for f in resampler.resample(frame)]
    except DAMAGE as error:
        _logger.debug("sound left out (%s)", error)
        return []


def _decode(source: AudioSource) -> Iterator[tuple[av.AudioFrame, float]]:
    """(frame, seconds on the file's clock); what cannot be decoded is left out."""
    kind = sniff(source.path)
    with open_container(source.path, kind.container) as container:
        if not container.streams.audio:
            raise InputError(f"{source.path} holds no sound.")
        stream = container.streams.audio[0]
        origin_s = (container.start_time or 0) / 1_000_000
        if source.start_s > 2 * _SEEK_MARGIN_S:
            try:
                container.seek(int((source.start_s + origin_s - _SEEK_MARGIN_S) * 1_000_000))
            except DAMAGE:
                _logger.debug("%s cannot seek; reading from the start", source.path)
        follows_s = 0.0
        for frame in decode_packets(source.path, container, stream):
            if not isinstance(frame, av.AudioFrame):
                continue
            if not MIN_RATE <= frame.sample_rate <= MAX_RATE:
                _logger.warning("%s claims %d Hz; left out", source.path, frame.sample_rate)
                return
            time_s = follows_s
            if frame.pts is not None and frame.time_base is not None:
                time_s = float(frame.pts * frame.time_base) - origin_s
            follows_s = time_s + frame.samples / frame.sample_rate
            yield frame, time_s
