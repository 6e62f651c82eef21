"""Pictures and videos drawn for tests: three dots that move as asked."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Frame = NDArray[np.uint8]
COLOURS = ((230, 30, 30), (30, 220, 30), (40, 40, 235))


def dots_picture(
    width: int = 128, height: int = 128, *, x: float = 0.0, y: float = 0.0, spread: float = 0.4
) -> Frame:
    """A red, a green and a blue dot in a triangle around (x, y), in units of half a side."""
    frame = np.full((height, width, 3), 128, np.uint8)
    half = min(width, height) / 2
    corners = ((-spread, spread), (spread, spread), (0.0, -spread))
    for (dx, dy), colour in zip(corners, COLOURS, strict=True):
        centre = (round(width / 2 + (x + dx) * half), round(height / 2 + (y + dy) * half))
        cv2.circle(frame, centre, max(2, round(half * 0.13)), colour, -1, cv2.LINE_AA)
    return frame


def dots_clip(count: int = 12, *, reach: float = 0.4, side: int = 128) -> list[Frame]:
    """Dots that go from the middle to the right by ``reach`` half sides."""
    return [dots_picture(side, side, x=reach * i / max(1, count - 1)) for i in range(count)]


def write_picture(path: Path, frame: Frame) -> Path:
    """A PNG, whatever the suffix says Pillow should write."""
    Image.fromarray(frame).save(path)
    return path


def write_video(path: Path, frames: Sequence[Frame], *, fps: int = 10, sound: bool = False) -> Path:
    """A small video, lossless enough for its dots to be found; with a beep if asked."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        stream.options = {"crf": "4", "preset": "ultrafast"}
        beep = container.add_stream("aac", rate=48_000) if sound else None
        for frame in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
        if beep is not None:
            _write_beep(container, beep, len(frames) / fps)
    return path


def _write_beep(container: av.container.OutputContainer, stream: object, seconds: float) -> None:
    rate, block = 48_000, 1024
    for start in range(0, int(seconds * rate), block):
        t = np.arange(start, start + block) / rate
        wave = (0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))  # type: ignore[attr-defined]
    container.mux(stream.encode(None))  # type: ignore[attr-defined]
