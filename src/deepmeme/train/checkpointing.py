"""Checkpoints that are whole or absent: weights, averages, optimizer and step.

A checkpoint is a folder ``step_00001200`` of safetensors parts, each below ``PART_BYTES``, and
``facts.json``, which is written last. The folder gets its name when it is whole.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from deepmeme.errors import WeightsError

CHECKPOINTS = "checkpoints"
"""Folder of a run's checkpoints."""

PART_BYTES = 15 * 2**20


class Checkpoint(NamedTuple):
    """What :func:`save` was given."""

    step: int
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def save(
    root: Path,
    step: int,
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, Any],
    *,
    keep: int = 2,
) -> Path:
    """Write a checkpoint and forget all but the newest ``keep``."""
    from safetensors.torch import save_file

    folder = root / f"step_{step:08d}"
    draft = root / f".step_{step:08d}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    parts = _parts(tensors)
    for index, part in enumerate(parts):
        save_file(part, draft / f"part_{index:03d}.safetensors")
    record = {"step": step, "parts": len(parts), "facts": dict(facts)}
    (draft / "facts.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    for old in checkpoints(root)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def checkpoints(root: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(path.parent for path in root.glob("step_*/facts.json"))


def latest_facts(root: Path) -> dict[str, Any]:
    """The facts of the newest whole checkpoint; none without one."""
    found = checkpoints(root)
    if not found:
        return {}
    record = json.loads((found[-1] / "facts.json").read_text(encoding="utf-8"))
    return dict(record["facts"])


def load_latest(root: Path, device: torch.device | str = "cpu") -> Checkpoint | None:
    """The newest whole checkpoint, or None.

    Raises:
        WeightsError: a part is missing.
    """
    found = checkpoints(root)
    return load(found[-1], device) if found else None


def load(folder: Path, device: torch.device | str = "cpu") -> Checkpoint:
    """One checkpoint.

    Raises:
        WeightsError: a part is missing.
    """
    from safetensors.torch import load_file

    record = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    tensors: dict[str, Tensor] = {}
    for index in range(record["parts"]):
        path = folder / f"part_{index:03d}.safetensors"
        if not path.is_file():
            raise WeightsError(f"{path} is missing: delete {folder} to go on from an older one.")
        tensors.update(load_file(path, device=str(device)))
    return Checkpoint(record["step"], tensors, record["facts"])


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state as flat names."""
    state: dict[int, dict[str, Tensor]] = optimizer.state_dict()["state"]
    return {f"{row}.{key}": value for row, slots in state.items() for key, value in slots.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put back what :func:`optimizer_tensors` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        row, key = name.split(".", 1)
        state.setdefault(int(row), {})[key] = value.clone()
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names with ``prefix.`` before them."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names begin with ``prefix.``, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _parts(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in tensors.items():
        bytes_ = value.numel() * value.element_size()
        if size + bytes_ > PART_BYTES and parts[-1]:
            parts.append({})
            size = 0
        parts[-1][name] = value.detach().cpu().contiguous()
        size += bytes_
    return parts
