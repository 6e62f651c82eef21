"""A trained VAE or GAN of faces -> the folder that dreams without torch."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.runtime.dream import Traits, write_traits
from deepmeme.train.dream_traits import Cloud, known_of_vae, traits_of_gan
from deepmeme.train.onnx_file import smooth_picture, write_network
from deepmeme.train.trait_task import reader_of
from deepmeme.weights.folder import building

EXACT, LOSSY = 2e-3, 1e-1
"""Largest differences of a number, before and after weights are stored as int8."""
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
    weights: Weights,
    facts: Mapping[str, Any],
    folder: Path,
    traits: Traits | None = None,
    cloud: Cloud | None = None,
) -> Path:
    """Write the folder of a VAE or a GAN, and check its networks.

    Args:
        weights: averages by player, as ``averages_of`` reads them from a run.
        facts: the run's.
        folder: where to.
        traits: what directions in the code mean, if they have been found.
        cloud: where a VAE's codes lie; N(0, 1) unless given.

    Raises:
        WeightsError: an exported network disagrees with torch.
        OutputError: the folder cannot be written.
    """
    with building(folder) as fresh:
        is_vae = "vae" in weights
        stages = (
            _write_vae(weights, facts, fresh, cloud)
            if is_vae
            else _write_gan(weights, facts, fresh)
        )
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


def export_told(
    weights: Weights, facts: Mapping[str, Any], folder: Path, *, banks: Sequence[Path] = (),
    reader: Path | None = None,
) -> Path:  # fmt: skip
    """As :func:`export_dream`, once its traits are found: a VAE's by the first of ``banks``, which
    holds labelled faces; a GAN's by a run of ``train traits``, where it reads ``banks`` well."""
    if "vae" in weights and banks:
        known = known_of_vae(vae_of(weights, facts), banks[0])
        return export_dream(weights, facts, folder, known.traits, known.cloud)
    if "painter" in weights and reader is not None:
        faces = banks[0] if banks else None
        found = traits_of_gan(generator_of(weights, facts), reader_of(reader), faces)
        return export_dream(weights, facts, folder, found)
    return export_dream(weights, facts, folder)


def _write_vae(
    weights: Weights, facts: Mapping[str, Any], folder: Path, cloud: Cloud | None
) -> dict[str, Any]:
    network = vae_of(weights, facts)
    seen = {"pictures": smooth_picture(network.config.resolution)}
    encode, made = _write(_Encode(network), seen, ["code"], folder / "encode.onnx")
    paint, _ = _write(network.decoder, made, ["pictures"], folder / "paint.onnx")
    if cloud is None:
        return {"encode": encode, "paint": paint}
    drawing = nn.Linear(network.config.latent, network.config.latent)
    drawing.load_state_dict(cloud.as_linear())
    return {
        "map": _write_map(drawing, network.config.latent, folder)[0],
        "encode": encode,
        "paint": paint,
    }


def _write_gan(weights: Weights, facts: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    network = generator_of(weights, facts)
    mapped, made = _write_map(network.mapping, network.config.latent, folder)
    paint, _ = _write(_Paint(network), made, ["pictures"], folder / "paint.onnx")
    return {"map": mapped, "paint": paint}


def _write_map(
    network: nn.Module, numbers: int, folder: Path
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """What makes a code of Gaussian numbers."""
    drawn = torch.randn(1, numbers, generator=torch.Generator().manual_seed(0))
    return _write(network, {"normal": drawn}, ["code"], folder / "map.onnx")


def _write(
    network: nn.Module, given: Mapping[str, Tensor], made: Sequence[str], path: Path
) -> tuple[dict[str, str], dict[str, Tensor]]:
    return write_network(network, given, made, path, exact=EXACT, lossy=LOSSY, stored="int8")
