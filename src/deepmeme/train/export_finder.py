"""A trained finder and landmark network -> the folder that ships (``deepmeme train export``)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from deepmeme.errors import WeightsError
from deepmeme.models.faces.finder import NUM_POINTS, FaceFinder, FinderConfig
from deepmeme.models.faces.landmarks import FaceLandmarks, LandmarkConfig
from deepmeme.train.onnx_file import smooth_picture, write_network
from deepmeme.train.run_state import averages_of

TOLERANCE = 2e-3
HALVES_TOLERANCE = 0.15
"""Largest difference of a finder's logit once its weights are stored as float16."""


def export(
    finder: FaceFinder, landmarks: FaceLandmarks | None, folder: Path, *, name: str = "finder"
) -> dict[str, Any]:
    """Write the ONNX files and ``model.json``, and check them; returns what the latter says.

    Raises:
        WeightsError: an exported network disagrees with torch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    networks: dict[str, tuple[nn.Module, str, str, int]] = {"find": (finder, "frames", "maps", 96)}
    if landmarks is not None:
        networks["landmarks"] = (landmarks, "frames", "xy", landmarks.config.resolution)
    stages = {}
    for stage, (network, given, made, side) in networks.items():
        axes = {given: {2: "h", 3: "w"}, made: {2: "h4", 3: "w4"}} if stage == "find" else None
        stages[stage], _ = write_network(
            network, {given: smooth_picture(side)}, [made], folder / f"{stage}.onnx",
            exact=TOLERANCE, lossy=HALVES_TOLERANCE, open_axes=axes,
        )  # fmt: skip
    parameters = [p.numel() for network, *_ in networks.values() for p in network.parameters()]
    facts = {
        "format": 1,
        "name": name,
        "title": "faces and their landmarks",
        "family": "finder",
        "expects": "pictures of any size",
        "points": NUM_POINTS,
        "parameters": sum(parameters),
        "stages": stages,
        "config": finder.config.as_dict(),
        "landmarks": landmarks.config.as_dict() if landmarks is not None else None,
        "licence": "MIT",
        "card": "CARD.md",
    }
    (folder / "model.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def finder_of(run: Path) -> FaceFinder:
    """The averaged finder of a run.

    Raises:
        WeightsError: the run has no checkpoint.
    """
    weights, facts = averages(run)
    config = dict(facts["config"])
    finder = FaceFinder(FinderConfig(config["stem"], tuple(config["widths"])))
    finder.load_state_dict(dict(weights["finder"]))
    return finder.eval()


def landmarks_of(run: Path) -> FaceLandmarks:
    """The averaged landmark network of a run.

    Raises:
        WeightsError: the run has no checkpoint.
    """
    weights, facts = averages(run)
    config = facts["config"]
    network = FaceLandmarks(
        LandmarkConfig(
            tuple(config["names"]), config["resolution"], config["framing"], tuple(config["widths"])
        )
    )
    network.load_state_dict(dict(weights["landmarks"]))
    return network.eval()


def averages(run: Path) -> tuple[Mapping[str, Mapping[str, Tensor]], Mapping[str, Any]]:
    """Averaged weights by player, and the task's facts.

    Raises:
        WeightsError: the run has no checkpoint.
    """
    found = averages_of(run / "checkpoints")
    if found is None:
        raise WeightsError(f"{run} holds no checkpoint; give the folder that a training wrote to.")
    return found
