"""Model folders: ``model.json`` says what lies beside it and what each file must hash to."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deepmeme.errors import WeightsError
from deepmeme.weights.checkpoint import WEIGHTS_FILE, MotionCheckpoint, file_sha256

MAX_CARD_BYTES = 2**20


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


def check_folder(folder: Path) -> list[str]:
    """What is wrong with the files that ``model.json`` names; nothing, for a whole folder."""
    card = read_card(folder)
    problems = []
    for name, wanted in _named_files(card):
        file = folder / Path(name).name
        if not file.is_file():
            problems.append(f"{file.name} is missing. Convert or install the model again.")
        elif wanted is not None and file_sha256(file) != wanted:
            problems.append(
                f"{file.name} is damaged: its sha256 is not the one in model.json. Convert or "
                "install the model again."
            )
    return problems


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
