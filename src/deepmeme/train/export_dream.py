"""A trained VAE or GAN of faces -> the folder that dreams without torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.runtime.dream import Traits, write_traits
from deepmeme.train.onnx_file import smooth_picture, write_network
from deepmeme.weights.folder import building

EXACT, HALVES = 2e-3, 3e-2
"""Largest differences of a number, before and after weights are stored as float16."""
Weights = Mapping[str, Mapping[str, Tensor]]


class _Encode(nn.Module):
    """Pictures to the middle of where their codes lie."""

    def __init__(self, network: Vae) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network.encode(pictures).mean


class _Paint(nn.Module):
    """What the mapping made to pictures."""

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.network = network

    def forward(self, code: Tensor) -> Tensor:
        return self.network.paint(code)


def vae_of(weights: Weights, facts: Mapping[str, Any]) -> Vae:
    """The averaged network of a run."""
    network = Vae(VaeConfig(**facts["config"]))
    network.load_state_dict(dict(weights["vae"]))
    return network.eval()


def generator_of(weights: Weights, facts: Mapping[str, Any]) -> Generator:
    """The averaged network of a run."""
    network = Generator(GanConfig(**facts["config"]))
    network.load_state_dict(dict(weights["painter"]))
    return network.eval()


def export_dream(
    weights: Weights, facts: Mapping[str, Any], folder: Path, traits: Traits | None = None
) -> Path:
    """Write the folder of a VAE or a GAN, and check its networks.

    Args:
        weights: averages by player, as ``averages_of`` reads them from a run.
        facts: the run's.
        folder: where to.
        traits: what directions in the code mean, if they have been found.

    Raises:
        WeightsError: an exported network disagrees with torch.
        OutputError: the folder cannot be written.
    """
    with building(folder) as fresh:
        is_vae = "vae" in weights
        stages = _write_vae(weights, facts, fresh) if is_vae else _write_gan(weights, facts, fresh)
        config = dict(facts["config"])
        learnt = weights["vae" if is_vae else "painter"].values()
        card = {
            "format": 1,
            "name": folder.name,
            "title": "dreams up faces",
            "family": "vae" if is_vae else "gan",
            "expects": "codes, or faces cut as for training" if is_vae else "codes",
            "resolution": config["resolution"],
            "latent": config["latent"],
            "parameters": sum(value.numel() for value in learnt),
            "stages": stages,
            "config": config,
            "licence": "MIT",
            "card": "CARD.md",
        }
        if traits is not None:
            card["traits"] = write_traits(traits, fresh)
        (fresh / "model.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return folder


def _write_vae(weights: Weights, facts: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    network = vae_of(weights, facts)
    seen = {"pictures": smooth_picture(network.config.resolution)}
    encode, made = write_network(
        _Encode(network), seen, ["code"], folder / "encode.onnx", exact=EXACT, halves=HALVES
    )
    paint, _ = write_network(
        network.decoder, made, ["pictures"], folder / "paint.onnx", exact=EXACT, halves=HALVES
    )
    return {"encode": encode, "paint": paint}


def _write_gan(weights: Weights, facts: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    network = generator_of(weights, facts)
    rng = np.random.default_rng(0)
    drawn = torch.from_numpy(rng.standard_normal((1, network.config.latent)).astype(np.float32))
    mapped, made = write_network(
        network.mapping,
        {"normal": drawn},
        ["code"],
        folder / "map.onnx",
        exact=EXACT,
        halves=HALVES,
    )
    paint, _ = write_network(
        _Paint(network), made, ["pictures"], folder / "paint.onnx", exact=EXACT, halves=HALVES
    )
    return {"map": mapped, "paint": paint}
