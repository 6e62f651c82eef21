"""``deepmeme bench``: our engines beside the reference, same random weights, one run.

The reference is the forward pass as published: eager PyTorch, batch 1, and for every frame both
the driving keypoints and the whole generator, the source's encoding included.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.extras import require
from deepmeme.metrics.pictures import difference_db
from deepmeme.models.motion.config import MotionConfig
from deepmeme.runtime.engine import KeypointArrays, MotionEngine
from deepmeme.runtime.load import build_engine, checkpoint_from_arrays
from deepmeme.weights.seeded import seeded_weights

Frames = list[NDArray[np.uint8]]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    engine: str
    ms_per_frame: float
    """Median over the rounds."""
    spread_ms: tuple[float, float]
    """Fastest and slowest round."""
    speedup: float
    """Times the reference in this run; 1.0 for the reference itself."""
    psnr_db: float | None
    """To the reference's frames; None for the reference itself."""
    within_one_level: float | None
    """Share of values within one grey level of the reference."""

    @property
    def fps(self) -> float:
        """Frames a second."""
        return 1000 / self.ms_per_frame


def drawn_frames(size: int, count: int, *, seed: int = 1) -> Frames:
    """A drawn picture of soft blobs that drifts, (size, size, 3) uint8 each."""
    random = np.random.default_rng(seed)
    yy, xx = np.mgrid[0:size, 0:size] / (size - 1)
    picture = np.zeros((size, size, 3))
    for _ in range(12):
        x, y = random.uniform(0.1, 0.9, 2)
        distance = (xx - x) ** 2 + (yy - y) ** 2
        blob = np.exp(-distance / (2 * random.uniform(0.05, 0.25) ** 2))
        picture += blob[..., None] * random.uniform(-1, 1, 3)
    frame = np.rint(255 / (1 + np.exp(-2 * picture))).astype(np.uint8)
    return [np.roll(frame, (2 * i, 3 * i), (0, 1)) for i in range(count)]


def reference(config: MotionConfig, weights: dict[str, Any], source: Any, driving: Frames) -> Any:
    """A function that renders the frames as the published code does."""
    torch = require("torch", extra="train")
    from deepmeme.models.motion.model import MotionModel

    network = MotionModel(config).eval()
    network.load_arrays(weights["generator"], weights["kp_detector"])

    def tensor(frame: NDArray[np.uint8]) -> Any:
        return torch.from_numpy(frame.transpose(2, 0, 1)[None] / np.float32(255))

    def run() -> Frames:
        out = []
        with torch.inference_mode():
            still = network.detect(tensor(source))
            for frame in driving:
                moving = network.detect(tensor(frame))
                prediction = network.generator(tensor(source), still, moving).prediction
                scaled = (prediction[0].permute(1, 2, 0).numpy() * 255).round()
                out.append(scaled.astype(np.uint8))
        return out

    return run


def streamed(engine: MotionEngine, source: Any, driving: Frames) -> Callable[[], Frames]:
    """A function that renders the frames with an engine, the source encoded once a call."""

    def motions() -> Iterator[KeypointArrays]:
        for frame in driving:
            yield engine.detect(frame[None])

    return lambda: list(engine.render_stream(engine.encode(source), motions()))


def compare(
    *,
    config: MotionConfig | None = None,
    frames: int = 8,
    rounds: int = 3,
    precisions: Sequence[str] = ("fp32", "bf16", "int8"),
    device: str = "cpu",
    on_row: Callable[[str], None] | None = None,
) -> list[Row]:
    """Time the reference and the engines in alternating rounds on the same weights and frames."""
    config = config or MotionConfig()
    weights = seeded_weights(config, seed=1)
    size = config.frame_shape[0]
    source, driving = drawn_frames(size, 1, seed=7)[0], drawn_frames(size, frames)
    runs: dict[str, Callable[[], Frames]] = {
        "reference": reference(config, weights, source, driving)
    }
    for precision in precisions:
        checkpoint = checkpoint_from_arrays(config, weights)
        engine = build_engine(checkpoint, engine="openvino", precision=precision, device="cpu")
        if engine.needs_calibration:
            engine.calibrate(source, driving[:4])
        runs[f"openvino {precision}"] = streamed(engine, source, driving)
    times: dict[str, list[float]] = {name: [] for name in runs}
    results: dict[str, Frames] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            if on_row is not None:
                on_row(name)
            started = time.perf_counter()
            results[name] = run()
            times[name].append(1000 * (time.perf_counter() - started) / frames)
    base = statistics.median(times["reference"])
    return [row(name, times[name], base, results) for name in runs]


def row(name: str, times: list[float], base: float, results: dict[str, Frames]) -> Row:
    """One engine's figures against the reference's."""
    median = statistics.median(times)
    spread = (min(times), max(times))
    if name == "reference":
        return Row("reference (eager PyTorch)", median, spread, 1.0, None, None)
    ours = np.stack(results[name]).astype(np.float64)
    difference = np.abs(ours - np.stack(results["reference"]))
    return Row(
        name, median, spread, base / median, psnr_db(difference), float((difference <= 1).mean())
    )


def psnr_db(difference: NDArray[np.float64], peak: float = 255.0) -> float:
    """Peak signal-to-noise ratio of a difference of pictures, at most 99."""
    return min(99.0, difference_db(difference, peak))
