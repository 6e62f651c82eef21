"""The PyTorch engine: CUDA, MPS and the CPU; fp32, bf16, fp16. Needs ``deepmeme[train]``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepmeme.errors import InputError
from deepmeme.nn.grid import warp
from deepmeme.runtime.engine import (
    Inspection,
    KeypointArrays,
    ModelInfo,
    Rendering,
    as_frames,
    as_unit_nchw,
)

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Encoded:
    """A source, looked at once; stays on the device."""

    source: Tensor  # (1, 3, h, w)
    keypoints: Any
    features: Any


def _found(name: str) -> torch.device:
    """The device, if torch can use it here.

    Raises:
        InputError: it can't.
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise InputError(
            f"device={name!r}: PyTorch can't use it on this machine ({why}). Leave the device out: "
            "a GPU that PyTorch finds is used by itself."
        ) from error
    return device


class TorchEngine:
    """Runs a network with ``detect``, ``encode`` and ``render`` methods on any torch device."""

    needs_calibration = False

    def __init__(
        self, network: nn.Module, info: ModelInfo, *, precision: str = "fp32", device: str = "cpu"
    ) -> None:
        if precision not in DTYPES:
            raise InputError(
                f"precision={precision!r} is not for the torch engine; choose from {list(DTYPES)}."
            )
        self._device = _found(device)
        self._network = network.eval().to(self._device)
        for parameter in self._network.parameters():
            parameter.requires_grad_(False)
        if self._device.type == "cuda":
            self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._dtype = DTYPES[precision]
        self._batch = 1 if self._device.type == "cpu" else 8
        self._info = replace(info, engine="torch", precision=precision, device=device)

    @property
    def resolution(self) -> int:
        """Side in pixels of the square frames that the networks work on."""
        return self._info.resolution

    def info(self) -> ModelInfo:
        """Facts about the model and how it runs here."""
        return self._info

    def calibrate(self, source: NDArray[Any], driving: Sequence[NDArray[Any]]) -> None:
        """Nothing to do: torch runs in floating point."""

    def _run(self, stage: str, *inputs: Any) -> Any:
        autocast = torch.autocast(
            self._device.type, dtype=self._dtype, enabled=self._dtype != torch.float32
        )
        with torch.inference_mode(), autocast:
            return getattr(self._network, stage)(*inputs)

    def _unit(self, frames: NDArray[Any]) -> Tensor:
        return torch.from_numpy(as_unit_nchw(frames, self.resolution)).to(self._device)

    def _detect(self, unit: Tensor) -> Any:
        """Keypoints are always found in fp32: they are cheap, and half floats make them tremble."""
        with torch.inference_mode():
            return self._network.detect(unit)  # type: ignore[operator]

    def detect(self, frames: NDArray[Any]) -> KeypointArrays:
        """Keypoints of (n, h, w, 3) frames, uint8 or float in [0, 1]."""
        xy, jacobian = self._detect(self._unit(frames))
        return KeypointArrays(
            xy.cpu().numpy(), None if jacobian is None else jacobian.cpu().numpy()
        )

    def encode(self, source: NDArray[Any]) -> Encoded:
        """All that depends on the (h, w, 3) source alone."""
        unit = self._unit(np.asarray(source)[None])
        return Encoded(unit, self._detect(unit), self._run("encode", unit))

    def _rendering(self, source: Encoded, motion: KeypointArrays) -> Any:
        count = len(motion.xy)
        driving = type(source.keypoints)(
            *(None if part is None else torch.from_numpy(part).to(self._device) for part in motion)
        )
        still = type(source.keypoints)(*(_repeat(part, count) for part in source.keypoints))
        features = type(source.features)(*(_repeat(part, count) for part in source.features))
        return self._run("render", features, still, driving)

    def render(self, source: Encoded, motion: KeypointArrays) -> NDArray[np.uint8]:
        """(n, h, w, 3): the source with each row of ``motion`` as its keypoints."""
        return as_frames(self._rendering(source, motion).prediction.float().cpu().numpy())

    def render_stream(
        self, source: Encoded, motions: Iterable[KeypointArrays]
    ) -> Iterator[NDArray[np.uint8]]:
        """One (h, w, 3) frame for each single-frame motion, in order, in batches on a GPU."""
        motions = iter(motions)
        while batch := list(islice(motions, self._batch)):
            yield from self.render(source, stack(batch))

    def trace_stream(
        self, source: Encoded, motions: Iterable[KeypointArrays]
    ) -> Iterator[Rendering]:
        """As :meth:`render_stream`, with the deformation and occlusion of each frame."""
        motions = iter(motions)
        while batch := list(islice(motions, self._batch)):
            prediction, parts = self._rendering(source, stack(batch))[:2]
            frames = as_frames(prediction.float().cpu().numpy())
            deformations = parts.deformation.float().cpu().numpy()
            occlusions = None if parts.occlusion is None else parts.occlusion[:, 0].float().cpu()
            for row, frame in enumerate(frames):
                occlusion = None if occlusions is None else occlusions[row].numpy()
                yield Rendering(frame, deformations[row], occlusion)

    def trace(self, source: Encoded, motion: KeypointArrays) -> Rendering:
        """One frame as soon as can be."""
        return next(self.trace_stream(source, iter([motion])))

    def inspect(self, source: Encoded, motion: KeypointArrays) -> Inspection:
        """The insides of one rendered frame."""
        prediction, parts = self._rendering(source, motion.frame(0))[:2]
        warped = warp(source.source, parts.deformation.float(), align_corners=True)
        occlusion = parts.occlusion
        return Inspection(
            prediction=prediction[0].float().permute(1, 2, 0).cpu().numpy(),
            deformation=parts.deformation[0].float().cpu().numpy(),
            occlusion=None if occlusion is None else occlusion[0, 0].float().cpu().numpy(),
            warped=as_frames(warped.cpu().numpy())[0],
        )


def _repeat(part: Tensor | None, count: int) -> Tensor | None:
    return None if part is None else part.expand(count, *part.shape[1:])


def stack(motions: Sequence[KeypointArrays]) -> KeypointArrays:
    """Single-frame motions as one."""
    jacobians = [motion.jacobian for motion in motions if motion.jacobian is not None]
    xy = np.concatenate([motion.xy for motion in motions])
    return KeypointArrays(xy, np.concatenate(jacobians) if jacobians else None)
