"""Layers of the First Order Motion Model in OpenVINO's operations, from NumPy weights.

What is known before the first frame is done before the first frame: batch norms fold into
convolutions, a nearest-neighbour doubling followed by a 3x3 convolution becomes four 2x2 ones on
the small picture (4/9 of the arithmetic, the same numbers).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

Array = NDArray[Any]
Node = Any
"""An OpenVINO node; its Python bindings carry no types."""

BATCH_NORM_EPS = 1e-5


@dataclass(frozen=True)
class Layers:
    """Draws layers of one network from the arrays of its state dict."""

    weights: Mapping[str, Array]
    folded: bool = field(default=True)
    """Whether doubling and convolution become four small convolutions."""

    def _batch_norm(self, name: str) -> tuple[Array, Array]:
        """Scale and shift (c,) of a batch norm in evaluation mode."""
        w = self.weights
        scale = w[f"{name}.weight"] / np.sqrt(w[f"{name}.running_var"] + BATCH_NORM_EPS)
        return scale, w[f"{name}.bias"] - w[f"{name}.running_mean"] * scale

    def kernel(self, conv: str, norm: str | None = None) -> tuple[Array, Array]:
        """Weight (o, i, h, w) and bias (o,) of a convolution with its batch norm folded in."""
        weight = self.weights[f"{conv}.weight"].astype(np.float32)
        bias = self.weights[f"{conv}.bias"].astype(np.float32)
        if norm is not None:
            scale, shift = self._batch_norm(norm)
            weight, bias = weight * scale[:, None, None, None], bias * scale + shift
        return weight.astype(np.float32), bias.astype(np.float32)

    def conv(self, x: Node, name: str, *, norm: str | None = None, pad: int = 0) -> Node:
        """Convolution with bias, stride 1."""
        weight, bias = self.kernel(name, norm)
        return convolve(x, weight, bias, (pad, pad), (pad, pad), name)

    def same(self, x: Node, name: str) -> Node:
        """Convolution, batch norm, ReLU."""
        pad = self.weights[f"{name}.conv.weight"].shape[-1] // 2
        return op.relu(self.conv(x, f"{name}.conv", norm=f"{name}.norm", pad=pad))

    def down(self, x: Node, name: str) -> Node:
        """:meth:`same`, then 2x2 average pooling."""
        return op.avg_pool(self.same(x, name), [2, 2], [0, 0], [0, 0], [2, 2], True)

    def up(self, x: Node, name: str) -> Node:
        """Nearest-neighbour doubling, then :meth:`same`."""
        if not self.folded:
            height, width = spatial(x)
            doubled = op.interpolate(
                x,
                op.constant(np.array([2 * height, 2 * width])),
                "nearest",
                "sizes",
                axes=op.constant(np.array([2, 3])),
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
            return self.same(doubled, name)
        weight, bias = self.kernel(f"{name}.conv", f"{name}.norm")
        phases = []
        for row in (0, 1):
            for column in (0, 1):
                small = fold_phase(fold_phase(weight, row, axis=2), column, axis=3)
                phases.append(
                    op.relu(
                        convolve(
                            x, small, bias, (1 - row, 1 - column), (row, column),
                            f"{name}.conv.{row}{column}",
                        )
                    )
                )  # fmt: skip
        return op.depth_to_space(op.concat(phases, 1), "blocks_first", 2)

    def scaled(self, x: Node, norm: str) -> Node:
        """Batch norm alone, where no convolution comes before it."""
        scale, shift = (constant(array.reshape(1, -1, 1, 1)) for array in self._batch_norm(norm))
        return op.add(op.multiply(x, scale), shift)

    def heads(self, x: Node, names: Sequence[str], *, pad: int) -> list[Node]:
        """Several :meth:`conv` on one input, computed as one."""
        weights, biases = zip(*(self.kernel(name) for name in names), strict=True)
        both = convolve(
            x, np.concatenate(weights), np.concatenate(biases), (pad, pad), (pad, pad),
            "+".join(names),
        )  # fmt: skip
        sizes = op.constant(np.array([len(bias) for bias in biases]))
        return list(op.variadic_split(both, op.constant(np.int64(1)), sizes).outputs())

    def conv_in_blocks(self, x: Node, name: str, *, pad: int) -> Node:
        """:meth:`conv` for few output channels, on an even size: 2x2 pixels at one stroke.

        Processors compute 16 channels at a time; three colours of four pixels fill twelve lanes
        where three colours would fill three.
        """
        weight, bias = self.kernel(name)
        o, i, h, w = weight.shape
        blocks = np.zeros((o, 2, 2, i, h + 1, w + 1), np.float32)
        for row, column in np.ndindex(2, 2):
            blocks[:, row, column, :, row : row + h, column : column + w] = weight
        kernel = constant(blocks.reshape(4 * o, i, h + 1, w + 1))
        node = op.convolution(x, kernel, [2, 2], [pad, pad], [pad, pad], [1, 1])
        node.set_friendly_name(name)
        shifted = op.add(node, constant(np.repeat(bias, 4).reshape(1, -1, 1, 1)))
        return op.depth_to_space(shifted, "depth_first", 2)

    def hourglass(self, x: Node, name: str, num_blocks: int) -> Node:
        """U-Net with all skips."""
        levels = [x]
        for i in range(num_blocks):
            levels.append(self.down(levels[-1], f"{name}.encoder.down_blocks.{i}"))
        out = levels.pop()
        for i in range(num_blocks):
            out = self.up(out, f"{name}.decoder.up_blocks.{i}")
            out = op.concat([out, levels.pop()], 1)
        return out

    def shrink(self, x: Node, name: str, scale: float) -> Node:
        """The stored anti-alias blur, then every (1/scale)-th pixel."""
        if scale == 1:
            return x
        kernel = self.weights[f"{name}.weight"].astype(np.float32)  # (c, 1, n, n)
        stride, pad = int(1 / scale), kernel.shape[-1] // 2
        return op.group_convolution(
            x, constant(kernel[:, None]), [stride, stride], [pad, pad], [pad, pad], [1, 1]
        )


def fold_phase(weight: Array, phase: int, axis: int) -> Array:
    """The two taps that three taps become on a doubled axis, for even (0) or odd (1) outputs."""
    first, middle, last = np.split(weight, 3, axis=axis)
    taps = [first, middle + last] if phase == 0 else [first + middle, last]
    return np.concatenate(taps, axis=axis)


def constant(array: Array) -> Node:
    """A float32 constant."""
    return op.constant(np.ascontiguousarray(array, np.float32))


def convolve(
    x: Node,
    weight: Array,
    bias: Array,
    pads_begin: tuple[int, int],
    pads_end: tuple[int, int],
    name: str,
) -> Node:
    """Convolution plus bias; the convolution carries ``name`` for calibration."""
    node = op.convolution(x, constant(weight), [1, 1], list(pads_begin), list(pads_end), [1, 1])
    node.set_friendly_name(name)
    return op.add(node, constant(bias.reshape(1, -1, 1, 1)))


def spatial(x: Node) -> tuple[int, int]:
    """Height and width of a node's output."""
    shape = (x if isinstance(x, ov.Output) else x.output(0)).get_partial_shape()
    return shape[2].get_length(), shape[3].get_length()
