"""Which way a model's faces smile: codes of faces whose traits are known, and probes.

A VAE looks rendered faces up whose traits the renderer knows. A GAN cannot: its own faces are read
by a network that has learnt from rendered ones (``train.trait_task``).
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.dream_faces import open_faces
from deepmeme.data.face_warp import unit_faces
from deepmeme.data.picture_set import middle_square
from deepmeme.metrics.traits import find_probes
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.vae import Vae
from deepmeme.runtime.dream import Traits
from deepmeme.train.trait_task import Reader, trusted

log = logging.getLogger("deepmeme.train")

TOLD = 0.2
"""Share of a trait's variance that codes must tell of it, lest its direction be a guess."""
PAINTED = 4000
"""Faces of a GAN that are read."""
_PART = 64
Floats = NDArray[np.float64]


class Cloud(NamedTuple):
    """Where a VAE's codes lie all together, which is not quite where training wants them: faces are
    drawn from there (ex-post density estimation, Ghosh et al. 2020, with one Gaussian)."""

    mean: Floats
    """(d,)"""
    root: Floats
    """(d, d) lower: mean + root @ normal is a draw."""

    def as_linear(self) -> dict[str, Tensor]:
        """Weights of the layer that draws."""
        return {
            "weight": torch.from_numpy(self.root).float(),
            "bias": torch.from_numpy(self.mean).float(),
        }


class Known(NamedTuple):
    """What labelled faces tell of a VAE."""

    traits: Traits
    cloud: Cloud


def known_of_vae(network: Vae, folder: Path | str) -> Known:
    """Directions of the traits that a VAE's codes tell, and where codes lie.

    Args:
        network: trained.
        folder: labelled faces, as ``data.dream_faces`` renders them.

    Raises:
        InputError: no labelled faces, or too few.
    """
    faces = open_faces(folder)
    codes, spread = _codes_of(network, faces.pictures)
    labels = np.asarray(faces.labels, np.float64)
    return Known(told(faces.names, codes, labels), _cloud(codes, spread))


def cloud_of_vae(network: Vae, pictures: NDArray[np.uint8]) -> Cloud:
    """Where the codes of pictures (n, h, w, 3) lie."""
    return _cloud(*_codes_of(network, pictures))


def _cloud(codes: Floats, spread: Floats) -> Cloud:
    root = np.linalg.cholesky(np.cov(codes, rowvar=False) + np.diag(spread))
    return Cloud(np.asarray(codes.mean(0), np.float64), np.asarray(root, np.float64))


@torch.no_grad()
def traits_of_gan(
    network: Generator, reader: Reader, faces: Path | str | None = None, *, count: int = PAINTED
) -> Traits:
    """Directions of the traits that a GAN's codes tell, by what a reader sees in its faces.

    Args:
        network: trained.
        reader: trained on rendered faces.
        faces: labelled ones; what the reader cannot tell of people in them that it has not learnt
            from is left out.
        count: faces to paint and read.
    """
    rows = list(range(len(reader.names)))
    if faces is not None:
        trust = trusted(reader.network, open_faces(faces), reader.half)
        rows = [row for row in rows if trust[row] >= TOLD]
        _say(reader.names, trust, "the reader tells")
    generator = torch.Generator().manual_seed(0)
    codes, labels = [], []
    for _ in range(0, count, _PART):
        code = network.mapping(torch.randn(_PART, network.config.latent, generator=generator))
        codes.append(code.double().numpy())
        labels.append(reader.network(network.paint(code)).double().numpy())
    names = tuple(reader.names[row] for row in rows)
    return told(names, np.concatenate(codes), np.concatenate(labels)[:, rows])


@torch.no_grad()
def _codes_of(network: Vae, pictures: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """(n, d) the middles of where the faces' codes lie; (d,) how far they reach around them."""
    network.eval()
    side, means, spreads = network.config.resolution, [], []
    for start in range(0, len(pictures), _PART):
        part = np.stack([middle_square(p, side) for p in pictures[start : start + _PART]])
        belief = network.encode(unit_faces(torch.from_numpy(part)))
        means.append(belief.mean.double().numpy())
        spreads.append(belief.log_var.exp().double().numpy())
    return np.concatenate(means), np.concatenate(spreads).mean(0)


def told(names: tuple[str, ...], codes: Floats, labels: Floats) -> Traits:
    """The traits that codes tell; directions are found among these alone, so that what codes cannot
    tell bends none."""
    probes = find_probes(codes, labels)
    kept = [row for row in range(len(names)) if probes.trust[row] >= TOLD]
    _say(names, probes.trust, "codes tell")
    again = find_probes(codes, labels[:, kept])
    return Traits(
        tuple(names[row] for row in kept),
        *(np.asarray(part, np.float32) for part in (again.directions, again.readings,
                                                    again.offsets)),
    )  # fmt: skip


def _say(names: Sequence[str], trust: Floats, who: str) -> None:
    for name, share in zip(names, trust, strict=True):
        verdict = "kept" if share >= TOLD else "left out"
        log.info("%s: %s %.0f %% of it, %s", name, who, 100 * share, verdict)
