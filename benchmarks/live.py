"""How fast a live picture answers its camera, stage by stage, beside the same clip offline.

    python benchmarks/live.py [--picture painting.png] [--driving driver.mp4] [--sheet OUT.png]

Each camera frame is answered before the next is given, as in a browser. A stage's milliseconds are
medians; CPU milliseconds are those of all threads. Offline, frames overlap and nothing has to be
ready soon; its time is that of `animate` with frames thrown away. ``--sheet`` draws eight moments:
the camera, the live answer, and the offline frame with the same anchor.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmeme.media.montage import Tile, resize, sheet
from deepmeme.media.video import open_clip
from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.live import Live
from deepmeme.pipelines.motion_model import MotionModel, load_model
from deepmeme.pipelines.subject import Subject
from deepmeme.provenance.glance import Glance

Frames = list[NDArray[np.uint8]]
ASSETS = Path(str(files("deepmeme.demo_assets")))
MOMENTS = 8


class Stages:
    """Milliseconds of each call of some functions."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **named: Any) -> Any:
            started = time.perf_counter()
            result = work(*args, **named)
            self.spent[name].append(1000 * (time.perf_counter() - started))
            return result

        return measured


def play_live(live: Live, camera: Frames, fps: float) -> tuple[Frames, Stages, float]:
    """The answers, what took how long, and CPU milliseconds a frame."""
    glance = Glance(live.record)
    for _ in range(3):
        glance(live.frame(camera[0], again=True, at_s=0.0))
    stages, engine = Stages(), live._engine
    engine.detect = stages.timed("detect", engine.detect)  # type: ignore[method-assign]
    engine.trace = stages.timed("render", engine.trace)  # type: ignore[method-assign]
    live._camera = stages.timed("camera", live._camera)  # type: ignore[assignment]
    assemble, answers = Subject.assemble, []
    Subject.assemble = stages.timed("paste", assemble)  # type: ignore[method-assign]
    answer, shown = stages.timed("frame", live.frame), stages.timed("glance", glance)
    used = time.process_time()
    for index, frame in enumerate(camera):
        answers.append(answer(frame, again=index == 0, at_s=1 + index / fps))
        shown(answers[-1])
    used = time.process_time() - used
    Subject.assemble = assemble  # type: ignore[method-assign]
    del engine.detect, engine.trace
    return answers, stages, 1000 * used / len(camera)


def report(stages: Stages, cpu_ms: float) -> float:
    """Print; milliseconds a frame."""
    spent = {name: np.array(times) for name, times in stages.spent.items()}
    spent["find"] = spent.pop("camera") - spent["detect"][: len(spent["frame"])]
    known = ("find", "detect", "render", "paste")
    whole = spent["frame"] + spent["glance"]
    rest = spent["frame"] - sum(spent[name][: len(whole)] for name in known)
    for name in known:
        print(f"  {name:8} {median(spent[name]):6.1f} ms")
    print(f"  {'other':8} {median(rest):6.1f} ms (transfer, detail)")
    print(f"  {'glance':8} {median(spent['glance']):6.1f} ms")
    print(f"  {'frame':8} {median(whole):6.1f} ms, worst tenth {np.quantile(whole, 0.9):.1f} ms")
    print(f"  {1000 / whole.mean():.1f} frames a second, {cpu_ms:.1f} ms of CPU a frame")
    return float(whole.mean())


def play_offline(
    picture: Path, driving: Path, model: MotionModel, size: int
) -> tuple[Frames, float]:
    """The offline frames with the first driving frame as anchor, and milliseconds for each."""
    started, used = time.perf_counter(), time.process_time()
    animation = prepare(picture, driving, model=model, anchor=0, mirror=True, size=size)
    frames = list(animation.rendered.frames_from(0))
    elapsed, used = (1000 * (now - then) / len(frames) for now, then in (
        (time.perf_counter(), started), (time.process_time(), used)))  # fmt: skip
    print(f"offline: {elapsed:.1f} ms a frame, {used:.1f} ms of CPU")
    return frames, elapsed


def draw(path: Path, camera: Frames, answers: Frames, offline: Frames) -> None:
    """Moments beside each other: camera as a mirror, live, offline."""
    picked = np.linspace(0, len(camera) - 1, MOMENTS).round().astype(int)
    rows = [
        [Tile(np.ascontiguousarray(camera[i][:, ::-1]), f"camera {i}") for i in picked],
        [Tile(answers[i], "live") for i in picked],
        [Tile(offline[i], "offline") for i in picked],
    ]
    Image.fromarray(sheet(rows, cell=224)).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asset: Callable[[str], Path] = lambda name: p if (p := Path(name)).exists() else ASSETS / name  # noqa: E731
    parser.add_argument("--picture", type=asset, default=asset("painting.png"))
    parser.add_argument("--driving", type=asset, default=asset("driver.mp4"))
    parser.add_argument("--camera", default="640x480", help="the frames are put into this size")
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    clip = open_clip(given.driving)
    camera = [_widened(frame, *map(int, given.camera.split("x"))) for frame in clip]
    model = load_model("portrait")
    live = Live.begin(given.picture, model=model)
    print(f"{given.picture.name} and {given.driving.name}: {live.size[0]} x {live.size[1]} px")
    answers, stages, cpu_ms = play_live(live, camera, float(clip.fps))
    live_ms = report(stages, cpu_ms)
    offline, offline_ms = play_offline(given.picture, given.driving, model, max(live.size))
    print(f"live takes {live_ms / offline_ms:.2f} of offline's time a frame")
    apart = [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(answers, offline, strict=True)]
    print(
        f"mean difference of live and offline: {np.mean(apart):.2f} of 255, worst {max(apart):.2f}"
    )
    if given.sheet:
        draw(given.sheet, camera, answers, offline)


def _widened(frame: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A square frame in the middle of a camera's, its edges drawn on."""
    side = min(width, height)
    across, down = width - side, height - side
    room = ((down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0))
    return np.pad(resize(frame, side, side), room, mode="edge")


if __name__ == "__main__":
    main()
