"""Which published model a tree of tensors belongs to, by the names in it."""

from collections.abc import Mapping
from typing import Any

from deepmeme.weights.stored import StoredTensor

FAMILIES = {
    "fomm": "First Order Motion Model (Siarohin et al., NeurIPS 2019)",
    "portrait": "deepmeme portrait model",
    "tpsmm": "Thin-Plate-Spline Motion Model (Zhao and Zhang, CVPR 2022)",
    "mraa": "Motion Representations for Articulated Animation (Siarohin et al., CVPR 2021)",
    "monkey-net": "Monkey-Net (Siarohin et al., CVPR 2019)",
    "face-vid2vid": "face-vid2vid (Wang et al., CVPR 2021), unofficial",
    "liveportrait": "LivePortrait (Guo et al., 2024)",
    "unknown": "no family that deepmeme knows",
}

ELSEWHERE = {
    "portrait": "Pass the folder that holds them beside a model.json, not the file.",
    "fomm": "A network alone cannot animate: pass the checkpoint that holds both.",
    "monkey-net": "It is the forerunner. For its successors type: deepmeme models list",
    "unknown": "For what deepmeme loads type: deepmeme models list",
}
"""What to do with weights that do not load as a First Order Motion Model."""

Tree = Mapping[str, Any]


def sections_of(tree: Any) -> dict[str, dict[str, StoredTensor]]:
    """The state dicts in a checkpoint, 'module.' stripped; a bare state dict is section ''."""
    if not isinstance(tree, Mapping):
        return {}
    if isinstance(tree.get("state_dict"), Mapping) and not _flat(tree):
        tree = tree["state_dict"]
    flat = _flat(tree)
    if flat:
        return {"": flat}
    sections = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and not str(name).startswith("optimizer"):
            entries = _flat(value)
            if entries:
                sections[str(name)] = entries
    return sections


def _flat(tree: Tree) -> dict[str, StoredTensor]:
    entries = {str(k): v for k, v in tree.items() if isinstance(v, StoredTensor)}
    if entries and all(key.startswith("module.") for key in entries):
        entries = {key[len("module.") :]: value for key, value in entries.items()}
    return entries


def identify(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """A key of FAMILIES."""
    names = set(sections)
    for family, needed in (
        ("tpsmm", {"inpainting_network", "dense_motion_network"}),
        ("mraa", {"generator", "region_predictor"}),
        ("face-vid2vid", {"generator", "kp_detector", "he_estimator"}),
        ("liveportrait", {"retarget_shoulder"}),
    ):
        if needed <= names:
            return family
    if {"generator", "kp_detector"} <= names:
        return _motion_family(sections["generator"])
    return _bare_family(sections.get("", {}))


def _motion_family(generator: Mapping[str, Any]) -> str:
    if any(key.startswith(("dense_motion_module.", "appearance_encoder.")) for key in generator):
        return "monkey-net"
    if any(key.startswith("resblocks_3d.") or ".compress." in key for key in generator):
        return "face-vid2vid"
    return "fomm" if "first.conv.weight" in generator else "unknown"


LIVEPORTRAIT = ("G_middle_0.", "resblocks_3d.", "detector.", "retarget_", "fc_kp.")


def _bare_family(keys: Mapping[str, Any]) -> str:
    parts = {key.split(".")[0] for key in keys}
    if {"detector", "dense_motion", "painter", "encoder"} <= parts:
        return "portrait"
    if any(key.startswith(LIVEPORTRAIT) for key in keys):
        return "liveportrait"
    return "fomm" if {"bottleneck", "final", "dense_motion_network"} <= parts else "unknown"
