"""The CPU engine: three OpenVINO stages, no PyTorch.

The stages come from NumPy weights (``openvino_graph``) or from a shipped model's ONNX files; this
file does not care which. Rendering is asynchronous: while one frame is computed, the next is read.
"""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.openvino_core import name_of, openvino_core
from deepmeme.runtime.engine import (
    Inspection,
    KeypointArrays,
    ModelInfo,
    Rendering,
    as_frames,
    as_unit_nchw,
)
from deepmeme.runtime.quantize import Ranges, faithful_ranges, measure_ranges, quantized

Tensors = dict[str, NDArray[np.float32]]

HINTS = {"fp32": "f32", "int8": "f32", "bf16": "bf16"}
"""What multiplies outside of the 8-bit convolutions; see also ``_rendering_hint``."""

_FEW_CORES = 2
"""Two in lockstep take 36 ms for a portrait and one takes 44; on a busy machine 120 and 90."""

KEEP_FLOAT = (".mask", ".occlusion", "kp", "jacobian")
"""Heads whose rounding would move keypoints or tear the deformation: cheap, so kept exact."""


@dataclass(frozen=True)
class Stages:
    """The three networks of a model."""

    detect: ov.Model
    encode: ov.Model
    render: ov.Model


@dataclass(frozen=True)
class Encoded:
    """A source, looked at once."""

    source: NDArray[np.float32]  # (1, 3, h, w)
    keypoints: KeypointArrays
    tensors: Tensors


class OpenVINOEngine:
    """Runs :class:`Stages` on the CPU.

    With ``precision="int8"`` and no ``ranges`` the engine runs in fp32 until :meth:`calibrate`
    has seen a few frames.
    """

    def __init__(
        self,
        stages: Stages,
        info: ModelInfo,
        *,
        precision: str = "fp32",
        ranges: dict[str, Ranges] | None = None,
        threads: int | None = None,
    ) -> None:
        if precision not in HINTS:
            raise InputError(
                f"precision={precision!r} is not for the OpenVINO engine; "
                f"choose from {', '.join(HINTS)}."
            )
        self._core = openvino_core()
        self._stages = stages
        self._precision = precision
        self._threads = threads or os.cpu_count() or 1
        self._info = replace(info, engine="openvino", precision=precision, device="cpu")
        self.needs_calibration = precision == "int8" and ranges is None
        self.calibrated_psnr_db: float | None = None
        self._compile(ranges if precision == "int8" else None)

    @property
    def resolution(self) -> int:
        """Side in pixels of the square frames that the networks work on."""
        return self._info.resolution

    def info(self) -> ModelInfo:
        """Facts about the model and how it runs here."""
        return self._info

    def _compile(self, ranges: dict[str, Ranges] | None) -> None:
        models = {name: getattr(self._stages, name) for name in ("detect", "encode", "render")}
        if ranges is not None:
            for name in ranges:
                models[name] = quantized(models[name], ranges[name])
        latency: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": HINTS[self._precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        once = {**latency, "INFERENCE_PRECISION_HINT": self._rendering_hint()}
        streams = {**once, "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": self._streams()}
        together = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": self._threads - 1}
        self._soon = models["render"], {**once, **together}
        self._soon_request: Any = None
        self._single = Lock()  # single frames may be asked for by several threads
        self._detect = self._core.compile_model(models["detect"], "CPU", latency)
        self._encode = self._core.compile_model(models["encode"], "CPU", once)
        self._render = self._core.compile_model(models["render"], "CPU", streams)
        self._detect_request = self._detect.create_infer_request()
        self._render_names = [name_of(port) for port in self._render.inputs]
        self._requests = [self._render.create_infer_request() for _ in range(self._streams())]

    def _rendering_hint(self) -> str:
        """What multiplies between 8-bit convolutions when frames are rendered.

        bf16 where the processor has it, for First Order Motion weights, which warp features at a
        quarter of the size; the portrait model warps the picture itself and needs finer places.
        """
        abilities = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if self._precision == "int8" and self._info.family == "fomm" and "BF16" in abilities:
            return "bf16"
        return HINTS[self._precision]

    def _streams(self) -> int:
        """Frames in flight: one a core on small machines, each core then works undisturbed."""
        return max(1, min(self._threads, 8))

    def detect(self, frames: NDArray[Any]) -> KeypointArrays:
        """Keypoints of (n, h, w, 3) frames, uint8 or float in [0, 1]."""
        unit = as_unit_nchw(frames, self.resolution)
        rows = [self._detect_one(row[None]) for row in unit]
        if any(row.jacobian is None for row in rows):
            return KeypointArrays(np.concatenate([row.xy for row in rows]))
        jacobians = [row.jacobian for row in rows if row.jacobian is not None]
        return KeypointArrays(np.concatenate([row.xy for row in rows]), np.concatenate(jacobians))

    def _detect_one(self, unit: NDArray[np.float32]) -> KeypointArrays:
        self._detect_request.infer({"frames": unit}, share_inputs=True)
        out = {
            name_of(port): self._detect_request.get_tensor(port).data.copy()
            for port in self._detect.outputs
        }
        return KeypointArrays(out["xy"], out.get("jacobian"))

    def encode(self, source: NDArray[Any]) -> Encoded:
        """All that depends on the (h, w, 3) source alone."""
        unit = as_unit_nchw(np.asarray(source)[None], self.resolution)
        results = self._encode({"source": unit})
        tensors = {name_of(port): np.array(results[port]) for port in self._encode.outputs}
        return Encoded(unit, self._detect_one(unit), tensors)

    def _feed(self, source: Encoded, motion: KeypointArrays) -> Tensors:
        feed = {**source.tensors, "source_xy": source.keypoints.xy, "driving_xy": motion.xy}
        if source.keypoints.jacobian is not None and motion.jacobian is not None:
            feed["source_jacobian"] = source.keypoints.jacobian
            feed["driving_jacobian"] = motion.jacobian
        return {name: np.ascontiguousarray(feed[name], np.float32) for name in self._render_names}

    def render_stream(
        self, source: Encoded, motions: Iterable[KeypointArrays]
    ) -> Iterator[NDArray[np.uint8]]:
        """One (h, w, 3) frame for each single-frame motion, in order, work overlapped."""
        with closing(self._finished(source, motions)) as requests:
            for request in requests:
                yield as_frames(request.get_tensor("prediction").data)[0]

    def trace_stream(
        self, source: Encoded, motions: Iterable[KeypointArrays]
    ) -> Iterator[Rendering]:
        """As :meth:`render_stream`, with the deformation and occlusion of each frame."""
        occluded = "occlusion" in {name_of(port) for port in self._render.outputs}
        with closing(self._finished(source, motions)) as requests:
            for request in requests:
                deformation = request.get_tensor("deformation").data[0].copy()
                seen = request.get_tensor("occlusion").data[0, 0].copy() if occluded else None
                frame = as_frames(request.get_tensor("prediction").data)[0]
                yield Rendering(frame, deformation, seen)

    def trace(self, source: Encoded, motion: KeypointArrays) -> Rendering:
        """One frame as soon as can be, by all cores but one together; the first takes a second.

        A stream has more frames done in the same time: there each core has a frame of its own. One
        core is left to the camera and the browser. Networks in lockstep wait for the slowest.
        """
        with self._single:
            return self._traced(source, motion)

    def _traced(self, source: Encoded, motion: KeypointArrays) -> Rendering:
        if self._threads <= _FEW_CORES:
            return next(self.trace_stream(source, [motion]))
        if self._soon_request is None:
            stage, properties = self._soon
            compiled = self._core.compile_model(stage, "CPU", properties)
            self._soon_request = compiled.create_infer_request()
        feed = self._feed(source, motion)
        self._soon_request.infer(feed, share_inputs=True)
        out = {name_of(port): tensor for port, tensor in self._soon_request.results.items()}
        seen = out["occlusion"][0, 0].copy() if "occlusion" in out else None
        return Rendering(as_frames(out["prediction"])[0], out["deformation"][0].copy(), seen)

    def _finished(
        self, source: Encoded, motions: Iterable[KeypointArrays]
    ) -> Generator[Any, None, None]:
        """A request with the results of each motion, in order; used again after the next()."""
        idle = deque(self._requests)
        busy: deque[tuple[Any, Tensors]] = deque()  # the feed stays alive while shared
        try:
            for motion in motions:
                if not idle:
                    request = busy.popleft()[0]
                    request.wait()
                    yield request
                    idle.append(request)
                request, feed = idle.popleft(), self._feed(source, motion)
                request.start_async(feed, share_inputs=True)
                busy.append((request, feed))
            while busy:
                request = busy.popleft()[0]
                request.wait()
                yield request
        finally:
            for request, _ in busy:
                request.wait()

    def render(self, source: Encoded, motion: KeypointArrays) -> NDArray[np.uint8]:
        """(n, h, w, 3): the source with each row of ``motion`` as its keypoints."""
        rows = (motion.frame(i) for i in range(len(motion.xy)))
        return np.stack(list(self.render_stream(source, rows)))

    def inspect(self, source: Encoded, motion: KeypointArrays) -> Inspection:
        """The insides of one rendered frame."""
        request, ports = self._requests[0], self._render.outputs
        with self._single:
            # Shared too: a copy would be written into the arrays that were shared last.
            request.infer(self._feed(source, motion), share_inputs=True)
            out = {name_of(port): request.get_tensor(port).data.copy() for port in ports}
        occlusion = out.get("occlusion")
        return Inspection(
            prediction=out["prediction"][0].transpose(1, 2, 0),
            deformation=out["deformation"][0],
            occlusion=None if occlusion is None else occlusion[0, 0],
            warped=warp_frame(as_frames(source.source)[0], out["deformation"][0]),
        )

    def calibrate(self, source: NDArray[Any], driving: Sequence[NDArray[Any]]) -> dict[str, Ranges]:
        """Measure 8-bit ranges on one source and some driving frames, then run in int8.

        Returns the ranges, so that a shipped model can carry them.
        """
        unit = as_unit_nchw(np.stack([source, *driving]), self.resolution)
        encoded = self.encode(source)
        feeds = [self._feed(encoded, self._detect_one(row[None])) for row in unit]
        ranges = {
            "detect": measure_ranges(
                self._stages.detect, ({"frames": row[None]} for row in unit), self._core,
                skip=KEEP_FLOAT,
            ),
            "render": measure_ranges(self._stages.render, feeds, self._core, skip=KEEP_FLOAT),
        }  # fmt: skip
        ranges["render"], self.calibrated_psnr_db = faithful_ranges(
            self._stages.render, "prediction", feeds, ranges["render"], self._core
        )
        self.needs_calibration = False
        self._compile(ranges)
        return ranges


def warp_frame(frame: NDArray[np.uint8], deformation: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A (h, w, 3) frame sampled where a (h', w', 2) deformation in [-1, 1] points."""
    height, width = frame.shape[:2]
    grid = cv2.resize(deformation, (width, height), interpolation=cv2.INTER_LINEAR)
    x = (grid[..., 0] + 1) * np.float32((width - 1) / 2)
    y = (grid[..., 1] + 1) * np.float32((height - 1) / 2)
    return np.asarray(cv2.remap(frame, x, y, cv2.INTER_LINEAR), np.uint8)
