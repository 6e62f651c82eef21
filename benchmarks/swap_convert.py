"""How fast a swap is run on 720p video with one face, from file to file.

    python benchmarks/swap_convert.py [FOLDER | --preset quick] [--frames 150] [--runs 3]
        [--face 512] [--keep DIR] [-o OUT]

FOLDER is a model that ``deepmeme swap train`` wrote. Without one an untrained pair of the preset's
shape is exported, which runs as fast as a trained one; that needs torch. The clip is the shipped
driver, enlarged and moving about in a moving scene. Prints one JSON object: frames a second and
CPU time a frame of the whole conversion, of its parts, and of the network beside torch's forward.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.video import open_clip
from deepmeme.pipelines.swap.convert import prepare, swap_frame
from deepmeme.provenance.record import Record
from deepmeme.provenance.seal import Rendered
from deepmeme.runtime.swap import open_swap
from deepmeme.weights.folder import read_card

Frame = NDArray[np.uint8]
ASSETS = Path(str(files("deepmeme.demo_assets")))
WIDTH, HEIGHT = 1280, 720


def scene_frames(count: int, face_px: int) -> Iterator[Frame]:
    """The driver on a plate of ``face_px``, wandering over a pattern that scrolls."""
    heads = list(open_clip(ASSETS / "driver.mp4"))
    heads += heads[::-1]
    random = np.random.default_rng(0)
    coarse = random.uniform(40, 210, (9, 32, 3)).astype(np.float32)
    ground = cv2.resize(coarse, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    ground = np.clip(ground + random.normal(0, 4, ground.shape), 0, 255).astype(np.uint8)
    ramp = np.minimum(np.arange(face_px), np.arange(face_px)[::-1]) / (0.08 * face_px)
    share = np.minimum(ramp[:, None], ramp[None]).clip(0, 1)[..., None]
    for index in range(count):
        shift = 4 * index % WIDTH
        frame = ground[:, shift : shift + WIDTH].copy()
        head = cv2.resize(heads[index % len(heads)], (face_px, face_px))
        x = round((WIDTH - face_px) * (0.5 + 0.3 * np.sin(index / 25)))
        y = round((HEIGHT - face_px) * (0.5 + 0.4 * np.sin(index / 40)))
        place = frame[y : y + face_px, x : x + face_px]
        place[...] = (head * share + place * (1 - share)).astype(np.uint8)
        yield frame


def write_clip(path: Path, count: int, face_px: int) -> Path:
    """The scene as an H.264 file."""
    record = Record("bench", "", "", (), {})
    rendered = Rendered(
        WIDTH, HEIGHT, Fraction(25), count, lambda first: scene_frames(count, face_px), record
    )
    rendered.save(path)
    return path


def untrained(folder: Path, name: str) -> Path:
    """An exported pair of a preset's shape with the weights that training begins with."""
    from deepmeme.models.swap.build import build_pair
    from deepmeme.models.swap.config import preset
    from deepmeme.train.export_swap import write_stages

    config = preset(name)
    folder.mkdir()
    stages, _ = write_stages(build_pair(config), folder)
    card = {
        "family": "swap", "name": f"untrained {name}", "preset": name, "people": ["A", "B"],
        "resolution": config.resolution, "stages": stages, "config": config.as_dict(),
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(card))
    return folder


def each(action: Callable[[], object], count: int) -> float:
    """Median CPU seconds of one call, after one to warm up."""
    action()
    spent = []
    for _ in range(count):
        started = time.process_time()
        action()
        spent.append(time.process_time() - started)
    return statistics.median(spent)


def whole(model: Path, clip: Path, target: Path) -> tuple[float, float, int]:
    """Seconds, CPU seconds and frames of one conversion, the model's loading included."""
    started, cpu = time.perf_counter(), time.process_time()
    saved = prepare(model, clip).save(target)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    target.unlink()
    return seconds, cpu_s, saved.num_frames


def parts(model: Path, clip: Path, count: int) -> dict[str, float]:
    """CPU milliseconds a frame of what a conversion consists of."""
    short = min(count, 40)
    started = time.process_time()
    done = prepare(model, clip, preview=short)
    watched = (time.process_time() - started) / short
    frames = list(open_clip(clip).take(short))
    started = time.process_time()
    for index, frame in enumerate(frames):
        swap_frame(done.stage, frame, index)
    swapped = (time.process_time() - started) / short
    return {"watch_cpu_ms": 1e3 * watched, "swap_frame_cpu_ms": 1e3 * swapped}


def network(model: Path) -> dict[str, float]:
    """CPU milliseconds a face of the engine, and of torch where it is installed."""
    engine = open_swap(model)
    size = engine.info.resolution
    face = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    found = {"engine_cpu_ms": 1e3 * each(lambda: engine.swap(face, "b"), 30)}
    try:
        import torch

        from deepmeme.models.swap.build import build_pair
        from deepmeme.models.swap.config import SwapConfig
    except ImportError:
        return found
    config = read_card(model).get("config")
    if config is None:
        return found
    pair = build_pair(SwapConfig.from_dict(config)).eval()  # speed does not depend on the weights
    faces = torch.rand(1, 3, size, size)

    def forward() -> object:
        with torch.inference_mode():
            return pair.decode(pair.encode(faces), 1)

    return {
        **found,
        "torch_cpu_ms": 1e3 * each(forward, 30),
        "torch_threads": torch.get_num_threads(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--face", type=int, default=512, help="side of the driver in the scene")
    parser.add_argument("--keep", type=Path, help="folder for the clip and one result, to look at")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = given.model or untrained(folder / "pair", given.preset)
        kept = given.keep or folder
        kept.mkdir(parents=True, exist_ok=True)
        clip = write_clip(kept / "scene.mp4", given.frames, given.face)
        runs = [whole(model, clip, folder / "out.mp4") for _ in range(given.runs)]
        report: dict[str, Any] = {
            "model": open_swap(model).info.name,
            "video": f"{WIDTH}x{HEIGHT}, {given.frames} frames",
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "frames_per_second": statistics.median(n / seconds for seconds, _, n in runs),
            "slowest": min(n / seconds for seconds, _, n in runs),
            "cpu_ms_a_frame": statistics.median(1e3 * cpu / n for _, cpu, n in runs),
            **parts(model, clip, given.frames),
            **network(model),
        }
        if given.keep:
            prepare(model, clip, compare=True).save(kept / "compare.mp4")
    text = json.dumps({k: round(v, 2) if isinstance(v, float) else v for k, v in report.items()})
    if given.output:
        given.output.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
