"""The state dict that a configuration must have, by arithmetic: name -> shape, without torch."""

from collections.abc import Iterator

from deepmeme.models.motion.config import DiscriminatorConfig, MotionConfig
from deepmeme.nn.kernels import gaussian_kernel, shrink_sigma

Shape = tuple[int, ...]
Shapes = dict[str, Shape]


def expected_shapes(config: MotionConfig) -> dict[str, Shapes]:
    """Every entry of 'generator', 'kp_detector' and 'discriminator' with its shape."""
    return {
        "generator": dict(_generator(config)),
        "kp_detector": dict(_kp_detector(config)),
        "discriminator": dict(_discriminator(config.discriminator)),
    }


def _width(block_expansion: int, max_features: int, level: int) -> int:
    return int(min(max_features, block_expansion * 2**level))


def _conv(name: str, out: int, into: int, size: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (out, into, size, size)
    yield f"{name}.bias", (out,)


def _norm(name: str, features: int) -> Iterator[tuple[str, Shape]]:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (features,)
    yield f"{name}.num_batches_tracked", ()


def _block(name: str, out: int, into: int, size: int = 3) -> Iterator[tuple[str, Shape]]:
    yield from _conv(f"{name}.conv", out, into, size)
    yield from _norm(f"{name}.norm", out)


def _hourglass(
    name: str, into: int, block_expansion: int, max_features: int, num_blocks: int
) -> Iterator[tuple[str, Shape]]:
    widths = [into] + [_width(block_expansion, max_features, i + 1) for i in range(num_blocks)]
    for i in range(num_blocks):
        yield from _block(f"{name}.encoder.down_blocks.{i}", widths[i + 1], widths[i])
    for i in range(num_blocks):
        level = num_blocks - 1 - i
        below = _width(block_expansion, max_features, level + 1) * (1 if i == 0 else 2)
        out = _width(block_expansion, max_features, level)
        yield from _block(f"{name}.decoder.up_blocks.{i}", out, below)


def _down(
    name: str, channels: int, scale: float, sigma: float | None
) -> Iterator[tuple[str, Shape]]:
    if scale != 1:
        size = gaussian_kernel(shrink_sigma(scale) if sigma is None else sigma).shape[0]
        yield f"{name}.weight", (channels, 1, size, size)


def _generator(config: MotionConfig) -> Iterator[tuple[str, Shape]]:
    g, d = config.generator, config.generator.dense_motion
    dense = "dense_motion_network"
    into = (g.num_kp + 1) * (g.num_channels + 1)
    yield from _hourglass(
        f"{dense}.hourglass", into, d.block_expansion, d.max_features, d.num_blocks
    )
    features = d.block_expansion + into
    yield from _conv(f"{dense}.mask", g.num_kp + 1, features, 7)
    if g.estimate_occlusion_map:
        yield from _conv(f"{dense}.occlusion", 1, features, 7)
    yield from _down(f"{dense}.down", g.num_channels, d.scale_factor, config.antialias_sigma)
    widths = [_width(g.block_expansion, g.max_features, i) for i in range(g.num_down_blocks + 1)]
    yield from _block("first", widths[0], g.num_channels, 7)
    for i in range(g.num_down_blocks):
        yield from _block(f"down_blocks.{i}", widths[i + 1], widths[i])
    for i in range(g.num_down_blocks):
        yield from _block(f"up_blocks.{i}", widths[-2 - i], widths[-1 - i])
    for i in range(g.num_bottleneck_blocks):
        name, deep = f"bottleneck.r{i}", widths[-1]
        for half in "12":
            yield from _conv(f"{name}.conv{half}", deep, deep, 3)
        for half in "12":
            yield from _norm(f"{name}.norm{half}", deep)
    yield from _conv("final", g.num_channels + g.keep_source, widths[0], 7)


def _kp_detector(config: MotionConfig) -> Iterator[tuple[str, Shape]]:
    k = config.keypoints
    yield from _hourglass(
        "predictor", k.num_channels, k.block_expansion, k.max_features, k.num_blocks
    )
    features = k.block_expansion + k.num_channels
    yield from _conv("kp", k.num_kp, features, 7)
    if k.estimate_jacobian:
        maps = 1 if k.single_jacobian_map else k.num_kp
        yield from _conv("jacobian", 4 * maps, features, 7)
    yield from _down("down", k.num_channels, k.scale_factor, config.antialias_sigma)


def _patch_conv(
    name: str, out: int, into: int, size: int, *, sn: bool
) -> Iterator[tuple[str, Shape]]:
    if not sn:
        yield from _conv(name, out, into, size)
        return
    yield f"{name}.bias", (out,)
    yield f"{name}.weight_orig", (out, into, size, size)
    yield f"{name}.weight_u", (out,)
    yield f"{name}.weight_v", (into * size * size,)


def _discriminator(config: DiscriminatorConfig) -> Iterator[tuple[str, Shape]]:
    into = config.num_channels + (config.num_kp if config.use_kp else 0)
    widths = [into] + [
        _width(config.block_expansion, config.max_features, i + 1) for i in range(config.num_blocks)
    ]
    for scale in config.scales:
        disc = "discs." + f"{scale:g}".replace(".", "-")
        for i in range(config.num_blocks):
            block = f"{disc}.down_blocks.{i}"
            yield from _patch_conv(f"{block}.conv", widths[i + 1], widths[i], 4, sn=config.sn)
            if i:
                yield f"{block}.norm.weight", (widths[i + 1],)
                yield f"{block}.norm.bias", (widths[i + 1],)
        yield from _patch_conv(f"{disc}.conv", 1, widths[-1], 1, sn=config.sn)
