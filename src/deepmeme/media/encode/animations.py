"""GIF, animated WebP, animated PNG and folders of PNG, written from re-openable frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from PIL import Image

from deepmeme.media.clip import Frame

OpenFrames = Callable[[], Iterator[Frame]]

_PALETTE_FRAMES = 64


@dataclass(frozen=True)
class Look:
    """How an animation is written; the budget search walks along these."""

    scale: float = 1.0
    every: int = 1
    """Keep each ``every``-th frame, at the same speed."""
    colours: int = 256  # GIF
    dither: str = (
        "bayer:bayer_scale=4"  # GIF; a fixed pattern does not crawl as error diffusion does
    )
    quality: int = 80  # WebP

    def size(self, width: int, height: int) -> tuple[int, int]:
        return max(1, round(width * self.scale)), max(1, round(height * self.scale))


def _shaped(open_frames: OpenFrames, look: Look) -> Iterator[Frame]:
    for index, frame in enumerate(open_frames()):
        if index % look.every:
            continue
        if look.scale != 1.0:
            size = look.size(frame.shape[1], frame.shape[0])
            frame = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
        yield np.ascontiguousarray(frame)


def write_animation(
    muxer: str,
    path: Path,
    open_frames: OpenFrames,
    size: tuple[int, int],
    fps: Fraction,
    look: Look,
    *,
    loop: bool,
) -> None:
    """Write a gif, webp or apng. Constant memory but for what the format itself gathers."""
    if muxer == "gif":
        pictures = _in_palette(open_frames, look.size(*size), fps, look)
    else:
        pictures = _as_they_are(open_frames, fps, look, "bgra" if muxer == "webp" else "rgb24")
    codec = {"gif": "gif", "webp": "libwebp_anim", "apng": "apng"}[muxer]
    options = {
        "gif": {"loop": "0" if loop else "-1"},
        "webp": {"loop": "0" if loop else "1"},
        "apng": {"plays": "0" if loop else "1"},
    }[muxer]
    with av.open(str(path), "w", format=muxer, options=options) as output:
        stream = output.add_stream(codec, rate=fps / look.every)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = look.size(*size)
        stream.pix_fmt = {"gif": "pal8", "webp": "bgra", "apng": "rgb24"}[muxer]
        stream.codec_context.thread_count = 1
        if muxer == "webp":
            stream.options = {"quality": str(look.quality), "compression_level": "4"}
        if muxer == "apng":
            stream.options = {"pred": "mixed", "compression_level": "6"}
        for picture in pictures:
            for packet in stream.encode(picture):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)


def _as_they_are(
    open_frames: OpenFrames, fps: Fraction, look: Look, layout: str
) -> Iterator[av.VideoFrame]:
    for index, frame in enumerate(_shaped(open_frames, look)):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        if layout != "rgb24":
            picture = picture.reformat(format=layout)
        picture.pts, picture.time_base = index, look.every / fps
        picture.duration = 1
        yield picture


def _in_palette(
    open_frames: OpenFrames, size: tuple[int, int], fps: Fraction, look: Look
) -> Iterator[av.VideoFrame]:
    """Frames in the one palette that serves the whole clip best, dithered."""
    palette = _palette(open_frames, look)
    step = look.every / fps
    graph = Graph()
    pictures = graph.add_buffer(
        width=size[0], height=size[1], format=VideoFormat("rgb24"), time_base=Fraction(1, 1000)
    )
    colours = graph.add_buffer(
        width=16, height=16, format=VideoFormat("rgb32"), time_base=Fraction(1, 1000)
    )
    use = graph.add("paletteuse", f"dither={look.dither}:diff_mode=rectangle")
    sink = graph.add("buffersink")
    pictures.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    palette.pts, palette.time_base = 0, Fraction(1, 1000)
    colours.push(palette)
    colours.push(None)
    for index, frame in enumerate(_shaped(open_frames, look)):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts, picture.time_base = round(index * step * 1000), Fraction(1, 1000)
        pictures.push(picture)
        yield from _pull(sink)
    pictures.push(None)
    yield from _pull(sink)


def _pull(sink: av.filter.context.FilterContext) -> Iterator[av.VideoFrame]:
    while True:
        try:
            picture = sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(picture, av.VideoFrame)
        yield picture


def _palette(open_frames: OpenFrames, look: Look) -> av.VideoFrame:
    """The palette of up to 128 frames spread over the clip."""
    samples = _spread(_shaped(open_frames, look))
    height, width = samples[0].shape[:2]
    graph = Graph()
    source = graph.add_buffer(
        width=width, height=height, format=VideoFormat("rgb24"), time_base=Fraction(1, 1000)
    )
    make = graph.add("palettegen", f"max_colors={look.colours}:reserve_transparent=1")
    sink = graph.add("buffersink")
    source.link_to(make)
    make.link_to(sink)
    graph.configure()
    for index, frame in enumerate(samples):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts, picture.time_base = index, Fraction(1, 1000)
        source.push(picture)
    source.push(None)
    palette = sink.pull()
    assert isinstance(palette, av.VideoFrame)
    return palette


def _spread(frames: Iterator[Frame]) -> list[Frame]:
    """64 to 128 of the frames, evenly spaced, thinned to about 128 pixels a side.

    Their number need not be known beforehand.
    """
    kept: list[Frame] = []
    stride = 1
    for index, frame in enumerate(frames):
        if index % stride:
            continue
        thin = max(1, round(min(frame.shape[:2]) / 128))
        kept.append(np.ascontiguousarray(frame[::thin, ::thin]))
        if len(kept) == 2 * _PALETTE_FRAMES:
            kept, stride = kept[::2], stride * 2
    return kept


def write_frames(folder: Path, open_frames: OpenFrames, look: Look) -> list[Path]:
    """Write 000000.png, 000001.png, ... and return them."""
    folder.mkdir()
    paths: list[Path] = []
    for index, frame in enumerate(_shaped(open_frames, look)):
        paths.append(folder / f"{index:06d}.png")
        Image.fromarray(frame).save(paths[-1], format="PNG", compress_level=4)
    return paths
