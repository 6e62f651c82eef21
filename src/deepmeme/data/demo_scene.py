"""Makes what ``deepmeme demo`` shows. Nothing comes from outside: heads are rendered from the face
kit, the painting is painted by arithmetic, the cartoons are drawn, the voice is sung by formants.

    python -m deepmeme.data.demo_scene -o src/deepmeme/demo_assets
"""

import argparse
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.data.demo_costume import dress
from deepmeme.data.demo_performance import FPS, Performance, perform
from deepmeme.data.demo_sitters import DRIVER, GUEST, LADY, STATUE, Casting, Sitter
from deepmeme.data.demo_voice import RATE, sing
from deepmeme.data.ict import FaceKit, load_face_kit
from deepmeme.data.oil_paint import paint_in_oil
from deepmeme.data.synthetic_heads import Pose
from deepmeme.data.toons import CAPTAIN, GIRL, draw_toon

Frame = NDArray[np.uint8]

_SIZE = 512
_DRIVER_SIZE = 256


def paint_lady(kit: FaceKit, size: int = _SIZE) -> Frame:
    """A portrait in oil, with a cap, a scarf, a pearl and a lace collar."""
    portrait = Sitter(LADY, kit).portrait(size, {"mouthSmile": 0.42, "cheekSquint": 0.15})
    finer = 1 - 0.7 * cv2.GaussianBlur(portrait.skin, (0, 0), size / 100)
    return paint_in_oil(dress(portrait, LADY), brush_px=size / 128, relief=0.75 * finer)


def carve_statue(kit: FaceKit, size: int = _SIZE) -> Frame:
    """A head of marble."""
    return Sitter(STATUE, kit).portrait(size, {"mouthSmile": 0.2}).picture


def drive(
    kit: FaceKit, performance: Performance, size: int = _DRIVER_SIZE, casting: Casting = DRIVER
) -> Iterator[Frame]:
    """The frames of the driver, or of another one who performs."""
    sitter = Sitter(casting, kit)
    for i in range(len(performance)):
        yaw, pitch, roll = (float(v) for v in performance.pose[i])
        x, y = (float(v) for v in performance.translation[i])
        gaze = (float(performance.gaze[i, 0]), float(performance.gaze[i, 1]))
        pose = Pose(yaw=yaw, pitch=pitch, roll=roll, x=x, y=y)
        yield sitter.render(pose, performance.expression[i], gaze, size).image


def write_driver(path: Path, frames: Iterator[Frame], *, voice: bool = True) -> None:
    """H.264 with the voice as AAC. One thread, so that the same frames give the same bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS))
        stream.width = stream.height = _DRIVER_SIZE
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"crf": "20", "preset": "veryslow", "x264-params": "threads=1"}
        sound = container.add_stream("aac", rate=RATE, layout="mono") if voice else None
        if sound is not None:
            sound.bit_rate = 64_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
        if sound is None:
            return
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
    pictures: dict[str, Callable[[], Frame]] = {
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
    if only in (None, "guest.mp4"):
        frames = drive(kit, perform().mirrored(), casting=GUEST)
        write_driver(folder / "guest.mp4", frames, voice=False)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures and the video of the demo.")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--facekit", type=Path, help="ict_facekit.npz; see data/ict.py")
    parser.add_argument("--only", help="one file of them")
    given = parser.parse_args()
    write_scene(given.output, load_face_kit(given.facekit), given.only)


if __name__ == "__main__":
    _main()
