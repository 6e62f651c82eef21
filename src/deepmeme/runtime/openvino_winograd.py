"""Half the multiplications of a 3x3 convolution: four rows of the result from six products.

Winograd's minimal filtering F(4, 3) along the height (Lavin & Gray, "Fast Algorithms for
Convolutional Neural Networks", 2016, sections 2 and 4). Between convolutions a picture stays split
into its four *row phases*, rows 0, 4, 8..., rows 1, 5, 9... and so on: six rows that meet under a
tile are then the same row of six pictures, and every transform is a weighted sum of pictures.
Along the width nothing changes; there each product is an ordinary convolution with a 1x3 kernel.
"""

from collections.abc import Sequence

import numpy as np
from openvino import opset13 as op

from deepmeme.runtime.openvino_layers import Array, Node, constant, spatial

ROWS = 4
"""Rows of a tile, so many phases: m of F(m, 3)."""

INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
"""B^T: six input rows to the six factors (points 0, 1, -1, 2, -2 and infinity)."""

KERNEL = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
"""G: three kernel rows to the six other factors."""

OUTPUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
"""A^T: six products to four output rows."""


def split_rows(x: Node) -> list[Node]:
    """(1, c, h, w), h a multiple of 4 -> its four row phases (1, c, h/4, w)."""
    height = spatial(x)[0]
    return [cut_rows(x, first, height, ROWS) for first in range(ROWS)]


def join_rows(phases: Sequence[Node]) -> Node:
    """The inverse of :func:`split_rows`."""
    height, width = spatial(phases[0])
    axis = op.constant(np.int64(3))
    stacked = op.concat([op.unsqueeze(phase, axis) for phase in phases], 3)
    return op.reshape(stacked, op.constant(np.array([1, -1, ROWS * height, width])), False)


def convolve_rows(phases: Sequence[Node], weight: Array, bias: Array) -> list[Node]:
    """3x3 convolution with bias and one pixel of zeros around; row phases in, row phases out."""
    height, width = spatial(phases[0])
    zeros = constant(np.zeros((1, weight.shape[1], 1, width)))
    above = op.concat([zeros, cut_rows(phases[-1], 0, height - 1)], 2)
    below = op.concat([cut_rows(phases[0], 1, height), zeros], 2)
    tile = [above, *phases, below]
    kernels = np.einsum("kt,oitw->koiw", KERNEL, weight.astype(np.float64))[:, :, :, None]
    products = [
        op.convolution(weighted_sum(row, tile), constant(kernel), [1, 1], [0, 1], [0, 1], [1, 1])
        for row, kernel in zip(INPUT, kernels, strict=True)
    ]
    shift = constant(bias.reshape(1, -1, 1, 1))
    return [op.add(weighted_sum(row, products), shift) for row in OUTPUT]


def cut_rows(x: Node, first: int, end: int, step: int = 1) -> Node:
    """Rows ``first:end:step``."""
    first, end, step, axis = (op.constant(np.array([n])) for n in (first, end, step, 2))
    return op.slice(x, first, end, step, axis)


def weighted_sum(weights: Array, pictures: Sequence[Node]) -> Node:
    """The sum of weight times picture, where the weight isn't 0."""
    terms = [
        picture if weight == 1 else op.multiply(picture, constant(np.full((1, 1, 1, 1), weight)))
        for weight, picture in zip(weights, pictures, strict=True)
        if weight
    ]
    total = terms[0]
    for term in terms[1:]:
        total = op.add(total, term)
    return total
