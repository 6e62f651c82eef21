"""What the motion networks are built from: plain numbers, no torch.

Presets are the published models; YAML is the reference's file format; JSON is ours.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from math import isfinite
from reprlib import repr as _short
from typing import Any, TypeVar

import yaml

from deepmeme.errors import WeightsError

MAX_TEXT_BYTES = 1_000_000
MAX_NODES = 20_000
MAX_COUNT = 65_536
LIMITS = {"num_blocks": 10, "num_down_blocks": 10, "num_bottleneck_blocks": 256, "pad": 64}
"""Counts that grow a network by powers of two or by a layer each."""
RANGES = {"scale_factor": (1 / 64, 1.0), "antialias_sigma": (0.1, 32.0)}
"""Numbers that decide the size of a blur kernel."""


@dataclass(frozen=True)
class KeypointDetectorConfig:
    """Frame -> keypoints with local affine maps."""

    num_kp: int = 10
    num_channels: int = 3
    block_expansion: int = 32
    max_features: int = 1024
    num_blocks: int = 5
    scale_factor: float = 0.25
    temperature: float = 0.1
    estimate_jacobian: bool = True
    single_jacobian_map: bool = False
    """One jacobian map for all keypoints (mgif) instead of one each."""
    pad: int = 0


@dataclass(frozen=True)
class DenseMotionConfig:
    """Keypoints -> a deformation for every pixel."""

    block_expansion: int = 64
    max_features: int = 1024
    num_blocks: int = 5
    scale_factor: float = 0.25
    kp_variance: float = 0.01


@dataclass(frozen=True)
class GeneratorConfig:
    """Source and deformation -> prediction."""

    num_channels: int = 3
    num_kp: int = 10
    block_expansion: int = 64
    max_features: int = 512
    num_down_blocks: int = 2
    num_bottleneck_blocks: int = 6
    estimate_occlusion_map: bool = True
    estimate_jacobian: bool = True
    keep_source: bool = False
    """The prediction is the source itself, moved at full size, wherever it shows what is needed;
    only the rest is painted. Ours: sharp from the first step on, even when trained for an hour."""
    dense_motion: DenseMotionConfig = field(default_factory=DenseMotionConfig)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Frame (and keypoints) -> real or rendered; training only."""

    num_channels: int = 3
    block_expansion: int = 32
    num_blocks: int = 4
    max_features: int = 512
    scales: tuple[float, ...] = (1.0,)
    sn: bool = False
    """Spectral norm on every convolution."""
    use_kp: bool = False
    """Keypoint heatmaps as further input channels (the "adv" models)."""
    num_kp: int = 10
    kp_variance: float = 0.01


@dataclass(frozen=True)
class MotionConfig:
    """All of one motion model."""

    name: str = "vox-256"
    frame_shape: tuple[int, int, int] = (256, 256, 3)
    """(height, width, channels) of the frames that the networks work on."""
    keypoints: KeypointDetectorConfig = field(default_factory=KeypointDetectorConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    align_corners: bool = False
    """How warps sample: False is today's reference, True the PyTorch 1.0 era's."""
    antialias_sigma: float | None = None
    """Blur before shrinking in pixels; None means (1/scale_factor - 1) / 2."""
    training: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The YAML's other sections (dataset_params, train_params ...) as they were."""

    def as_dict(self) -> dict[str, Any]:
        """Plain containers for JSON; ``from_dict`` reads them back."""
        return asdict(self)

    def to_json(self) -> str:
        """One line of JSON, keys sorted."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> "MotionConfig":
        """Back from ``as_dict``.

        Raises:
            WeightsError: names every unknown or ill-typed key at once.
        """
        errors: list[str] = []
        config = _build(cls, _plain(mapping), "", errors)
        _refuse(errors, "model configuration")
        return config

    @classmethod
    def from_json(cls, text: str | bytes) -> "MotionConfig":
        """Back from ``to_json``; raises WeightsError as ``from_dict`` does."""
        try:
            mapping = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WeightsError(f"The model configuration is not JSON: {error}") from error
        if not isinstance(mapping, dict):
            raise WeightsError("The model configuration must be a JSON object.")
        return cls.from_dict(mapping)

    @classmethod
    def from_yaml(
        cls, source: str | bytes | Mapping[str, Any], *, name: str = "custom"
    ) -> "MotionConfig":
        """Read a reference ``config/*.yaml`` (its text, or what a YAML reader made of it).

        The model sections are checked key by key; the other sections are kept in ``training``.
        A common mistake, another network's YAML, is named as such.

        Raises:
            WeightsError: not YAML, another family's YAML, or a list of every wrong key.
        """
        mapping = source if isinstance(source, Mapping) else _parse_yaml(source)
        return _from_reference(_plain(mapping), name)


Config = TypeVar("Config")


def presets() -> dict[str, MotionConfig]:
    """The eight published configurations and the community's vox-512, by name."""
    spectral = DiscriminatorConfig(sn=True)
    adversarial = DiscriminatorConfig(use_kp=True)
    coarse = 0.125
    table = (
        MotionConfig("vox-256", discriminator=spectral),
        MotionConfig("vox-adv-256", discriminator=adversarial),
        MotionConfig("taichi-256"),
        MotionConfig("taichi-adv-256", discriminator=adversarial),
        MotionConfig("fashion-256"),
        MotionConfig(
            "mgif-256",
            keypoints=KeypointDetectorConfig(single_jacobian_map=True),
            discriminator=spectral,
        ),
        MotionConfig("bair-256", discriminator=spectral),
        MotionConfig("nemo-256", discriminator=spectral),
        MotionConfig(
            "vox-512",
            frame_shape=(512, 512, 3),
            keypoints=KeypointDetectorConfig(scale_factor=coarse),
            generator=GeneratorConfig(dense_motion=DenseMotionConfig(scale_factor=coarse)),
            discriminator=spectral,
            antialias_sigma=1.5,  # PR 437 keeps vox-256's 13 x 13 kernel
        ),
    )
    return {config.name: config for config in table}


def same_networks(a: MotionConfig, b: MotionConfig, *, discriminator: bool = False) -> bool:
    """Whether two configurations build the same generator and keypoint detector."""
    pairs: list[tuple[object, object]] = [(a.keypoints, b.keypoints), (a.generator, b.generator)]
    if discriminator:
        pairs.append((a.discriminator, b.discriminator))
    return all(x == y for x, y in pairs) and a.antialias_sigma == b.antialias_sigma


def _parse_yaml(source: str | bytes) -> Mapping[str, Any]:
    if len(source) > MAX_TEXT_BYTES:
        raise WeightsError(
            f"The YAML has {len(source)} bytes; a model configuration has a few thousand. "
            "Check that the checkpoint and the configuration are not swapped."
        )
    try:
        mapping = yaml.safe_load(source)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise WeightsError(f"The model configuration is not valid YAML: {error}") from error
    if not isinstance(mapping, Mapping):
        raise WeightsError(
            f"The YAML holds {type(mapping).__name__}, a model configuration is a mapping with "
            "the section model_params."
        )
    return mapping


def _from_reference(mapping: dict[str, Any], name: str) -> MotionConfig:
    errors: list[str] = []
    model = _section(mapping, "model_params", errors)
    if "dense_motion_params" in model or "num_tps" in _section(model, "common_params", []):
        raise WeightsError(
            "This YAML describes a Thin-Plate-Spline Motion Model, which is another network; "
            "deepmeme loads First Order Motion Models. See: deepmeme models list"
        )
    known = {"common_params", "kp_detector_params", "generator_params", "discriminator_params"}
    errors += [f"model_params.{key}: unknown" for key in sorted(set(model) - known)]
    common = _section(model, "common_params", errors)
    shared = {"num_kp", "num_channels", "estimate_jacobian"}
    errors += [f"model_params.common_params.{key}: unknown" for key in sorted(set(common) - shared)]
    common = {key: value for key, value in common.items() if key in shared}
    detector = _section(model, "kp_detector_params", errors)
    generator = dict(_section(model, "generator_params", errors))
    dense = _section(generator, "dense_motion_params", errors)
    generator.pop("dense_motion_params", None)
    judge = _section(model, "discriminator_params", [])
    where = "model_params."
    config = MotionConfig(
        name=name,
        keypoints=_build(
            KeypointDetectorConfig, {**common, **detector}, where + "kp_detector_params.", errors
        ),
        generator=replace(
            _build(GeneratorConfig, {**common, **generator}, where + "generator_params.", errors),
            dense_motion=_build(
                DenseMotionConfig, dense, where + "generator_params.dense_motion_params.", errors
            ),
        ),
        discriminator=_build(
            DiscriminatorConfig,
            {k: v for k, v in common.items() if k != "estimate_jacobian"} | judge,
            where + "discriminator_params.",
            errors,
        ),
        training={key: value for key, value in mapping.items() if key != "model_params"},
    )
    shape = _section(mapping, "dataset_params", []).get("frame_shape", [256, 256, 3])
    try:
        size = _coerce(shape, tuple[int, int, int])
        config = replace(config, frame_shape=size)
    except ValueError as error:
        errors.append(f"dataset_params.frame_shape: {error}")
    _refuse(errors, "YAML")
    return config


def _section(mapping: Mapping[str, Any], key: str, errors: list[str]) -> dict[str, Any]:
    value = mapping.get(key)
    if isinstance(value, dict):
        return value
    errors.append(f"{key}: missing" if value is None else f"{key}: must be a mapping")
    return {}


def _refuse(errors: list[str], what: str) -> None:
    if errors:
        raise WeightsError(
            f"The {what} does not describe a First Order Motion Model:\n  "
            + "\n  ".join(errors)
            + "\nUse the YAML that came with the checkpoint, or a preset: "
            + ", ".join(presets())
        )


def _build(cls: type[Config], given: Mapping[str, Any], where: str, errors: list[str]) -> Config:
    """One dataclass out of plain values; what is wrong goes to ``errors``."""
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    errors += [f"{where}{key}: unknown" for key in sorted(map(str, set(given) - set(known)))]
    values: dict[str, Any] = {}
    for name in known.keys() & given.keys():
        annotation: Any = known[name].type
        if is_dataclass(annotation) and isinstance(annotation, type):
            section = _section(given, name, errors)
            values[name] = _build(annotation, section, f"{where}{name}.", errors)
            continue
        try:
            values[name] = _coerce(given[name], annotation, name)
        except ValueError as error:
            errors.append(f"{where}{name}: {error}")
    return cls(**values)


def _coerce(value: Any, annotation: Any, name: str = "") -> Any:
    """``value`` as the annotation wants it, or ValueError with what was expected."""
    if annotation is int:
        return _whole(value, least=0 if name == "pad" else 1, most=LIMITS.get(name, MAX_COUNT))
    if annotation is float:
        return _positive(value, RANGES.get(name))
    if annotation == float | None:
        return None if value is None else _positive(value, RANGES.get(name))
    if annotation == tuple[float, ...] and isinstance(value, list) and 0 < len(value) <= 16:
        return tuple(_positive(item) for item in value)
    if annotation == tuple[int, int, int] and isinstance(value, list) and len(value) == 3:
        return tuple(_whole(item, least=1, most=MAX_COUNT) for item in value)
    plain = {bool: "true or false", str: "text", Mapping[str, Any]: "a mapping"}
    kind = dict if annotation == Mapping[str, Any] else annotation
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    raise ValueError(f"found {_short(value)}, expected {plain.get(annotation, annotation)}")


def _whole(value: Any, *, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"found {_short(value)}, expected a whole number from {least} to {most}")
    return value


def _positive(value: Any, bounds: tuple[float, float] | None = None) -> float:
    try:  # YAML reads 1e-4 as text
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not (isfinite(number) and number > 0):
        raise ValueError(f"found {_short(value)}, expected a number above 0")
    if bounds is not None and not bounds[0] <= number <= bounds[1]:
        raise ValueError(f"found {number:g}, expected {bounds[0]:g} to {bounds[1]:g}")
    return number


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of plain containers, bounded, since YAML aliases can unfold without end."""
    budget = [MAX_NODES]

    def copy(node: Any, depth: int) -> Any:
        budget[0] -= 1
        if budget[0] < 0 or depth > 32:
            raise WeightsError("The model configuration is nested or repeated beyond reason.")
        if isinstance(node, Mapping):
            return {str(key): copy(item, depth + 1) for key, item in node.items()}
        if isinstance(node, list | tuple):
            return [copy(item, depth + 1) for item in node]
        return node if isinstance(node, str | int | float | bool | None) else str(node)

    plain: dict[str, Any] = copy(value, 0)
    return plain
