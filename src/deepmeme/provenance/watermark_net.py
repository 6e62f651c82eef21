"""The small network that tells the watermark from the picture it is in.

Four convolutions, trained on marked pictures after codecs, palettes and scaling (card: ``weights/
bundled/watermark``). It knows no signs: each is as likely as its opposite wherever it looks.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.openvino_core import openvino_core

SAMPLES = 2
"""Along each side of a cell."""
_BLUR = 2.0  # samples
_FLOOR = 0.35  # grey levels

Soft = NDArray[np.float32]


def soft_signs(grey: NDArray[np.floating]) -> Soft:
    """How likely each sample (h, w) of a picture lies under a +1, positive, or a -1, negative.

    ``grey``: grey levels, 0 to 255, two samples a cell.
    """
    return np.array(_network()({0: inputs(grey)[None]})[0][0, 0], np.float32)


def inputs(grey: NDArray[np.floating]) -> Soft:
    """What the network sees (2, h, w): detail in units of the detail around it, and as it is."""
    grey = np.asarray(grey, np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _BLUR)
    around = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _BLUR))
    return np.stack([np.clip(detail / (around + _FLOOR), -3, 3), np.clip(detail / 4, -2, 2)])


@cache
def _network() -> Callable[[dict[int, Any]], Any]:
    import openvino as ov
    from openvino import opset13 as op
    from safetensors.numpy import load

    path = resources.files("deepmeme.weights.bundled") / "watermark" / "reader.safetensors"
    weights = {name: array.astype(np.float32) for name, array in load(path.read_bytes()).items()}
    x = given = op.parameter([1, 2, -1, -1], np.float32)
    last = len(weights) // 2 - 1
    for index in range(last + 1):
        kernel, bias = weights[f"{index}.weight"], weights[f"{index}.bias"]
        pad = [kernel.shape[-1] // 2] * 2
        x = op.convolution(x, op.constant(kernel), [1, 1], pad, pad, [1, 1])
        x = op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))
        x = x if index == last else op.relu(x)
    # half the time where the processor knows bf16; the signs stay the same
    options = {"INFERENCE_PRECISION_HINT": "bf16", "PERFORMANCE_HINT": "LATENCY"}
    compiled: Callable[[dict[int, Any]], Any] = openvino_core().compile_model(
        ov.Model([x], [given]), "CPU", options
    )
    return compiled
