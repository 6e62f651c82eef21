"""Makes what ``deepmeme demo`` shows. Nothing comes from outside: heads are rendered from the face
kit, the painting is painted by arithmetic, the cartoons are drawn, the voice is sung by formants.

    python -m deepmeme.data.demo_scene -o src/deepmeme/demo_assets
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.demo_performance import FPS, Performance, perform
from deepmeme.data.demo_sitters import DRIVER, LADY, STATUE, Casting, Sitter
from deepmeme.data.demo_voice import RATE, sing
from deepmeme.data.ict import FaceKit, load_face_kit
from deepmeme.data.oil_paint import paint_in_oil
from deepmeme.data.synthetic_heads import Pose
from deepmeme.data.toon_canvas import Array, Canvas, Point, ellipse, places, smooth
from deepmeme.data.toons import CAPTAIN, GIRL, draw_toon

Frame = NDArray[np.uint8]

_SIZE = 512
_DRIVER_SIZE = 256
_COLLAR = places(
    "0.3,-15.6  3.2,-14.6  5.8,-12.6  7.4,-11.6  10.4,-13.0  13.4,-16.2  12.6,-19.6  8.2,-22.4  "
    "3.6,-22.6  1.6,-19.4"
)
"""Half of it, in centimetres of the face kit."""


def paint_lady(kit: FaceKit, size: int = _SIZE) -> Frame:
    """A portrait in oil with a lace collar."""
    smile = {"mouthSmile": 0.42, "cheekSquint": 0.15}
    plain, skin = Sitter(LADY, kit).portrait(size, smile)
    finer = 1 - 0.7 * cv2.GaussianBlur(skin, (0, 0), size / 100)
    return paint_in_oil(_lace_collar(plain, LADY), brush_px=4.0, relief=0.75 * finer)


def carve_statue(kit: FaceKit, size: int = _SIZE) -> Frame:
    """A head of marble."""
    return Sitter(STATUE, kit).portrait(size, {"mouthSmile": 0.2})[0]


def drive(kit: FaceKit, performance: Performance, size: int = _DRIVER_SIZE) -> Iterator[Frame]:
    """The driver's frames."""
    sitter = Sitter(DRIVER, kit)
    for i in range(len(performance)):
        yaw, pitch, roll = (float(v) for v in performance.pose[i])
        x, y = (float(v) for v in performance.translation[i])
        gaze = (float(performance.gaze[i, 0]), float(performance.gaze[i, 1]))
        pose = Pose(yaw=yaw, pitch=pitch, roll=roll, x=x, y=y)
        yield sitter.render(pose, performance.expression[i], gaze, size).image


def _lace_collar(picture: Frame, casting: Casting) -> Frame:
    """White linen over the shoulders, its border of lace; placed by the sitter's camera in cm."""
    canvas = Canvas(len(picture), (0, 0, 0))
    canvas.pixels = np.repeat(np.repeat(picture, 2, 0), 2, 1).astype(np.float32)
    tx, ty = casting.place

    def place(points: list[Point]) -> list[Point]:
        return [(tx + casting.scale * x, ty - casting.scale * (y + 4.0)) for x, y in points]

    for side in (-1, 1):
        outline = smooth(place([(side * x, y) for x, y in _COLLAR]))
        linen = canvas.mask(outline)
        canvas.paint(canvas.blur(canvas.shift(linen, 0.015, 0.035), 0.025), (10, 4, 3), 0.75)
        lit = (238, 228, 206) if side < 0 else (206, 190, 164)
        canvas.paint(linen, lit)
        _lace(canvas, outline, linen)
        canvas.shade(linen, (120, 96, 74), 0.55, towards=(0.05, 0.05), radius=0.07)
        folds = place([(side * 6.6, -12.4), (side * 7.6, -16.0), (side * 7.2, -21.0)])
        fold = canvas.blur(canvas.stroke(folds, [0.004, 0.03, 0.01]), 0.016)
        canvas.paint(fold * linen, (126, 104, 84), 0.5)
    for x, y in place([(-0.5, -16.4), (0.5, -16.4), (0, -17.4)]):
        canvas.paint(canvas.mask(ellipse(x, y, 0.026, 0.02)), (58, 14, 12))
    return canvas.picture()


def _lace(canvas: Canvas, outline: Array, linen: Array) -> None:
    """Holes along the outer border: two rows, the second between the first."""
    centre = outline.mean(0)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
    for row, (inset, radius) in enumerate(((0.955, 0.0085), (0.90, 0.0065), (0.85, 0.004))):
        for step in np.arange(0.2, 0.80, 0.013) + 0.0065 * (row % 2):
            at = step * length[-1]
            x, y = (np.interp(at, length, outline[:, axis]) for axis in (0, 1))
            if y < centre[1] - 0.02:
                continue
            hole = canvas.mask(
                ellipse(
                    float(centre[0] + inset * (x - centre[0])),
                    float(centre[1] + inset * (y - centre[1])),
                    radius,
                    radius,
                )
            )
            canvas.paint(hole * linen, (70, 34, 28), 0.7)


def write_driver(path: Path, frames: Iterator[Frame]) -> None:
    """H.264 with the voice as AAC. One thread, so that the same frames give the same bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS))
        stream.width = stream.height = _DRIVER_SIZE
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"crf": "20", "preset": "veryslow", "x264-params": "threads=1"}
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        sound.bit_rate = 64_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
        for block in _blocks(sing()):
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))


def _blocks(wave: NDArray[np.float32]) -> Iterator[av.AudioFrame]:
    for start in range(0, len(wave), 1024):
        part = np.ascontiguousarray(wave[None, start : start + 1024])
        block = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        block.sample_rate, block.pts, block.time_base = RATE, start, Fraction(1, RATE)
        yield block


def write_scene(folder: Path, kit: FaceKit, only: str | None = None) -> None:
    """All files of the demo; ``only`` names one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {
        "cartoon.png": lambda: draw_toon(GIRL, _SIZE),
        "captain.png": lambda: draw_toon(CAPTAIN, _SIZE),
        "painting.png": lambda: paint_lady(kit),
        "statue.png": lambda: carve_statue(kit),
    }
    for name, make in pictures.items():
        if only in (None, name):
            Image.fromarray(make()).save(folder / name, optimize=True)
    if only in (None, "driver.mp4"):
        write_driver(folder / "driver.mp4", drive(kit, perform()))


def _main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures and the video of the demo.")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--facekit", type=Path, help="ict_facekit.npz; see data/ict.py")
    parser.add_argument("--only", help="one file of them")
    given = parser.parse_args()
    write_scene(given.output, load_face_kit(given.facekit), given.only)


if __name__ == "__main__":
    _main()
