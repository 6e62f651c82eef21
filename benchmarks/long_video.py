"""Memory over a long driving video.

    python benchmarks/long_video.py [--minutes 10] [--model portrait]

Writes a driving video of that length by playing the shipped driver over and over, animates the
shipped painting with it in a process of its own, and prints that process's memory through time and
its peak, beside a run on the first ten seconds.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path

import numpy as np

from deepmeme.media.video import open_clip
from deepmeme.provenance.record import Record
from deepmeme.provenance.seal import Rendered

ASSETS = Path(str(files("deepmeme.demo_assets")))


def write_driver(target: Path, seconds: float) -> int:
    """The shipped driver played to and fro for so long; its number of frames."""
    frames = list(open_clip(ASSETS / "driver.mp4"))
    fps = open_clip(ASSETS / "driver.mp4").fps
    total = round(seconds * float(fps))
    height, width = frames[0].shape[:2]

    def played(first: int) -> Iterator[np.ndarray]:
        there_and_back = [*frames, *frames[::-1]]
        for index in range(first, total):
            yield there_and_back[index % len(there_and_back)]

    Rendered(width, height, fps, total, played, Record("bench", "", "", (), {})).save(target)
    return total


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def animate(driver: Path, model: str, folder: Path) -> tuple[list[float], float]:
    """Resident MB every half second while the command animates, and how long it took."""
    command = [sys.executable, "-m", "deepmeme.cli.main", "animate", str(ASSETS / "painting.png")]
    command += [str(driver), "-o", str(folder / f"{driver.stem}-out.mp4"), "--model", model]
    command += ["--no-detail", "--json"]  # 256x256, as the bar says
    started, samples = time.perf_counter(), []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            samples.append(resident_mb(process.pid))
        except FileNotFoundError:
            break
        time.sleep(0.5)
    if process.wait():
        raise SystemExit(f"the command failed with {process.returncode}")
    return samples, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--model", default="portrait")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, seconds in (("short", 10.0), ("long", given.minutes * 60)):
            driver = folder / f"{label}.mp4"
            total = write_driver(driver, seconds)
            samples, took = animate(driver, given.model, folder)
            tenths = islice(samples, 0, None, max(1, len(samples) // 10))
            print(
                f"{label}: {total} frames ({seconds:.0f} s), {took:.0f} s, {total / took:.1f} fps"
            )
            print(f"  peak {max(samples):.0f} MB; through time", *(f"{mb:.0f}" for mb in tenths))


if __name__ == "__main__":
    main()
