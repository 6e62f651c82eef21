"""A trained finder and landmark network -> the folder that ships (``deepmeme train export``)."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.errors import WeightsError
from deepmeme.models.faces.finder import NUM_POINTS, FaceFinder, FinderConfig
from deepmeme.models.faces.landmarks import FaceLandmarks, LandmarkConfig
from deepmeme.train.export_portrait import OPSET, run_openvino, store_in_halves
from deepmeme.train.run_state import averages_of
from deepmeme.weights.checkpoint import file_sha256

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
    generator = torch.Generator().manual_seed(0)
    networks: dict[str, tuple[nn.Module, str, str, int]] = {"find": (finder, "frames", "maps", 96)}
    if landmarks is not None:
        networks["landmarks"] = (landmarks, "frames", "xy", landmarks.config.resolution)
    stages = {}
    for stage, (network, given, made, side) in networks.items():
        coarse = torch.rand(1, 3, 6, 6, generator=generator)
        example = nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
        path = folder / f"{stage}.onnx"
        network = network.eval().float().cpu()
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        write_graph(network, example, (given, made), path, any_size=stage == "find")
        check_graph(path, network, example, TOLERANCE)
        store_in_halves(path)
        check_graph(path, network, example, HALVES_TOLERANCE)
        stages[stage] = {"file": path.name, "sha256": file_sha256(path)}
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


def write_graph(
    network: nn.Module, example: Tensor, names: tuple[str, str], path: Path, *, any_size: bool
) -> None:
    """One network as ONNX; ``any_size``: height and width are left open."""
    axes = {names[0]: {2: "h", 3: "w"}, names[1]: {2: "h4", 3: "w4"}} if any_size else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=names[:1],
            output_names=names[1:],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def check_graph(path: Path, network: nn.Module, example: Tensor, tolerance: float) -> None:
    """Compare the file with the network.

    Raises:
        WeightsError: they differ by more than ``tolerance``.
    """
    with torch.no_grad():
        wanted = network(example).numpy()
    (found,) = run_openvino(path, {"frames": example.numpy()}).values()
    worst = float(np.abs(found - wanted).max())
    if not worst <= tolerance:
        raise WeightsError(
            f"{path.name} differs from torch by {worst:.2g}, more than {tolerance}. The export of "
            "one of its operations is wrong; this folder must not ship."
        )
