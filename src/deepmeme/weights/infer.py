"""A configuration read off the tensors' names and shapes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import log, sqrt
from typing import Any

from deepmeme.errors import WeightsError
from deepmeme.models.motion.config import (
    DenseMotionConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    KeypointDetectorConfig,
    MotionConfig,
    presets,
    same_networks,
)
from deepmeme.weights.shapes import Shape, expected_shapes
from deepmeme.weights.stored import StoredTensor

Section = Mapping[str, StoredTensor]


def infer_config(sections: Mapping[str, Section], *, hint: str = "") -> MotionConfig:
    """What the networks must have been built from.

    Shapes cannot tell temperature, padding, kp_variance or vox-512's scale factor: those are the
    reference's defaults, or a preset's whose name is in ``hint`` (the file's name).

    Raises:
        WeightsError: a key that every First Order Motion Model has is missing.
    """
    try:
        generator = _generator(sections["generator"])
        keypoints = _keypoints(sections["kp_detector"])
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        raise WeightsError(
            f"the checkpoint is no First Order Motion Model: {error} is missing or ill-shaped"
        ) from error
    discriminator = DiscriminatorConfig()
    if "discriminator" in sections:
        discriminator = _discriminator(sections["discriminator"], generator.num_kp)
    config = MotionConfig(
        name="inferred",
        keypoints=keypoints,
        generator=replace(generator, estimate_jacobian=keypoints.estimate_jacobian),
        discriminator=discriminator,
    )
    return _named(config, sections, hint)


def _named(config: MotionConfig, sections: Mapping[str, Section], hint: str) -> MotionConfig:
    """The preset that it is, where that is certain enough."""
    known = presets()
    if "512" in hint and fits(known["vox-512"], sections):
        return replace(known["vox-512"], discriminator=config.discriminator)
    alike = [
        preset
        for preset in known.values()
        if same_networks(preset, config)
        and ("discriminator" not in sections or preset.discriminator == config.discriminator)
    ]
    # longest first, so that vox-adv-cpk is not taken for vox
    by_length = sorted(alike, key=lambda preset: -len(preset.name))
    for preset in by_length:
        word = re.escape(preset.name.rsplit("-", 1)[0])
        if re.search(rf"(?<![a-z]){word}(?![a-z])", hint.lower()):
            return preset
    return replace(config, name=alike[0].name) if len(alike) == 1 else config


def fits(config: MotionConfig, sections: Mapping[str, Section]) -> bool:
    """Whether generator and keypoint detector have exactly the configuration's shapes."""
    return not differences(config, sections)


def differences(config: MotionConfig, sections: Mapping[str, Section]) -> list[str]:
    """'section: key: expected ..., found ...' for every entry that differs."""
    found: list[str] = []
    for name, table in expected_shapes(config).items():
        if name not in sections:
            if name != "discriminator":
                found.append(f"{name}: missing altogether")
            continue
        if name == "discriminator":
            continue
        section = sections[name]
        for key, shape in table.items():
            if key not in section:
                if not optional(key):
                    found.append(f"{name}: {key}: expected {shape}, missing")
            elif section[key].shape != shape:
                found.append(f"{name}: {key}: expected {shape}, found {section[key].shape}")
        extra = [key for key in section if key not in table]
        found += [f"{name}: {key}: unexpected, shape {section[key].shape}" for key in extra]
    return found


def optional(key: str) -> bool:
    """Entries that old or slimmed files leave out and that follow from the configuration."""
    return key.endswith(("num_batches_tracked", "down.weight"))


def fitting_presets(sections: Mapping[str, Section]) -> list[str]:
    """Names of the published configurations that have these shapes, the discriminator counted."""
    names = []
    for name, preset in presets().items():
        if not fits(preset, sections):
            continue
        table = expected_shapes(preset)["discriminator"]
        judge = sections.get("discriminator")
        if judge is None or {k: v.shape for k, v in judge.items()} == table:
            names.append(name)
    return names


def kernel_sigma(kernel: Any) -> float:
    """Sigma of a stored Gaussian (c, 1, n, n), from its middle row."""
    size = int(kernel.shape[-1])
    middle = size // 2
    if size < 3:
        return 0.125
    centre, beside = float(kernel[0, 0, middle, middle]), float(kernel[0, 0, middle, middle + 1])
    if not 0 < beside < centre:
        return (size - 1) / 8
    return round(sqrt(1 / (2 * log(centre / beside))), 3)


def _count(keys: Section, pattern: str) -> int:
    found = [int(m[1]) for key in keys if (m := re.match(pattern, key))]
    return max(found, default=-1) + 1


def _cap(widths: list[int], block_expansion: int, first_level: int, default: int) -> int:
    """max_features: seen where a width stops doubling, else the default or the largest width."""
    for i, width in enumerate(widths):
        if width != block_expansion * 2 ** (first_level + i):
            return width
    return default if default >= widths[-1] else widths[-1]


def _scale(section: Section, key: str) -> float:
    if key not in section:
        return 1.0
    sigma = kernel_sigma(section[key].array())
    return round(1 / (2 * sigma + 1), 4)


def _shape(section: Section, key: str) -> Shape:
    return section[key].shape


def _hourglass(section: Section, name: str, default: int) -> tuple[int, int, int]:
    """(block_expansion, max_features, num_blocks)."""
    blocks = _count(section, re.escape(name) + r"\.encoder\.down_blocks\.(\d+)\.")
    last = _shape(section, f"{name}.decoder.up_blocks.{blocks - 1}.conv.weight")[0]
    widths = [
        _shape(section, f"{name}.encoder.down_blocks.{i}.conv.weight")[0] for i in range(blocks)
    ]
    return last, _cap(widths, last, 1, default), blocks


def _generator(section: Section) -> GeneratorConfig:
    dense = "dense_motion_network"
    expansion, most, blocks = _hourglass(section, f"{dense}.hourglass", 1024)
    first = _shape(section, "first.conv.weight")
    downs = _count(section, r"down_blocks\.(\d+)\.")
    widths = [first[0]] + [_shape(section, f"down_blocks.{i}.conv.weight")[0] for i in range(downs)]
    return GeneratorConfig(
        num_channels=first[1],
        num_kp=_shape(section, f"{dense}.mask.weight")[0] - 1,
        block_expansion=first[0],
        max_features=_cap(widths, first[0], 0, 512),
        num_down_blocks=downs,
        num_bottleneck_blocks=_count(section, r"bottleneck\.r(\d+)\."),
        estimate_occlusion_map=f"{dense}.occlusion.weight" in section,
        keep_source=_shape(section, "final.weight")[0] == first[1] + 1,
        dense_motion=DenseMotionConfig(
            expansion, most, blocks, _scale(section, f"{dense}.down.weight")
        ),
    )


def _keypoints(section: Section) -> KeypointDetectorConfig:
    expansion, most, blocks = _hourglass(section, "predictor", 1024)
    num_kp = _shape(section, "kp.weight")[0]
    maps = _shape(section, "jacobian.weight")[0] // 4 if "jacobian.weight" in section else 0
    return KeypointDetectorConfig(
        num_kp=num_kp,
        num_channels=_shape(section, "predictor.encoder.down_blocks.0.conv.weight")[1],
        block_expansion=expansion,
        max_features=most,
        num_blocks=blocks,
        scale_factor=_scale(section, "down.weight"),
        estimate_jacobian=maps > 0,
        single_jacobian_map=maps == 1 and num_kp > 1,
    )


def _discriminator(section: Section, num_kp: int) -> DiscriminatorConfig:
    scales = sorted({key.split(".")[1] for key in section if key.startswith("discs.")})
    if not scales:
        return DiscriminatorConfig()
    disc = f"discs.{scales[0]}"
    sn = f"{disc}.conv.weight_orig" in section
    weight = "weight_orig" if sn else "weight"
    blocks = _count(section, re.escape(disc) + r"\.down_blocks\.(\d+)\.")
    shapes = [_shape(section, f"{disc}.down_blocks.{i}.conv.{weight}") for i in range(blocks)]
    expansion = shapes[0][0] // 2
    use_kp = shapes[0][1] > num_kp
    return DiscriminatorConfig(
        num_channels=shapes[0][1] - (num_kp if use_kp else 0),
        block_expansion=expansion,
        num_blocks=blocks,
        max_features=_cap([shape[0] for shape in shapes], expansion, 1, 512),
        scales=tuple(sorted((float(s.replace("-", ".")) for s in scales), reverse=True)),
        sn=sn,
        use_kp=use_kp,
        num_kp=num_kp,
    )
