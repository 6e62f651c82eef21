"""The First Order Motion Model drawn directly in OpenVINO's operations, from NumPy weights.

No PyTorch is needed to run a published checkpoint, and what is known before the first frame, as
Gaussians and grids, is a constant.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import openvino as ov
from openvino import opset13 as op

from deepmeme.models.motion.config import (
    DenseMotionConfig,
    GeneratorConfig,
    KeypointDetectorConfig,
    MotionConfig,
)
from deepmeme.runtime import openvino_winograd as winograd
from deepmeme.runtime.openvino_layers import Array, Layers, Node, constant, convolve, spatial


def grid_constants(height: int, width: int) -> tuple[Node, Node]:
    """x and y of the corner-aligned grid, each (1, 1, h, w)."""
    x = np.broadcast_to(np.linspace(-1, 1, width, dtype=np.float32), (height, width))
    y = np.broadcast_to(np.linspace(-1, 1, height, dtype=np.float32)[:, None], (height, width))
    return constant(x[None, None]), constant(y[None, None])


def split_xy(points: Node, num_kp: int) -> tuple[Node, Node]:
    """(1, k, 2) -> x and y, each (1, k, 1, 1)."""
    x, y = op.split(points, op.constant(np.int64(2)), 2).outputs()
    shape = op.constant(np.array([1, num_kp, 1, 1]))
    return op.reshape(x, shape, False), op.reshape(y, shape, False)


def gaussians(dx: Node, dy: Node, variance: float) -> Node:
    """exp(-(dx^2 + dy^2) / (2 variance))."""
    distance = op.add(op.multiply(dx, dx), op.multiply(dy, dy))
    return op.exp(op.multiply(distance, constant(np.float32(-0.5 / variance))))


def detector_model(
    config: KeypointDetectorConfig, weights: Mapping[str, Array], height: int, width: int
) -> ov.Model:
    """Stage ``detect``: frames (1, 3, h, w) -> xy, jacobian."""
    layers = Layers(weights)
    frames = op.parameter([1, config.num_channels, height, width], np.float32, name="frames")
    small = layers.shrink(frames, "down", config.scale_factor)
    features = layers.hourglass(small, "predictor", config.num_blocks)
    logits = layers.conv(features, "kp", pad=config.pad)
    h, w = spatial(logits)
    k = config.num_kp
    flat = op.reshape(logits, op.constant(np.array([1, k, h * w])), False)
    heatmaps = op.softmax(op.divide(flat, constant(np.float32(config.temperature))), 2)
    grid = np.stack(
        np.broadcast_arrays(np.linspace(-1, 1, w), np.linspace(-1, 1, h)[:, None]), -1
    ).reshape(1, h * w, 2)
    results = [named(op.matmul(heatmaps, constant(grid), False, False), "xy")]
    if config.estimate_jacobian:
        maps = 1 if config.single_jacobian_map else k
        entries = layers.conv(features, "jacobian", pad=config.pad)
        entries = op.reshape(entries, op.constant(np.array([1, maps, 4, h * w])), False)
        weighted = op.multiply(op.unsqueeze(heatmaps, op.constant(np.int64(2))), entries)
        sums = op.reduce_sum(weighted, op.constant(np.array([3])), False)
        jacobian = op.reshape(sums, op.constant(np.array([1, k, 2, 2])), False)
        results.append(named(jacobian, "jacobian"))
    return ov.Model(results, [frames], "detect")


def encoder_model(
    config: GeneratorConfig, weights: Mapping[str, Array], height: int, width: int
) -> ov.Model:
    """Stage ``encode``: source (1, 3, h, w) -> features, small, and the picture if it is kept."""
    layers = Layers(weights)
    source = op.parameter([1, config.num_channels, height, width], np.float32, name="source")
    features = layers.same(source, "first")
    for i in range(config.num_down_blocks):
        features = layers.down(features, f"down_blocks.{i}")
    small = layers.shrink(source, "dense_motion_network.down", config.dense_motion.scale_factor)
    results = [named(features, "features"), named(small, "small")]
    if config.keep_source:
        results.append(named(op.convert(source, np.float32), "picture"))
    return ov.Model(results, [source], "encode")


def named(node: Node, name: str) -> Node:
    """A result under a tensor name."""
    result = op.result(node)
    result.output(0).get_tensor().set_names({name})
    return result


@dataclass(frozen=True)
class MotionNodes:
    """What dense motion leaves behind, as nodes."""

    deformation: Node  # (1, h, w, 2)
    occlusion: Node | None  # (1, 1, h, w)


class KeypointInputs:
    """Parameters of the keypoints of source and driving, and what Eq. 4 needs of them."""

    def __init__(self, num_kp: int, has_jacobian: bool) -> None:
        self.num_kp = num_kp
        self.parameters: list[Node] = []
        self.source_xy = self._parameter("source_xy", [1, num_kp, 2])
        self.driving_xy = self._parameter("driving_xy", [1, num_kp, 2])
        self.affine: list[Node] | None = None
        if has_jacobian:
            source = self._parameter("source_jacobian", [1, num_kp, 2, 2])
            driving = self._parameter("driving_jacobian", [1, num_kp, 2, 2])
            self.affine = self._compose(source, driving)

    def _parameter(self, name: str, shape: list[int]) -> Node:
        parameter = op.parameter(shape, np.float32, name=name)
        parameter.output(0).get_tensor().set_names({name})
        self.parameters.append(parameter)
        return parameter

    def _entries(self, matrix: Node) -> list[Node]:
        flat = op.reshape(matrix, op.constant(np.array([1, self.num_kp, 4])), False)
        shape = op.constant(np.array([1, self.num_kp, 1, 1]))
        parts = op.split(flat, op.constant(np.int64(2)), 4).outputs()
        return [op.reshape(part, shape, False) for part in parts]

    def _compose(self, source: Node, driving: Node) -> list[Node]:
        """The four entries of J_S J_D^-1, each (1, k, 1, 1)."""
        s00, s01, s10, s11 = self._entries(source)
        a, b, c, d = self._entries(driving)
        determinant = op.subtract(op.multiply(a, d), op.multiply(b, c))

        def over(left: Node, x: Node, right: Node, y: Node) -> Node:
            product = op.subtract(op.multiply(left, x), op.multiply(right, y))
            return op.divide(product, determinant)

        return [over(s00, d, s01, c), over(s01, a, s00, b),
                over(s10, d, s11, c), over(s11, a, s10, b)]  # fmt: skip


def dense_motion(
    layers: Layers,
    config: DenseMotionConfig,
    generator: GeneratorConfig,
    small: Node,
    inputs: KeypointInputs,
    align_corners: bool,
) -> MotionNodes:
    """Small source and keypoints -> deformation and occlusion."""
    prefix, k = "dense_motion_network", generator.num_kp
    height, width = spatial(small)
    grid_x, grid_y = grid_constants(height, width)
    source_x, source_y = split_xy(inputs.source_xy, k)
    driving_x, driving_y = split_xy(inputs.driving_xy, k)
    dx, dy = op.subtract(grid_x, driving_x), op.subtract(grid_y, driving_y)  # (1, k, h, w)
    here = gaussians(
        op.subtract(grid_x, source_x), op.subtract(grid_y, source_y), config.kp_variance
    )
    heat = op.subtract(gaussians(dx, dy, config.kp_variance), here)
    heat = op.concat([constant(np.zeros((1, 1, height, width))), heat], 1)
    if inputs.affine is not None:
        a, b, c, d = inputs.affine
        dx, dy = (
            op.add(op.multiply(a, dx), op.multiply(b, dy)),
            op.add(op.multiply(c, dx), op.multiply(d, dy)),
        )
    motion_x = op.concat([grid_x, op.add(dx, source_x)], 1)  # (1, k + 1, h, w)
    motion_y = op.concat([grid_y, op.add(dy, source_y)], 1)

    last, first = op.constant(np.int64(-1)), op.constant(np.int64(0))
    motions = op.concat([op.unsqueeze(motion_x, last), op.unsqueeze(motion_y, last)], 4)
    grids = op.squeeze(motions, first)  # (k + 1, h, w, 2)
    repeated = op.broadcast(
        small, op.constant(np.array([k + 1, generator.num_channels, height, width]))
    )
    candidates = sample(repeated, grids, align_corners)  # (k + 1, 3, h, w)
    heat_slots = op.reshape(heat, op.constant(np.array([k + 1, 1, height, width])), False)
    stacked = op.concat([heat_slots, candidates], 1)
    channels = (k + 1) * (generator.num_channels + 1)
    stacked = op.reshape(stacked, op.constant(np.array([1, channels, height, width])), False)

    features = layers.hourglass(stacked, f"{prefix}.hourglass", config.num_blocks)
    names = ["mask", "occlusion"] if generator.estimate_occlusion_map else ["mask"]
    mask, *seen = layers.heads(features, [f"{prefix}.{name}" for name in names], pad=3)
    assignment = op.softmax(mask, 1)
    axis = op.constant(np.array([1]))
    x = op.reduce_sum(op.multiply(assignment, motion_x), axis, False)
    y = op.reduce_sum(op.multiply(assignment, motion_y), axis, False)
    deformation = op.concat([op.unsqueeze(x, last), op.unsqueeze(y, last)], 3)
    return MotionNodes(deformation, op.sigmoid(seen[0]) if seen else None)


def sample(image: Node, grid: Node, align_corners: bool) -> Node:
    """Bilinear sampling with zeros outside."""
    return op.grid_sample(
        image,
        grid,
        {"align_corners": align_corners, "mode": "bilinear", "padding_mode": "zeros"},
    )


def resize(x: Node, height: int, width: int, mode: str = "half_pixel") -> Node:
    """Bilinear over axes 2 and 3; ``mode`` says where pixels lie."""
    if spatial(x) == (height, width):
        return x
    return op.interpolate(
        x,
        op.constant(np.array([height, width])),
        "linear",
        "sizes",
        axes=op.constant(np.array([2, 3])),
        coordinate_transformation_mode=mode,
    )


def gate(features: Node, motion: MotionNodes, align_corners: bool) -> Node:
    """Warp the features, then dim what the source does not show (Eq. 8)."""
    height, width = spatial(features)
    to_first = op.constant(np.array([0, 3, 1, 2]))
    to_last = op.constant(np.array([0, 2, 3, 1]))
    planes = resize(op.transpose(motion.deformation, to_first), height, width)
    warped = sample(features, op.transpose(planes, to_last), align_corners)
    if motion.occlusion is None:
        return warped
    return op.multiply(warped, resize(motion.occlusion, height, width))


def residual(layers: Layers, parts: list[Node], name: str) -> list[Node]:
    """Pre-activation residual block, on the one whole picture or on its row phases."""

    def convolved(pictures: list[Node], conv: str, norm: str | None = None) -> list[Node]:
        weight, bias = layers.kernel(f"{name}.{conv}", norm)
        if len(pictures) > 1:
            return winograd.convolve_rows(pictures, weight, bias)
        return [convolve(pictures[0], weight, bias, (1, 1), (1, 1), f"{name}.{conv}")]

    out = [op.relu(layers.scaled(part, f"{name}.norm1")) for part in parts]
    out = [op.relu(part) for part in convolved(out, "conv1", f"{name}.norm2")]
    return [op.add(a, b) for a, b in zip(convolved(out, "conv2"), parts, strict=True)]


def bottleneck(layers: Layers, x: Node, num_blocks: int, *, fewer_products: bool) -> Node:
    """The residual blocks; with ``fewer_products`` by Winograd's convolution where it fits."""
    fits = fewer_products and spatial(x)[0] % winograd.ROWS == 0
    parts = winograd.split_rows(x) if fits else [x]
    for i in range(num_blocks):
        parts = residual(layers, parts, f"bottleneck.r{i}")
    return parts[0] if len(parts) == 1 else winograd.join_rows(parts)


def renderer_model(
    config: MotionConfig,
    weights: Mapping[str, Array],
    encoder: ov.Model,
    *,
    fewer_products: bool = False,
) -> ov.Model:
    """Stage ``render``: features, small, keypoints -> prediction, deformation, occlusion.

    ``fewer_products`` is for arithmetic in float32: it costs precision that fewer bits don't have.
    """
    generator, layers = config.generator, Layers(weights)
    shapes = {out.get_any_name(): list(out.shape) for out in encoder.outputs}
    encoded = {name: op.parameter(shape, np.float32, name=name) for name, shape in shapes.items()}
    for name, node in encoded.items():
        node.output(0).get_tensor().set_names({name})
    features, small, picture = encoded["features"], encoded["small"], encoded.get("picture")
    inputs = KeypointInputs(generator.num_kp, generator.estimate_jacobian)
    motion = dense_motion(
        layers, generator.dense_motion, generator, small, inputs, config.align_corners
    )
    out = gate(features, motion, config.align_corners)
    blocks = generator.num_bottleneck_blocks
    out = bottleneck(layers, out, blocks, fewer_products=fewer_products)
    for i in range(generator.num_down_blocks):
        out = layers.up(out, f"up_blocks.{i}")
    prediction = op.sigmoid(layers.conv_in_blocks(out, "final", pad=3))
    seen = motion.occlusion
    if picture is not None:
        prediction, seen = keep_source(picture, prediction, motion)
    results = [named(prediction, "prediction"), named(motion.deformation, "deformation")]
    if seen is not None:
        results.append(named(seen, "occlusion"))
    return ov.Model(results, [*encoded.values(), *inputs.parameters], "render")


def keep_source(picture: Node, painted: Node, motion: MotionNodes) -> tuple[Node, Node]:
    """The moved picture where the last channel of ``painted`` keeps it, and that share."""
    channels = list(picture.output(0).shape)[1]
    sizes = op.constant(np.array([channels, 1]))
    paint, kept = op.variadic_split(painted, op.constant(np.int64(1)), sizes).outputs()
    moved = move_picture(picture, motion.deformation)
    return op.add(paint, op.multiply(kept, op.subtract(moved, paint))), kept


def move_picture(picture: Node, deformation: Node) -> Node:
    """A picture where a coarser deformation points: corners on corners, the rim goes on."""
    to_first, to_last = op.constant(np.array([0, 3, 1, 2])), op.constant(np.array([0, 2, 3, 1]))
    planes = resize(op.transpose(deformation, to_first), *spatial(picture), mode="align_corners")
    return op.grid_sample(
        picture,
        op.transpose(planes, to_last),
        {"align_corners": True, "mode": "bilinear", "padding_mode": "border"},
    )
