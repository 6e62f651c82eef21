"""The networks of a model folder, one ONNX file each, ready to run on the CPU."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.openvino_core import name_of, openvino_core
from deepmeme.weights.folder import checked_file, read_card

Floats = NDArray[np.float32]
Stage = Callable[[Floats], dict[str, Floats]]
"""One input; outputs by name."""
HINTS = {"fp32": "f32", "bf16": "bf16"}


def open_stage(folder: Path, stage: str, *, precision: str = "fp32") -> Stage:
    """The network that ``model.json`` calls so.

    Raises:
        InputError: an unknown precision.
        WeightsError: its file is missing or damaged.
    """
    if precision not in HINTS:
        raise InputError(f"precision={precision!r}: choose from {', '.join(HINTS)}.")
    stages = read_card(folder).get("stages")
    if not isinstance(stages, Mapping) or stage not in stages:
        raise WeightsError(f"{folder / 'model.json'} names no network {stage!r}.")
    path = checked_file(folder, stages[stage])
    core = openvino_core()
    settings = {
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "INFERENCE_NUM_THREADS": os.cpu_count() or 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    model: Any = core.compile_model(core.read_model(path), "CPU", settings)
    request = model.create_infer_request()
    names = [name_of(port) for port in model.outputs]

    def run(value: Floats) -> dict[str, Floats]:
        request.infer([np.ascontiguousarray(value)], share_inputs=True)
        return {
            name: np.array(request.get_output_tensor(place).data, np.float32)
            for place, name in enumerate(names)
        }

    return run
