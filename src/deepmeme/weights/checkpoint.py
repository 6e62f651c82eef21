"""Checkpoints of motion models: published ``.pth.tar``, ``.safetensors``, model folders."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, WeightsError
from deepmeme.models.motion.config import MotionConfig, presets
from deepmeme.nn.kernels import gaussian_kernel, shrink_sigma
from deepmeme.provenance import record
from deepmeme.weights.container import ADVICE, sniff_container
from deepmeme.weights.family import ELSEWHERE, FAMILIES, identify, sections_of
from deepmeme.weights.infer import (
    differences,
    fitting_presets,
    infer_config,
    kernel_sigma,
    optional,
)
from deepmeme.weights.safetensors_file import open_safetensors, write_safetensors
from deepmeme.weights.shapes import Shapes, expected_shapes
from deepmeme.weights.stored import StoredTensor
from deepmeme.weights.torch_file import open_torch

__all__ = [
    "MotionCheckpoint",
    "expected_shapes",
    "file_sha256",
    "load_checkpoint",
    "read_sections",
    "resolve_config",
    "save_checkpoint",
]

SECTIONS = ("generator", "kp_detector", "discriminator")
WEIGHTS_FILE = "weights.safetensors"
MAX_LISTED = 8
PUBLISHED_SIGMA = 1.5

Arrays = dict[str, NDArray[Any]]
Sections = dict[str, dict[str, StoredTensor]]


@dataclass(frozen=True)
class MotionCheckpoint:
    """The networks' arrays under the published names, floats as float32."""

    path: Path
    config: MotionConfig
    generator: Arrays
    kp_detector: Arrays
    discriminator: Arrays | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    """Facts for people: 'container', 'epoch', 'dtype', 'config_from', 'notes' ..."""

    @cached_property
    def sha256(self) -> str:
        """Of the file of weights, read when asked for."""
        return file_sha256(self.path)

    @property
    def parameters(self) -> int:
        """Learnt numbers in generator and keypoint detector; statistics and kernels not counted."""
        return sum(
            array.size
            for section in (self.generator, self.kp_detector)
            for key, array in section.items()
            if not key.endswith(("running_mean", "running_var", "tracked", "down.weight"))
        )


def load_checkpoint(
    path: str | Path, config: str | Path | MotionConfig | None = None
) -> MotionCheckpoint:
    """Read and check a checkpoint against its configuration.

    ``config`` is a MotionConfig, a preset's name, or the path of a YAML or JSON file. Without one
    it is the file's own (safetensors) or inferred from the shapes; ``metadata['config_from']`` says
    which. Arrays may be read-only views of the mapped file.

    Raises:
        InputError: no such file.
        WeightsError: hostile or damaged file, other family, wrong configuration, NaN or infinity.
    """
    path = Path(path)
    file, sections, metadata = read_sections(path)
    family = identify(sections)
    if family != "fomm" or not {"generator", "kp_detector"} <= sections.keys():
        raise WeightsError(f"{path}: {other_family(family, sections)}")
    chosen, origin, notes = choose_config(config, sections, metadata, path)
    wrong = differences(chosen, sections)
    if wrong:
        raise WeightsError(f"{path}: {misfit(origin, wrong, fitting_presets(sections))}")
    tables = expected_shapes(chosen)
    read = {name: _read(path, name, sections[name]) for name in SECTIONS if name in sections}
    for name in ("generator", "kp_detector"):
        _fill(read[name], tables[name], chosen, name)
    metadata |= {"config_from": origin, "notes": "; ".join(notes)}
    return MotionCheckpoint(
        path=file,
        config=chosen,
        generator=read["generator"],
        kp_detector=read["kp_detector"],
        discriminator=read.get("discriminator"),
        metadata={k: v for k, v in metadata.items() if v and k != "config"},
    )


def save_checkpoint(
    path: str | Path,
    checkpoint: MotionCheckpoint,
    *,
    half: bool = False,
    discriminator: bool = False,
) -> Path:
    """Write ``.safetensors`` with the configuration as JSON in the header, atomically.

    ``half`` stores floats as float16; values beyond its range are refused.

    Raises:
        WeightsError: a value that float16 cannot hold, or no discriminator to keep.
        OutputError: the file cannot be written.
    """
    sections = {"generator": checkpoint.generator, "kp_detector": checkpoint.kp_detector}
    if discriminator:
        if checkpoint.discriminator is None:
            raise WeightsError(f"{checkpoint.path}: there is no discriminator in it to keep.")
        sections["discriminator"] = checkpoint.discriminator
    tensors = {
        f"{name}.{key}": _halved(f"{name}.{key}", array) if half else array
        for name, section in sections.items()
        for key, array in section.items()
    }
    kept = {k: v for k, v in checkpoint.metadata.items() if k in ("epoch", "source_sha256")}
    header = {
        "format": "deepmeme.motion.1",
        "family": "fomm",
        "config": checkpoint.config.to_json(),
        **kept,
    }
    return write_safetensors(path, tensors, header)


def read_sections(path: Path) -> tuple[Path, Sections, dict[str, str]]:
    """(the file of weights, its state dicts still in the file, facts about it) of any container.

    Raises:
        InputError, WeightsError: as ``load_checkpoint``, before any question of configuration.
    """
    container = sniff_container(path)
    if container in ADVICE:
        raise WeightsError(f"{path}: {ADVICE[container]}")
    if container == "model-folder":
        if not (path / WEIGHTS_FILE).is_file():
            raise WeightsError(f"{path}: the folder has no {WEIGHTS_FILE}.")
        return read_sections(path / WEIGHTS_FILE)
    facts = {"container": container}
    if container == "safetensors":
        opened = open_safetensors(path)
        grouped: Sections = {}
        for key, tensor in opened.tensors.items():
            name, _, rest = key.partition(".")
            if name not in SECTIONS:
                name, rest = "", key
            grouped.setdefault(name, {})[rest] = tensor
        facts = opened.metadata | facts
        sections = grouped
    else:
        tree = open_torch(path).tree
        sections = sections_of(tree)
        if isinstance(tree, dict) and isinstance(tree.get("epoch"), int):
            facts["epoch"] = str(tree["epoch"])
    dtypes = sorted({t.dtype for s in sections.values() for t in s.values()} - {"int64"})
    facts["dtype"] = ", ".join(dtypes)
    return path, sections, facts


def resolve_config(config: str | Path | MotionConfig) -> MotionConfig:
    """A preset's name, or the path of a YAML or JSON file, as a configuration.

    Raises:
        WeightsError: neither; or not readable as one.
    """
    if isinstance(config, MotionConfig):
        return config
    known = presets()
    path = Path(config)
    if str(config) in known:
        return known[str(config)]
    if not path.is_file():
        raise InputError(
            f"{config}: no such configuration file, and no preset of that name. Presets: "
            + ", ".join(known)
        )
    try:
        text = path.read_bytes()[: 2 * 10**6]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from error
    try:
        if path.suffix.lower() == ".json":
            return MotionConfig.from_json(text)
        return MotionConfig.from_yaml(text, name=path.stem)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error


def file_sha256(path: str | Path) -> str:
    """Hexadecimal, of a file of any length; of a model folder its weights'."""
    path = Path(path)
    return record.file_sha256(path / WEIGHTS_FILE if path.is_dir() else path)


def choose_config(
    config: str | Path | MotionConfig | None,
    sections: Sections,
    metadata: Mapping[str, str],
    path: Path,
) -> tuple[MotionConfig, str, list[str]]:
    """(the configuration to use, where it is from, what was adapted in it).

    Raises:
        InputError, WeightsError: no such configuration, or none can be read off the shapes.
    """
    if config is not None:
        chosen = resolve_config(config)
        origin = chosen.name if isinstance(config, MotionConfig) else str(config)
    elif "config" in metadata:
        chosen, origin = MotionConfig.from_json(metadata["config"]), "the file's header"
    else:
        try:
            chosen, origin = infer_config(sections, hint=path.name), "inferred from the shapes"
        except WeightsError as error:
            raise WeightsError(f"{path}: {error}. Pass its YAML as the configuration.") from error
    chosen, notes = _adopt_kernel(chosen, sections)
    return chosen, origin, notes


def _adopt_kernel(config: MotionConfig, sections: Sections) -> tuple[MotionConfig, list[str]]:
    """Models for larger frames keep vox-256's blur kernel (PR 437): then the stored one counts."""
    stored = sections["kp_detector"].get("down.weight")
    expected = expected_shapes(config)["kp_detector"].get("down.weight")
    scale = config.keypoints.scale_factor
    if stored is None or stored.shape == expected or len(stored.shape) != 4 or scale >= 0.25:
        return config, []
    sigma = kernel_sigma(stored.array())
    if sigma != PUBLISHED_SIGMA:
        return config, []
    side = round(64 / scale)
    notes = [f"blur kernel as stored: {stored.shape[-1]} pixels, sigma {sigma:g}"]
    if config.frame_shape[0] < side:
        notes.append(f"works on {side} x {side} frames; its YAML says {config.frame_shape[0]}")
        config = replace(config, frame_shape=(side, side, config.frame_shape[2]))
    return replace(config, antialias_sigma=sigma), notes


def _read(path: Path, name: str, section: Mapping[str, StoredTensor]) -> Arrays:
    arrays: Arrays = {}
    for key, tensor in section.items():
        array = tensor.array()
        if array.dtype.kind == "f":
            array = array.astype(np.float32, copy=False)
            if not np.isfinite(array).all():
                bad = int(array.size - np.isfinite(array).sum())
                raise WeightsError(
                    f"{path}: {name}.{key} holds {bad} values that are NaN or infinite: the "
                    "training broke down before it was saved. Use an earlier checkpoint."
                )
        arrays[key] = array
    return arrays


def _fill(arrays: Arrays, table: Shapes, config: MotionConfig, name: str) -> None:
    for key, shape in table.items():
        if key in arrays or not optional(key):
            continue
        if key.endswith("down.weight"):
            part = config.keypoints if name == "kp_detector" else config.generator.dense_motion
            sigma = config.antialias_sigma or shrink_sigma(part.scale_factor)
            arrays[key] = np.broadcast_to(gaussian_kernel(sigma), shape).copy()
        else:
            arrays[key] = np.zeros(shape, np.int64)


def _halved(key: str, array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind != "f" or key.endswith("down.weight"):
        return array
    largest = float(np.abs(array).max(initial=0))
    if largest > float(np.finfo(np.float16).max):
        raise WeightsError(f"{key} reaches {largest:.3g}, which float16 cannot hold. Use float32.")
    return array.astype(np.float16)


def misfit(origin: str, wrong: list[str], fitting: list[str]) -> str:
    """What to say of a configuration with these :func:`differences` from the tensors."""
    more = len(wrong) - MAX_LISTED
    lines = wrong[:MAX_LISTED] + ([f"and {more} more"] if more > 0 else [])
    advice = (
        f"It fits the published configuration {' or '.join(fitting)}: pass config={fitting[0]!r}."
        if fitting
        else "No published configuration fits it; pass the YAML it was trained with."
    )
    return (
        f"the checkpoint does not fit its configuration ({origin}):\n  "
        + "\n  ".join(lines)
        + f"\n{advice}"
    )


def other_family(family: str, sections: Sections) -> str:
    """What to say of weights that are not both networks of a First Order Motion Model."""
    names = ", ".join(sorted(name or "(bare tensors)" for name in sections)) or "no tensors"
    advice = ELSEWHERE.get(family, "deepmeme does not run this family; its own project does.")
    return (
        f"found {FAMILIES[family]} with {names}; expected the sections generator and kp_detector "
        f"of a First Order Motion Model. {advice}"
    )
