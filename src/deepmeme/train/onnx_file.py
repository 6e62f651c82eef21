"""A network -> an ONNX file that other runtimes read, checked against torch before anybody does."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepmeme.errors import WeightsError
from deepmeme.openvino_core import name_of, openvino_core
from deepmeme.weights.checkpoint import file_sha256

OPSET = 17
_SMALL = 256
"""Constants of fewer numbers stay as they are."""

_HALF, _BYTE = ".half", ".byte"

Stored = Literal["float16", "int8"]
Axes = Mapping[str, Mapping[int, str]]


def write_network(
    network: nn.Module,
    given: Mapping[str, Tensor],
    made: Sequence[str],
    path: Path,
    *,
    exact: float,
    lossy: float,
    stored: Stored = "float16",
    open_axes: Axes | None = None,
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Write ``network`` with its weights in few bytes and check it twice, before and after that.

    Args:
        network: becomes an evaluating one on the CPU in float32.
        given: an example, by the names of the inputs.
        made: names of the outputs.
        path: the file.
        exact: largest difference from torch, as a share of an output's largest number, or of 1
            where that is less.
        lossy: the same once weights are stored in few bytes.
        stored: as what; int8 has a scale for each channel of a layer's output.
        open_axes: sizes that are left open, by name of input or output.

    Returns:
        What ``model.json`` says of the file; what torch makes of the example, by name.

    Raises:
        WeightsError: the file disagrees with torch.
    """
    network = network.eval().float().cpu()
    network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with torch.no_grad():
        out = network(*given.values())
    wanted = dict(zip(made, out if isinstance(out, tuple) else (out,), strict=True))
    axes = None if open_axes is None else {name: dict(found) for name, found in open_axes.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, tuple(given.values()), str(path), input_names=list(given),
            output_names=list(made), dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
    _check(path, given, wanted, exact)
    _shrink(path, _HALF if stored == "float16" else _BYTE)
    _check(path, given, wanted, lossy)
    return {"file": path.name, "sha256": file_sha256(path)}, wanted


def smooth_picture(side: int, cells: int = 6) -> Tensor:
    """(1, 3, side, side) in [0, 1], always the same: something to look at."""
    coarse = torch.rand(1, 3, cells, cells, generator=torch.Generator().manual_seed(0))
    large = nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return large.clamp(0, 1)


def stored_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The constants of a file that :func:`write_network` wrote, by the names they had in torch."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {}
    for name, array in arrays.items():
        if name.endswith(_BYTE):
            scale = arrays[f"{name}.scale"].reshape(-1, *[1] * (array.ndim - 1))
            found[name.removesuffix(_BYTE)] = np.asarray(array * scale, np.float32)
        elif not name.endswith(".scale"):
            found[name.removesuffix(_HALF)] = np.array(array, np.float32)
    return found


def _shrink(path: Path, how: str) -> None:
    """Keep an ONNX file's large constants as float16, matrices as int8 where that is asked for; a
    node gives them back as float32."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph, nodes = model.graph, []
    for tensor in list(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < _SMALL:
            continue
        graph.initializer.remove(tensor)
        if how == _HALF or array.ndim < 2:
            name = tensor.name + _HALF
            parts = {name: array.astype(np.float16)}
            nodes.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT))
        else:
            name = tensor.name + _BYTE
            scale = np.maximum(np.abs(array).reshape(len(array), -1).max(1) / 127, 1e-12)
            whole = np.rint(array / scale.reshape(-1, *[1] * (array.ndim - 1)))
            parts = {name: whole.astype(np.int8), f"{name}.scale": scale.astype(np.float32)}
            nodes.append(helper.make_node("DequantizeLinear", [*parts], [tensor.name], axis=0))
        graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in parts.items())
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.save(model, str(path))


def _check(
    path: Path, given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], tolerance: float
) -> None:
    found = _run_openvino(path, {key: value.numpy() for key, value in given.items()})
    for key, value in wanted.items():
        scale = max(1.0, float(value.abs().max()))
        worst = float(np.abs(found[key] - value.numpy()).max()) / scale
        if not worst <= tolerance:
            raise WeightsError(
                f"{path.name}: {key!r} differs from torch by {worst:.2g}, more than {tolerance}. "
                "The export of one of its operations is wrong; this folder must not be used."
            )


def _run_openvino(path: Path, given: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """One exact fp32 pass of an ONNX file."""
    compiled = openvino_core().compile_model(
        path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    )
    results = compiled({key: np.ascontiguousarray(value) for key, value in given.items()})
    return {name_of(port): np.array(results[port]) for port in compiled.outputs}
