"""Fewer products, the same numbers as a plain convolution."""

from collections.abc import Callable

import numpy as np
import openvino as ov
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from openvino import opset13 as op

from deepmeme.runtime import openvino_winograd as winograd
from deepmeme.runtime.openvino_layers import Layers, Node


def run(x: NDArray[np.float32], draw: Callable[[Node], Node]) -> NDArray[np.float32]:
    parameter = op.parameter(list(x.shape), np.float32)
    model = ov.Model([op.result(draw(parameter))], [parameter], "test")
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled([x])[0])


@settings(max_examples=15, deadline=None)
@given(
    tiles=st.integers(1, 5),
    width=st.integers(1, 9),
    channels=st.integers(1, 20),
    outputs=st.integers(1, 20),
    seed=st.integers(0, 999),
)
def test_winograd_is_the_convolution(
    tiles: int, width: int, channels: int, outputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x = random.normal(size=(1, channels, 4 * tiles, width)).astype(np.float32)
    weight = random.normal(size=(outputs, channels, 3, 3)).astype(np.float32)
    bias = random.normal(size=outputs).astype(np.float32)

    def draw(node: Node) -> Node:
        rows = winograd.convolve_rows(winograd.split_rows(node), weight, bias)
        return winograd.join_rows(rows)

    plain = torch.nn.functional.conv2d(*(torch.from_numpy(a) for a in (x, weight, bias)), padding=1)
    np.testing.assert_allclose(run(x, draw), plain.numpy(), atol=3e-4)


@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 5), width=st.integers(1, 5), kernel=st.sampled_from([3, 7]))
def test_convolving_in_blocks_is_the_convolution(height: int, width: int, kernel: int) -> None:
    random = np.random.default_rng(height)
    x = random.normal(size=(1, 5, 2 * height, 2 * width)).astype(np.float32)
    weight = random.normal(size=(3, 5, kernel, kernel)).astype(np.float32)
    bias = random.normal(size=3).astype(np.float32)
    layers = Layers({"final.weight": weight, "final.bias": bias})
    pad = kernel // 2
    ours = run(x, lambda node: layers.conv_in_blocks(node, "final", pad=pad))
    plain = torch.nn.functional.conv2d(
        *(torch.from_numpy(a) for a in (x, weight, bias)), padding=pad
    )
    np.testing.assert_allclose(ours, plain.numpy(), atol=1e-4)
