"""Int8 for any OpenVINO stage: ranges measured on real frames, written into the graph.

Each convolution's input gets one range for the whole tensor, each of its output channels one for
its weights; OpenVINO then runs it on 8-bit integers with 32-bit sums. Everything between the
convolutions (warps, softmax, sums) stays in floating point.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

from deepmeme.metrics.pictures import difference_db

Ranges = dict[str, tuple[float, float]]
"""Convolution's friendly name -> (lowest, highest) value of its input."""

FLOOR_DB = 36.0
"""int8 that comes no nearer than this to fp32 gives some convolutions back to floating point."""

CHECKED_FRAMES = 2

Feed = Mapping[str, NDArray[Any]]

CONVOLUTIONS = ("Convolution", "GroupConvolution")


def convolutions(model: ov.Model, *, skip: tuple[str, ...] = ()) -> list[Any]:
    """Those that are worth 8 bits: constant weights, more than 4 input channels, not skipped."""
    found = []
    for node in model.get_ordered_ops():
        if node.get_type_name() not in CONVOLUTIONS:
            continue
        weights = node.input_value(1)
        many_inputs = weights.get_partial_shape()[-3].get_length() > 4
        depthwise = node.get_type_name() == "GroupConvolution"
        if (many_inputs or depthwise) and not any(
            part in node.get_friendly_name() for part in skip
        ):
            found.append(node)
    return found


def measure_ranges(
    model: ov.Model, feeds: Iterable[Feed], core: ov.Core, *, skip: tuple[str, ...] = ()
) -> Ranges:
    """The range of every convolution's input that loses least over the feeds."""
    probe = model.clone()
    names = []
    first = len(probe.results)
    for node in convolutions(probe, skip=skip):
        names.append(node.get_friendly_name())
        probe.add_results([op.result(node.input_value(0))])
    compiled = core.compile_model(probe, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    samples: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for feed in feeds:
        results = compiled(dict(feed))
        for index, name in enumerate(names, first):
            samples[name].append(thinned(results[index]))
    return {name: best_range(np.concatenate(values)) for name, values in samples.items()}


def faithful_ranges(
    model: ov.Model, output: str, feeds: Sequence[Feed], ranges: Ranges, core: ov.Core
) -> tuple[Ranges, float]:
    """Ranges with which ``output`` (values in [0, 1]) keeps :data:`FLOOR_DB` to fp32.

    Heavy convolutions are given back to floating point, the first ones first, because what they
    round is carried through all that follows; bisection finds how many it takes.

    Returns:
        The ranges kept, and the PSNR in dB that they reach on the feeds.
    """
    feeds = feeds[:CHECKED_FRAMES]
    exact = outputs_of(model, output, feeds, core)
    order = [n.get_friendly_name() for n in convolutions(model) if n.get_friendly_name() in ranges]
    heavy = set(sorted(order, key=lambda name: -arithmetic(model, name))[: max(8, len(order) // 2)])
    candidates = [name for name in order if name in heavy]

    def without(count: int) -> tuple[Ranges, float]:
        dropped = set(candidates[:count])
        kept = {name: span for name, span in ranges.items() if name not in dropped}
        rounded = outputs_of(quantized(model, kept), output, feeds, core)
        return kept, min(99.0, difference_db(rounded - exact, 1))

    best = without(0)
    low, high = 0, len(candidates)
    if best[1] >= FLOOR_DB:
        return best
    while high - low > max(1, len(candidates) // 16):
        middle = (low + high) // 2
        tried = without(middle)
        if tried[1] >= FLOOR_DB:
            high, best = middle, tried
        else:
            low = middle
    return best if best[1] >= FLOOR_DB else without(high)


def arithmetic(model: ov.Model, name: str) -> int:
    """Multiplications of the convolution of that name."""
    node = next(node for node in convolutions(model) if node.get_friendly_name() == name)
    weights = [int(n) for n in node.input_value(1).get_shape()]
    height, width = node.output(0).get_shape()[-2:]
    return int(np.prod(weights)) * int(height) * int(width)


def outputs_of(
    model: ov.Model, output: str, feeds: Sequence[Feed], core: ov.Core
) -> NDArray[np.float32]:
    """One named output for every feed, stacked."""
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.stack([np.array(compiled(dict(feed))[output]) for feed in feeds])


def thinned(array: NDArray[np.float32], most: int = 8192) -> NDArray[np.float32]:
    """At most so many values at even, odd-sized steps, and the extremes."""
    flat = array.reshape(-1)
    step = max(1, flat.size // most) | 1
    return np.concatenate([flat[::step][:most], [flat.min(), flat.max()]])


def best_range(values: NDArray[np.float32]) -> tuple[float, float]:
    """The symmetric or from-zero range with the least squared rounding and clipping error."""
    low, high = float(values.min()), float(values.max())
    steps = 255 if low >= 0 else 127
    bound = max(-low, high, 1e-6)

    def error(fraction: float) -> float:
        step = bound * fraction / steps
        rounded = np.clip(np.rint(values / step), -steps - 1, steps) * step
        return float(np.square(rounded - values).sum())

    best = bound * min(np.linspace(0.3, 1, 36), key=error)
    return (0.0 if low >= 0 else -best, best)


def quantized(model: ov.Model, ranges: Ranges) -> ov.Model:
    """A copy in which every convolution named in ``ranges`` reads and multiplies 8-bit integers."""
    model = model.clone()
    shared: dict[tuple[str, int], Any] = {}
    for node in convolutions(model):
        if node.get_friendly_name() not in ranges:
            continue
        low, high = ranges[node.get_friendly_name()]
        value = node.input_value(0)
        key = (value.get_node().get_friendly_name(), value.get_index())
        if key not in shared:
            shared[key] = fake_quantize(value, *activation_range(low, high), levels=256)
        node.input(0).replace_source_output(shared[key].output(0))
        weights = node.input_value(1)
        node.input(1).replace_source_output(quantized_weights(weights).output(0))
    model.validate_nodes_and_infer_types()
    return model


def activation_range(low: float, high: float) -> tuple[float, float]:
    """What 256 levels span: from zero after a ReLU, else with zero exactly on a level."""
    return (0.0, high) if low >= 0 else (low, high * 127 / 128)


def quantized_weights(weights: Any) -> Any:
    """Symmetric, one scale an output channel."""
    node = weights.get_node()
    array = constant_value(node)
    grouped = array.ndim == 5
    axes = tuple(range(2 if grouped else 1, array.ndim))
    bound = np.maximum(np.abs(array).max(axes, keepdims=True), 1e-8).astype(np.float32)
    return fake_quantize(op.constant(array).output(0), -bound, bound, levels=255)


def constant_value(node: Any) -> NDArray[np.float32]:
    """The float32 array behind a constant, through a conversion from float16 if there is one."""
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    return np.asarray(node.get_data(), np.float32)


def fake_quantize(value: Any, low: Any, high: Any, *, levels: int) -> Any:
    """Rounds to ``levels`` steps between low and high."""
    low, high = (op.constant(np.asarray(bound, np.float32)) for bound in (low, high))
    return op.fake_quantize(value, low, high, low, high, levels)
