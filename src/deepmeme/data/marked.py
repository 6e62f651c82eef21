"""Pictures with watermarks of random signs, after what happens to pictures in the world."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.bank import Bank, normal_shares, open_bank
from deepmeme.provenance.watermark import Carrier, cell_px
from deepmeme.provenance.watermark_net import SAMPLES, inputs

Array = NDArray[np.float32]
Picture = NDArray[np.uint8]
Pictures = list[Picture]

SIDE = 112
"""Samples along each side of an example."""
_SIGNS = 100  # along each side of the tile: more than a picture has, so nothing repeats
_HELD_OUT = 20  # one group in so many is only shown
_REPEATS = 6  # frames that each pose is held for before a video codec sees it


class Example(NamedTuple):
    """What the reader sees and what it should say."""

    planes: Array
    """(2, SIDE, SIDE)"""
    signs: Array
    """(1, SIDE, SIDE) in [-1, 1], between cells interpolated."""


@dataclass(frozen=True, eq=False)
class MarkedPictures:
    """Draws examples; each is a pure function of the seed and its number."""

    banks: tuple[Bank, ...]
    shares: tuple[float, ...]
    seed: int = 0
    held_out: bool = False

    def __call__(self, number: int) -> Example:
        """The example of that number."""
        rng = np.random.default_rng((self.seed, number))
        frames = self._frames(rng)
        signs = (2 * rng.integers(0, 2, (_SIGNS, _SIGNS)) - 1).astype(np.float32)
        height, width = frames[0].shape[:2]
        carrier = Carrier(signs, (width, height))
        strength = float(np.exp(rng.uniform(np.log(0.6), np.log(1.3))))
        marked = [carrier.marked(frame, strength) for frame in frames]
        seen = treated(marked, rng)
        return _example(seen[int(rng.integers(len(seen)))], signs, rng)

    def _frames(self, rng: np.random.Generator) -> Pictures:
        """Three of a group, recoloured now and then."""
        bank = self.banks[int(rng.choice(len(self.banks), p=self.shares))]
        each = bank.shape.frames_per_group
        groups = np.arange(len(bank.frames) // each)
        last = groups % _HELD_OUT == _HELD_OUT - 1
        group = int(rng.choice(groups[last if self.held_out and last.any() else ~last]))
        chosen = group * each + rng.permutation(each)[:3]
        frames = np.stack([bank.frames[int(index)] for index in chosen])
        if rng.random() < 0.3:
            frames = frames[..., rng.permutation(3)]
        if rng.random() < 0.3:
            frames = (frames * rng.uniform(0.3, 1)).astype(np.uint8)
        return list(frames)


def open_marked(
    banks: Sequence[Path],
    *,
    shares: Sequence[float] | None = None,
    seed: int = 0,
    held_out: bool = False,
) -> MarkedPictures:
    """Examples from the frames of banks.

    Raises:
        InputError: a folder is no bank.
    """
    opened = tuple(open_bank(bank) for bank in banks)
    often = normal_shares(shares, [1.0] * len(opened))
    return MarkedPictures(opened, often, seed, held_out)


def treated(frames: Pictures, rng: np.random.Generator) -> Pictures:
    """Frames after our own encoder and, often, a second treatment by somebody else."""
    kind = rng.choice(["video", "picture", "palette", "none"], p=[0.6, 0.15, 0.1, 0.15])
    if kind == "video" or rng.random() < 0.8:
        held = [frame for frame in frames for _ in range(_REPEATS)]
        frames = recoded(held, crf=18)
    if rng.random() < 0.25:
        frames = [_halved(frame) for frame in frames]
    if kind == "video":
        return recoded(frames, crf=int(rng.integers(24, 33)))
    few = frames[:: max(1, len(frames) // 3)]
    if kind == "picture":
        quality = int(rng.integers(35, 80))
        return [_jpeg(frame, quality) for frame in few]
    if kind == "palette":
        colours, dither = int(rng.choice([64, 128, 256])), bool(rng.integers(2))
        return [_palette(frame, colours, dither) for frame in few]
    return few


def recoded(frames: Sequence[Picture], *, crf: int, preset: str = "veryfast") -> Pictures:
    """Frames (h, w, 3) after H.264. Odd sides lose a pixel."""
    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=Fraction(25))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(crf), "preset": preset}
        stream.codec_context.thread_count = 1
        for frame in frames:
            whole = np.ascontiguousarray(frame[:height, :width])
            for packet in stream.encode(av.VideoFrame.from_ndarray(whole, format="rgb24")):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)
    file.seek(0)
    with av.open(file) as given:
        return [frame.to_ndarray(format="rgb24") for frame in given.decode(video=0)]


def _halved(frame: Picture) -> Picture:
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _jpeg(frame: Picture, quality: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=quality)
    with Image.open(file) as read:
        return np.asarray(read.convert("RGB"))


def _palette(frame: Picture, colours: int, dither: bool) -> Picture:
    how = Image.Dither.FLOYDSTEINBERG if dither else Image.Dither.NONE
    return np.asarray(Image.fromarray(frame).quantize(colours, dither=how).convert("RGB"))


def _example(frame: Picture, signs: Array, rng: np.random.Generator) -> Example:
    """A window of the frame, a little moved and scaled, at two samples a cell."""
    height, width = frame.shape[:2]
    cell = cell_px(width, height)
    shift, scale = rng.uniform(-cell, cell, 2), float(rng.uniform(0.993, 1.007))
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    grey = cv2.warpAffine(
        grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )
    counts = (round(SAMPLES * width / cell), round(SAMPLES * height / cell))
    samples = cv2.resize(grey, counts, interpolation=cv2.INTER_AREA)
    columns, rows = (
        (((np.arange(n) + 0.5) * side / n - 0.5 - by) / scale + 0.5) / cell - 0.5
        for n, side, by in zip(counts, (width, height), shift, strict=True)
    )  # of samples, in cells
    across = np.tile(columns.astype(np.float32), (counts[1], 1))
    down = np.tile(rows.astype(np.float32)[:, None], (1, counts[0]))
    wanted = cv2.remap(
        signs, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    left, top = (int(rng.integers(max(1, n - SIDE + 1))) for n in counts)
    tall, wide = slice(top, top + SIDE), slice(left, left + SIDE)
    return Example(inputs(samples)[:, tall, wide], wanted[None, tall, wide])
