"""What a file of weights is, whether it loads, and what to do when it does not."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from deepmeme.errors import DeepmemeError
from deepmeme.models.motion.config import MotionConfig
from deepmeme.weights.catalogue import by_sha256, read_folder
from deepmeme.weights.checkpoint import (
    Sections,
    choose_config,
    file_sha256,
    misfit,
    other_family,
    read_sections,
)
from deepmeme.weights.container import sniff_container
from deepmeme.weights.family import FAMILIES, identify
from deepmeme.weights.folder import check_folder
from deepmeme.weights.infer import differences, fitting_presets, optional
from deepmeme.weights.shapes import expected_shapes
from deepmeme.weights.stored import StoredTensor
from deepmeme.weights.torch_file import open_torch, tensors

NEEDED = ("generator", "kp_detector")
"""What animating takes; all else in a checkpoint is for training on."""


@dataclass(frozen=True)
class Part:
    """One entry on the top level of a checkpoint."""

    name: str
    num_tensors: int
    num_values: int
    num_bytes: int
    """In the file; what two tensors share counts once."""
    dtypes: tuple[str, ...]
    needed: bool
    """To animate."""


@dataclass(frozen=True)
class Diagnosis:
    """All that can be said of a file without running it."""

    path: Path
    container: str
    num_bytes: int
    sha256: str
    family: str
    parts: tuple[Part, ...] = ()
    config: MotionConfig | None = None
    config_from: str = ""
    fits: tuple[str, ...] = ()
    """Published configurations with exactly these shapes."""
    known_as: str | None = None
    """Its name in the catalogue, by its SHA-256."""
    facts: dict[str, str] = field(default_factory=dict)
    """'epoch', 'dtype' ... where the file tells."""
    problems: tuple[str, ...] = ()
    """Each keeps it from loading."""
    remarks: tuple[str, ...] = ()

    @property
    def loads(self) -> bool:
        """Whether ``load_model`` takes it."""
        return not self.problems

    @property
    def ballast_bytes(self) -> int:
        """What animating never reads."""
        return sum(part.num_bytes for part in self.parts if not part.needed)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        plain = asdict(self) | {"path": str(self.path), "loads": self.loads}
        plain |= {"family_title": FAMILIES[self.family], "ballast_bytes": self.ballast_bytes}
        if self.config is not None:
            plain["config"] = {k: v for k, v in self.config.as_dict().items() if k != "training"}
        return plain


def diagnose(path: str | Path, config: str | Path | MotionConfig | None = None) -> Diagnosis:
    """Look at any checkpoint or model folder; ``config`` is what it is believed to be.

    Raises:
        InputError: missing or empty.
        WeightsError: no file of weights, damaged, or hostile; nothing in it is executed.
    """
    path = Path(path)
    if sniff_container(path) == "model-folder":
        return _folder(path, config)
    return _file(path, config)


def _folder(path: Path, config: str | Path | MotionConfig | None) -> Diagnosis:
    entry = read_folder(path)
    problems = check_folder(path)
    base = Diagnosis(
        path=path,
        container="model-folder",
        num_bytes=entry.num_bytes or 0,
        sha256="",
        family=entry.family if entry.family in FAMILIES else "unknown",
    )
    if problems:
        return replace(base, problems=tuple(problems))
    if entry.family == "fomm":
        inner = _file(path / "weights.safetensors", config)
        return replace(inner, path=path, container="model-folder", num_bytes=base.num_bytes)
    _, sections, facts = read_sections(path)
    return replace(
        base,
        parts=tuple(_part(name, section.values(), True) for name, section in sections.items()),
        facts=facts,
        problems=tuple(_bad_values(sections)),
    )


def _file(path: Path, config: str | Path | MotionConfig | None) -> Diagnosis:
    file, sections, facts = read_sections(path)
    header = facts.pop("config", None)
    family = identify(sections)
    digest = file_sha256(file)
    known = by_sha256(digest)
    base = Diagnosis(
        path=path,
        container=facts.pop("container"),
        num_bytes=file.stat().st_size,
        sha256=digest,
        family=family,
        parts=_parts(path, sections),
        known_as=known.name if known else None,
        facts=facts,
    )
    if family != "fomm" or not set(NEEDED) <= sections.keys():
        return replace(base, problems=(other_family(family, sections),))
    if header is not None:
        facts = facts | {"config": header}
    return _against_config(base, sections, facts, config)


def _against_config(
    base: Diagnosis,
    sections: Sections,
    facts: Mapping[str, str],
    config: str | Path | MotionConfig | None,
) -> Diagnosis:
    fits = tuple(fitting_presets(sections))
    problems = _bad_values({name: sections[name] for name in NEEDED})
    remarks = _remarks(base, sections)
    try:
        chosen, origin, notes = choose_config(config, sections, facts, base.path)
    except DeepmemeError as error:
        return replace(base, fits=fits, problems=(str(error), *problems), remarks=tuple(remarks))
    wrong = differences(chosen, sections)
    if wrong:
        problems.insert(0, misfit(origin, wrong, list(fits)))
    else:
        remarks += notes + _left_out(sections, chosen)
    return replace(
        base,
        config=chosen,
        config_from=origin,
        fits=fits,
        problems=tuple(problems),
        remarks=tuple(remarks),
    )


def _remarks(base: Diagnosis, sections: Sections) -> list[str]:
    remarks = []
    if base.ballast_bytes:
        names = ", ".join(part.name for part in base.parts if not part.needed)
        share = 100 * base.ballast_bytes / max(base.num_bytes, 1)
        remarks.append(
            f"{base.ballast_bytes / 1e6:.1f} MB ({share:.0f} %) are for training only ({names}). "
            "To be rid of them, type: deepmeme models convert FILE -o SLIM.safetensors"
        )
    if "discriminator" not in sections:
        remarks.append(
            "There is no discriminator: animating needs none, training on starts with a new one."
        )
    return remarks


def _left_out(sections: Sections, config: MotionConfig) -> list[str]:
    tables = expected_shapes(config)
    count = sum(
        key not in sections[name] and optional(key) for name in NEEDED for key in tables[name]
    )
    return [f"{count} entries that follow from the configuration are left out."] if count else []


def _parts(path: Path, sections: Sections) -> tuple[Part, ...]:
    """By what lies on the top level; a PyTorch file may hold more than state dicts."""
    if sniff_container(path).startswith("torch"):
        tree = open_torch(path).tree
        if isinstance(tree, dict) and not sections.get(""):
            held = ((str(name), tensors(value)) for name, value in tree.items())
            return tuple(_part(name, found, name in NEEDED) for name, found in held if found)
    return tuple(
        _part(name, section.values(), name in ("", *NEEDED)) for name, section in sections.items()
    )


def _part(name: str, found: Iterable[StoredTensor], needed: bool) -> Part:
    found = list(found)
    storages = {id(tensor.storage): tensor.storage.nbytes for tensor in found}
    return Part(
        name=name or "(bare tensors)",
        num_tensors=len(found),
        num_values=sum(tensor.numel for tensor in found),
        num_bytes=sum(storages.values()),
        dtypes=tuple(sorted({tensor.dtype for tensor in found})),
        needed=needed,
    )


def _bad_values(sections: Sections) -> list[str]:
    """NaN, infinity, and variances below zero, a line for each tensor that has them."""
    problems = []
    for name, section in sections.items():
        for key, tensor in section.items():
            array = tensor.array()
            if array.dtype.kind != "f":
                continue
            bad = int(array.size - np.isfinite(array).sum())
            where = f"{name}.{key}" if name else key
            if bad:
                problems.append(f"{where} holds {bad} values that are NaN or infinite.")
            elif key.endswith("running_var") and (array < 0).any():
                problems.append(f"{where} holds variances below zero.")
    if problems:
        problems.append("The training broke down before it was saved. Use an earlier checkpoint.")
    return problems
