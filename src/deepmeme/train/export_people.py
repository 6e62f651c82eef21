"""Trained masks and identities -> the folder that ships (``deepmeme train export``)."""

import json
from pathlib import Path
from typing import Any

from deepmeme.models.faces.identity import FaceIdentity, IdentityConfig
from deepmeme.models.faces.mask import FaceMask, MaskConfig
from deepmeme.train.export_finder import TOLERANCE, averages
from deepmeme.train.onnx_file import smooth_picture, write_network

_HALVES_TOLERANCE = 2e-2
"""Largest difference of a share or of a vector's number once weights are stored as float16."""


def export(mask: FaceMask | None, identity: FaceIdentity | None, folder: Path) -> dict[str, Any]:
    """Write the ONNX files and ``model.json``, and check them; returns what the latter says.

    Args:
        mask: the network of masks, if there is one.
        identity: the network of identities, if there is one.
        folder: where to.

    Raises:
        WeightsError: an exported network disagrees with torch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stages, parameters = {}, 0
    for stage, network, made in (("mask", mask, "share"), ("identity", identity, "vector")):
        if network is None:
            continue
        example = {"frames": smooth_picture(network.config.resolution)}
        stages[stage], _ = write_network(
            network, example, [made], folder / f"{stage}.onnx",
            exact=TOLERANCE, lossy=_HALVES_TOLERANCE,
        )  # fmt: skip
        parameters += sum(p.numel() for p in network.parameters())
    facts = {
        "format": 1,
        "name": "people",
        "title": "what of a square is face, and whose",
        "family": "people",
        "expects": "aligned squares of one face",
        "parameters": parameters,
        "stages": stages,
        "mask": mask.config.as_dict() if mask is not None else None,
        "identity": identity.config.as_dict() if identity is not None else None,
        "licence": "MIT",
        "card": "CARD.md",
    }
    (folder / "model.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def mask_of(run: Path) -> FaceMask:
    """The averaged mask network of a run.

    Raises:
        WeightsError: the run has no checkpoint.
    """
    weights, facts = averages(run)
    config = facts["config"]
    network = FaceMask(MaskConfig(config["resolution"], tuple(config["widths"]), config["fine"]))
    network.load_state_dict(dict(weights["mask"]))
    return network.eval()


def identity_of(run: Path) -> FaceIdentity:
    """The averaged identity network of a run.

    Raises:
        WeightsError: the run has no checkpoint.
    """
    weights, facts = averages(run)
    config = facts["config"]
    network = FaceIdentity(
        IdentityConfig(config["resolution"], tuple(config["widths"]), config["length"])
    )
    learnt = dict(weights["identity"])
    own = {
        name.removeprefix("network."): value
        for name, value in learnt.items()
        if name.startswith("network.")
    }
    network.load_state_dict(own)
    return network.eval()
