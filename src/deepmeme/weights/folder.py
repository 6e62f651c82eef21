"""Model folders: ``model.json`` says what lies beside it and what each file must hash to."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from reprlib import repr as _short
from typing import Any

from deepmeme.errors import DeepmemeError, OutputError, WeightsError
from deepmeme.weights.checkpoint import WEIGHTS_FILE, MotionCheckpoint, file_sha256

MAX_CARD_BYTES = 2**20
_AGAIN = "Convert or install the model again."


def read_card(folder: Path) -> dict[str, Any]:
    """``model.json`` as a mapping.

    Raises:
        WeightsError: missing or not a JSON object.
    """
    file = folder / "model.json"
    try:
        if file.stat().st_size > MAX_CARD_BYTES:
            raise ValueError("it is too long")
        card = json.loads(file.read_text("utf-8"))
        if not isinstance(card, dict):
            raise ValueError("it is no JSON object")
        return card
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"{file} does not describe a model: {error}. Convert or install the model again."
        ) from error


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A fresh folder beside ``target`` to write a model into; in its place once all is well.

    Raises:
        OutputError: the folder cannot be written. Nothing is left behind.
    """
    fresh = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        fresh.chmod(0o755)
        yield fresh
        if target.exists():
            shutil.rmtree(target)
        os.replace(fresh, target)
    except OSError as error:
        if isinstance(error, DeepmemeError):
            raise
        raise OutputError(
            f"{target}: cannot be written: {error.strerror or error}. Check that its folder may be "
            "written to and has space left."
        ) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


def checked_file(folder: Path, entry: Any) -> Path:
    """A file of a model folder whose content is what ``entry`` of ``model.json`` says.

    Raises:
        WeightsError: it is missing or another one, or the entry names no file and sum.
    """
    if not isinstance(entry, Mapping) or not {"file", "sha256"} <= set(entry):
        raise WeightsError(
            f"{folder / 'model.json'} should name a file with its sha256, not {_short(entry)}. "
            f"{_AGAIN}"
        )
    problem = _problem(folder, str(entry["file"]), str(entry["sha256"]))
    if problem:
        raise WeightsError(problem)
    return _inside(folder, str(entry["file"]))


def check_folder(folder: Path) -> list[str]:
    """What is wrong with the files that ``model.json`` names; nothing, for a whole folder."""
    named = _named_files(read_card(folder))
    problems = (_problem(folder, name, wanted) for name, wanted in named)
    return [problem for problem in problems if problem]


def _problem(folder: Path, name: str, wanted: str | None) -> str:
    file = _inside(folder, name)
    if not file.is_file():
        return f"{folder} names {file.name}, which is missing. {_AGAIN}"
    found = file_sha256(file) if wanted is not None else None
    if found != wanted:
        return f"{file} is damaged: its sha256 is {found}, expected {wanted}. {_AGAIN}"
    return ""


def _inside(folder: Path, name: str) -> Path:
    """Whatever the name, a file that lies right in the folder."""
    return folder / Path(name).name


def _named_files(card: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    stages = card.get("stages")
    named = [card.get("weights"), *(stages.values() if isinstance(stages, dict) else ())]
    for entry in named:
        if isinstance(entry, dict):
            yield str(entry.get("file", "")), str(entry.get("sha256", ""))
    if card.get("calibration"):
        yield str(card["calibration"]), None


def motion_card(
    checkpoint: MotionCheckpoint, weights: Path, *, name: str, licence: str = ""
) -> dict[str, Any]:
    """The ``model.json`` of First Order Motion weights, whose graphs are drawn when they load."""
    config = checkpoint.config
    return {
        "format": 1,
        "name": name,
        "family": "fomm",
        "resolution": config.frame_shape[0],
        "num_keypoints": config.keypoints.num_kp,
        "keypoint_names": None,
        "parameters": checkpoint.parameters,
        "weights": {"file": WEIGHTS_FILE, "sha256": file_sha256(weights)},
        "config": config.as_dict(),
        "licence": licence or "that of the checkpoint it was converted from",
        "source_sha256": checkpoint.sha256,
    }
