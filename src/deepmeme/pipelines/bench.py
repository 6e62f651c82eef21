"""``deepmeme bench``, second half: the product from file to file, nothing left out of the clock."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepmeme.pipelines.animate import prepare
from deepmeme.pipelines.motion_model import MotionModel


@dataclass(frozen=True)
class Clocked:
    """What one model did with one picture and one video, as medians over the rounds."""

    model: str
    precision: str
    frames: int
    ready_s: float
    """Reading both inputs, finding faces, keypoints of every driving frame."""
    rendered_s: float
    """Motion, generator, pasting and H.264."""
    fps: tuple[float, float]
    """Slowest and fastest round."""

    @property
    def frames_per_second(self) -> float:
        """Frames over everything: decode, keypoints, motion, generator, encode."""
        return self.frames / (self.ready_s + self.rendered_s)


def clock(
    model: MotionModel, sources: Sequence[Path], driving: Path, *, rounds: int = 3
) -> Clocked:
    """Animate ``rounds`` times into a temporary folder; a first, short round warms up.

    Loading the model is not in the figure: it happens once, however long the video is.
    """
    ready, rendered, frames = [], [], 0
    with tempfile.TemporaryDirectory(prefix="deepmeme-bench-") as folder:
        prepare(sources, driving, model=model, end="0.4").rendered.save(Path(folder) / "w.mp4")
        for index in range(rounds):
            started = time.perf_counter()
            animation = prepare(sources, driving, model=model)
            ready.append(time.perf_counter() - started)
            started = time.perf_counter()
            frames = animation.rendered.save(Path(folder) / f"{index}.mp4").num_frames
            rendered.append(time.perf_counter() - started)
    speeds = [frames / (a + b) for a, b in zip(ready, rendered, strict=True)]
    info = model.info()
    return Clocked(
        info.name,
        info.precision,
        frames,
        statistics.median(ready),
        statistics.median(rendered),
        (min(speeds), max(speeds)),
    )
