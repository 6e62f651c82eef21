"""What the invisible watermark withstands, how little it changes and how often it is imagined.

    python benchmarks/watermark.py [--clips FOLDER ...] [--unmarked FOLDER ...] [--hd 6] [--peer]

Clips are videos without marks; three seconds of each, at 256 pixels, are marked as ours are,
encoded as our mp4 files are, treated as others treat videos, and read again. Without ``--clips``
the shipped pictures move as the shipped driver does. ``--unmarked`` are folders of pictures and
videos that no deepmeme has seen, to count false alarms in. ``--peer`` does the same with what the
package ``invisible-watermark`` brings: a vote over frames decides each of its 64 bits, or 32 for
RivaGAN.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.marked import recoded
from deepmeme.errors import DeepmemeError
from deepmeme.media.encode.animations import Look, write_animation
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.provenance.watermark import Watermark
from deepmeme.provenance.watermark_read import read_watermark

Frames = list[NDArray[np.uint8]]
ASSETS = Path(str(files("deepmeme.demo_assets")))
WORK = "5eed0000001"
SECONDS, FPS, SIDE = 3, 25, 256
LOOKED_AT = 16


class Way(NamedTuple):
    """How to mark and how to read: the work is right, wrong or not found."""

    name: str
    mark: Callable[[Frames], Frames]
    read: Callable[[Frames, bool], bool | None]


def ours() -> Way:
    """The watermark of this package."""

    def mark(frames: Frames) -> Frames:
        work = Watermark(WORK)
        return [work.mark(frame) for frame in frames]

    def read(frames: Frames, search: bool) -> bool | None:
        found = read_watermark(some(frames), search=search)
        return None if found is None else found.work_id == WORK

    return Way("deepmeme", mark, read)


def peer(method: str, bits: int) -> Way:
    """One of the methods of ``invisible-watermark``."""
    from imwatermark import WatermarkDecoder, WatermarkEncoder

    payload = np.random.default_rng(1).integers(0, 2, bits)
    encoder, decoder = WatermarkEncoder(), WatermarkDecoder("bits", bits)
    encoder.set_watermark("bits", payload.tolist())
    if method == "rivaGan":
        WatermarkEncoder.loadModel()
        WatermarkDecoder.loadModel()

    def mark(frames: Frames) -> Frames:
        return [encoder.encode(frame[..., ::-1], method)[..., ::-1] for frame in frames]

    def read(frames: Frames, search: bool) -> bool | None:
        if frames[0].shape[0] * frames[0].shape[1] < SIDE * SIDE:
            return None  # it refuses smaller pictures
        votes = [decoder.decode(np.ascontiguousarray(f[..., ::-1]), method) for f in some(frames)]
        return bool(((np.mean(votes, axis=0) > 0.5) == (payload > 0)).all())

    return Way(f"invisible-watermark {method}, {bits} bits", mark, read)


def some(frames: Frames) -> Frames:
    """At most 16, evenly spaced."""
    return [
        frames[i] for i in np.linspace(0, len(frames) - 1, min(LOOKED_AT, len(frames))).astype(int)
    ]


# What happens to videos


def scaled(frames: Frames, size: tuple[int, int]) -> Frames:
    how = cv2.INTER_AREA if size[0] < frames[0].shape[1] else cv2.INTER_CUBIC
    return [cv2.resize(frame, size, interpolation=how) for frame in frames]


def half_and_back(frames: Frames) -> Frames:
    height, width = frames[0].shape[:2]
    return scaled(scaled(frames, (width // 2, height // 2)), (width, height))


def cut(frames: Frames, share: float = 0.05) -> Frames:
    """So much off each side."""
    height, width = frames[0].shape[:2]
    top, left = round(share * height), round(share * width)
    return [frame[top : height - top, left : width - left] for frame in frames]


def cut_and_enlarged(frames: Frames) -> Frames:
    height, width = frames[0].shape[:2]
    inside = [f[round(0.02 * height) :, round(0.06 * width) : round(0.96 * width)] for f in frames]
    inside = [f[: round(0.9 * height)] for f in inside]
    return scaled(inside, (width, height))


def as_gif(frames: Frames) -> Frames:
    """Through our own GIF writer."""
    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gif"
        write_animation(
            "gif", path, lambda: iter(frames), (width, height), Fraction(FPS), Look(), loop=True
        )
        return list(open_clip(path))


def as_palette(frames: Frames) -> Frames:
    """One frame in 256 colours, not dithered."""
    still = Image.fromarray(frames[len(frames) // 2])
    return [np.asarray(still.quantize(256, dither=Image.Dither.NONE).convert("RGB"))]


def as_jpeg(frames: Frames, quality: int = 50) -> Frames:
    """One frame."""
    file = io.BytesIO()
    Image.fromarray(frames[len(frames) // 2]).save(file, "JPEG", quality=quality)
    with Image.open(file) as read:
        return [np.asarray(read.convert("RGB"))]


class Treatment(NamedTuple):
    name: str
    apply: Callable[[Frames], Frames]
    search: bool = False


SMALL = (
    Treatment("our mp4", lambda v: v),
    Treatment("H.264 crf 28", lambda v: recoded(v, crf=28, preset="medium")),
    Treatment("H.264 crf 32", lambda v: recoded(v, crf=32, preset="medium")),
    Treatment("half the size and back", half_and_back),
    Treatment("half the size and back, crf 28", lambda v: recoded(half_and_back(v), crf=28)),
    Treatment("a tenth cut off, crf 23", lambda v: recoded(cut(v), crf=23), search=True),
    Treatment("cut and enlarged, crf 23", lambda v: recoded(cut_and_enlarged(v), crf=23), True),
    Treatment("mirrored, crf 23", lambda v: recoded([f[:, ::-1] for f in v], crf=23), True),
    Treatment("GIF", as_gif),
    Treatment("256 colours, one frame", as_palette),
    Treatment("JPEG 50, one frame", as_jpeg),
)
MIDDLE = (Treatment("512x512: JPEG 50, one frame", as_jpeg),)
LARGE = (
    Treatment("1080p: our mp4", lambda v: v),
    Treatment("1080p: H.264 crf 28", lambda v: recoded(v, crf=28)),
    Treatment("1080p: half the size and back", half_and_back),
    Treatment("1080p: a tenth cut off", lambda v: recoded(cut(v), crf=23), search=True),
    Treatment("1080p: to 720p, crf 28", lambda v: recoded(scaled(v, (1280, 720)), crf=28), True),
    Treatment("1080p: JPEG 50, one frame", as_jpeg),
)


# What is looked at


def clips_of(folders: Sequence[Path]) -> Iterator[tuple[str, Frames]]:
    """Three seconds of each video, the shorter side 256 pixels."""
    for path in [p for folder in folders for p in sorted(folder.iterdir())]:
        frames = list(islice(open_clip(path), SECONDS * FPS))
        height, width = frames[0].shape[:2]
        scale = SIDE / min(height, width)
        size = (round(width * scale), round(height * scale))
        yield path.name, frames if size == (width, height) else scaled(frames, size)


def moved_demos() -> Iterator[tuple[str, Frames]]:
    """The shipped pictures, moved by the shipped driver, as they are before they are marked."""
    import deepmeme

    for name in ("painting", "cartoon", "statue", "captain"):
        made = deepmeme.animate(ASSETS / f"{name}.png", ASSETS / "driver.mp4", detail=False)
        frames = list(made.frames_from(0))
        for start in range(0, len(frames) - SECONDS * FPS + 1, 65):
            yield f"{name} {start}", scaled(frames[start : start + SECONDS * FPS], (SIDE, SIDE))


def in_hd(frames: Frames) -> Frames:
    """One second pasted into a wide 1080p frame: itself, blurred, around it."""
    wide = []
    for frame in frames[:FPS]:
        around = cv2.resize(frame[32:-80], (1920, 1080), interpolation=cv2.INTER_CUBIC)
        around = cv2.GaussianBlur(around, (0, 0), 6)
        face = cv2.resize(frame, (640, 640), interpolation=cv2.INTER_CUBIC)
        around[220:860, 640:1280] = face
        wide.append(around)
    return wide


def pictures_of(folders: Sequence[Path]) -> Iterator[Frames]:
    """Every picture, and every twenty-fifth frame of every video."""
    for path in [p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()]:
        try:
            if sniff(path).family == "picture":
                yield [read_image(path)]
            else:
                yield from ([frame] for frame in islice(open_clip(path), 0, None, 25))
        except DeepmemeError:
            continue


# Tables


def withstands(
    way: Way, clips: Sequence[tuple[str, Frames]], treatments: Sequence[Treatment]
) -> None:
    results: dict[str, list[tuple[bool | None, float]]] = {t.name: [] for t in treatments}
    likeness, took = [], []
    for _, frames in clips:
        started = time.process_time()
        marked = way.mark(frames)
        took.append((time.process_time() - started) / len(frames))
        difference = np.stack(marked[::5]).astype(np.float32) - np.stack(frames[::5])
        likeness.append(10 * np.log10(255**2 / np.square(difference).mean()))
        encoded = recoded(marked, crf=18)
        for treatment in treatments:
            treated = treatment.apply(encoded)
            started = time.perf_counter()
            right = way.read(treated, treatment.search)
            results[treatment.name].append((right, time.perf_counter() - started))
    height, width = clips[0][1][0].shape[:2]
    print(
        f"\n{way.name}, {len(clips)} clips of about {width}x{height}: PSNR {min(likeness):.1f} dB "
        f"at least, {np.median(likeness):.1f} median; {np.median(took) * 1e3:.2f} ms of one core "
        "to mark a frame\n"
    )
    print("| treatment | work read | wrong | s to read, median |\n|---|---|---|---|")
    for name, found in results.items():
        right = np.mean([r is True for r, _ in found])
        wrong = sum(r is False for r, _ in found)
        print(f"| {name} | {right:.1%} | {wrong} | {np.median([s for _, s in found]):.2f} |")


def false_alarms(folders: Sequence[Path], searched: int) -> None:
    """Count what the reader finds where nothing is."""
    looked, alarms, deep, deep_alarms = 0, 0, 0, 0
    for frames in pictures_of(folders):
        looked += 1
        alarms += read_watermark(frames, search=False) is not None
        if deep < searched and looked % 10 == 0:
            deep += 1
            deep_alarms += read_watermark(frames, search=True) is not None
    print(
        f"\nUnmarked pictures: {looked}, false alarms {alarms}; searched for cuts and sizes, too: "
        f"{deep}, false alarms {deep_alarms}. The bound of the code: 1e-9 a picture."
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clips", type=Path, action="append", default=[])
    parser.add_argument("--unmarked", type=Path, action="append", default=[])
    parser.add_argument("--searched", type=int, default=100, help="unmarked pictures searched")
    parser.add_argument("--hd", type=int, default=6, help="how many clips in 1080p")
    parser.add_argument("--peer", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    clips = list(clips_of(asked.clips) if asked.clips else moved_demos())
    withstands(ours(), clips, SMALL)
    larger = [(name, scaled(frames[::10], (512, 512))) for name, frames in clips]
    withstands(ours(), larger, MIDDLE)
    if asked.hd:
        withstands(ours(), [(n, in_hd(f)) for n, f in clips[:: -(-len(clips) // asked.hd)]], LARGE)
    if asked.unmarked:
        false_alarms(asked.unmarked, asked.searched)
    if asked.peer:
        for method, bits in (("dwtDct", 64), ("dwtDctSvd", 64), ("rivaGan", 32)):
            withstands(peer(method, bits), clips[::4], SMALL)


if __name__ == "__main__":
    main()
