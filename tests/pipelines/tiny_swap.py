"""A model folder of a swap whose three networks are a line of arithmetic each."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from deepmeme.runtime.swap import STAGES
from deepmeme.weights.checkpoint import file_sha256

RESOLUTION = 32
TINT = (0.4, 0.7, 1.0)


def write_swap(folder: Path, *, resolution: int = RESOLUTION, **card: object) -> Path:
    """A keeps a face as it is, B tints it; the whole square is mask."""
    folder.mkdir()
    stages = {}
    for stage, tint in zip(STAGES, ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), TINT), strict=True):
        path = folder / f"{stage}.onnx"
        onnx.save(_network(stage, tint, resolution), str(path))
        stages[stage] = {"file": path.name, "sha256": file_sha256(path)}
    facts = {
        "family": "swap", "name": "tiny", "preset": "quick", "resolution": resolution,
        "people": ["Ann", "Bob"], "stages": stages, **card,
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(facts))
    return folder


def _network(stage: str, tint: tuple[float, float, float], size: int) -> onnx.ModelProto:
    given, made = ("faces", "code") if stage == "encode" else ("code", "picture")
    factor = numpy_helper.from_array(np.float32(tint).reshape(1, 3, 1, 1), "tint")
    shape = (1, 3, size, size)
    nodes = [helper.make_node("Mul", [given, "tint"], [made])]
    outputs = [helper.make_tensor_value_info(made, TensorProto.FLOAT, shape)]
    kept = [factor]
    if stage != "encode":
        kept.append(numpy_helper.from_array(np.ones((1, 1, size, size), np.float32), "ones"))
        nodes.append(helper.make_node("Identity", ["ones"], ["mask"]))
        outputs.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, (1, 1, size, size)))
    inputs = [helper.make_tensor_value_info(given, TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, stage, inputs, outputs, kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
