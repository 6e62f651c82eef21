"""Published checkpoints without training's ballast: ``.safetensors`` files and model folders."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from deepmeme.errors import InputError, OutputError
from deepmeme.models.motion.config import MotionConfig
from deepmeme.weights.checkpoint import (
    WEIGHTS_FILE,
    MotionCheckpoint,
    file_sha256,
    load_checkpoint,
    save_checkpoint,
)
from deepmeme.weights.folder import building, motion_card

PRECISIONS = ("fp32", "fp16")


@dataclass(frozen=True)
class Converted:
    """What came out of a conversion."""

    path: Path
    bytes_before: int
    bytes_after: int
    sha256: str
    """Of the weights."""
    config: MotionConfig
    config_from: str


def convert(
    source: str | Path,
    target: str | Path,
    *,
    config: str | Path | MotionConfig | None = None,
    precision: str = "fp32",
    discriminator: bool = False,
    name: str | None = None,
    licence: str = "",
    overwrite: bool = False,
) -> Converted:
    """Write ``target``: a ``.safetensors`` file, or, for a path without a suffix, a model folder.

    Optimizer states never go along, the discriminator on demand (for training on). float16 is for
    the file alone: loading widens it. ``name`` and ``licence`` are the folder's; by default the
    target's name, and the licence of the source.

    Raises:
        InputError: a target of another kind, or the source itself.
        WeightsError: as ``load_checkpoint``; or a value that float16 cannot hold.
        OutputError: the target is there already, or cannot be written. Nothing is left behind.
    """
    source, target = Path(source), Path(target)
    if precision not in PRECISIONS:
        raise InputError(
            f"precision={precision!r} is unknown; choose from {', '.join(PRECISIONS)}."
        )
    as_folder = target.suffix == "" or target.is_dir()
    if not as_folder and target.suffix != ".safetensors":
        raise InputError(
            f"{target}: the result is a .safetensors file or, for a name without a suffix, a model "
            f"folder; found the suffix {target.suffix!r}."
        )
    _check_target(source, target, overwrite=overwrite)
    checkpoint = load_checkpoint(source, config)
    checkpoint = replace(
        checkpoint, metadata=checkpoint.metadata | {"source_sha256": checkpoint.sha256}
    )
    half = precision == "fp16"
    if as_folder:
        weights = _write_folder(
            target,
            checkpoint,
            name or target.name,
            licence=licence,
            half=half,
            discriminator=discriminator,
        )
    else:
        weights = save_checkpoint(target, checkpoint, half=half, discriminator=discriminator)
    return Converted(
        path=target,
        bytes_before=_size(source),
        bytes_after=_size(target),
        sha256=file_sha256(weights),
        config=checkpoint.config,
        config_from=checkpoint.metadata.get("config_from", ""),
    )


def _check_target(source: Path, target: Path, *, overwrite: bool) -> None:
    if not target.exists():
        return
    if source.exists() and target.samefile(source):
        raise InputError(f"{target}: the result would replace the source. Choose another name.")
    if target.is_dir() and any(target.iterdir()) and not (target / "model.json").is_file():
        raise OutputError(f"{target}: the folder holds other files. Choose another name.")
    if not overwrite:
        raise OutputError(
            f"{target}: there is something already. Choose another name, or allow to replace it."
        )


def _write_folder(
    target: Path,
    checkpoint: MotionCheckpoint,
    name: str,
    *,
    licence: str,
    half: bool,
    discriminator: bool,
) -> Path:
    """Beside the target first, renamed when whole."""
    with building(target) as fresh:
        weights = fresh / WEIGHTS_FILE
        save_checkpoint(weights, checkpoint, half=half, discriminator=discriminator)
        card = motion_card(checkpoint, weights, name=name, licence=licence)
        (fresh / "model.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return target / WEIGHTS_FILE


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
