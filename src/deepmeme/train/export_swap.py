"""A trained pair -> three ONNX files, which run without torch and convert videos."""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.errors import WeightsError
from deepmeme.models.swap.pair import SharedDecoder, TwoDecoders
from deepmeme.runtime.swap import STAGES
from deepmeme.train.export_portrait import OPSET, run_openvino, store_in_halves
from deepmeme.weights.checkpoint import file_sha256

TOLERANCE = 0.02
"""Largest difference of a pixel in [0, 1] once weights are stored as float16."""


class _Encode(nn.Module):
    def __init__(self, pair: TwoDecoders | SharedDecoder) -> None:
        super().__init__()
        self.pair = pair

    def forward(self, faces: Tensor) -> Tensor:
        return self.pair.encode(faces)


class _Decode(nn.Module):
    """What a video of the other person needs."""

    def __init__(self, pair: TwoDecoders | SharedDecoder, side: int) -> None:
        super().__init__()
        self.pair, self.side = pair, side

    def forward(self, code: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(self.pair.swap(code, self.side))  # type: ignore[return-value]


def write_stages(pair: nn.Module, folder: Path) -> tuple[dict[str, dict[str, str]], int]:
    """Write and check them; what ``model.json`` says of the stages, and the number of parameters.

    Raises:
        WeightsError: an exported network disagrees with torch.
    """
    assert isinstance(pair, TwoDecoders | SharedDecoder)
    pair = pair.eval().float().cpu()
    pair.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    side = pair.config.resolution
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 8, 8, generator=generator)
    face = nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    with torch.no_grad():
        code = pair.encode(face)
    networks = [part.eval() for part in (_Encode(pair), _Decode(pair, 0), _Decode(pair, 1))]
    stages: dict[str, dict[str, str]] = {}
    for stage, network in zip(STAGES, networks, strict=True):
        path = folder / f"{stage}.onnx"
        given, made = ("faces", ["code"]) if stage == "encode" else ("code", ["picture", "mask"])
        example = face if stage == "encode" else code
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network, (example,), str(path), input_names=[given], output_names=made,
                opset_version=OPSET, dynamo=False,
            )  # fmt: skip
        store_in_halves(path)
        _check(path, network, given, example)
        stages[stage] = {"file": path.name, "sha256": file_sha256(path)}
    return stages, sum(parameter.numel() for parameter in pair.parameters())


def _check(path: Path, network: nn.Module, given: str, example: Tensor) -> None:
    with torch.no_grad():
        wanted: Any = network(example)
    tensors = wanted if isinstance(wanted, tuple) else (wanted,)
    found = run_openvino(path, {given: example.numpy()})
    for expected, array in zip(tensors, found.values(), strict=True):
        scale = max(1.0, float(expected.abs().max()))
        worst = float((torch.from_numpy(array) - expected).abs().max()) / scale
        if not worst <= TOLERANCE:
            raise WeightsError(
                f"{path.name} differs from torch by {worst:.2g}, more than {TOLERANCE}. The export "
                "of one of its operations is wrong; this folder must not be used."
            )
