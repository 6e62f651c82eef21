"""Which way a VAE's faces smile: codes of faces whose traits the renderer knows, and probes."""

import logging
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deepmeme.data.dream_faces import LabelledFaces, open_faces
from deepmeme.data.picture_set import middle_square
from deepmeme.metrics.traits import Probes, find_probes
from deepmeme.models.vae.vae import Vae
from deepmeme.runtime.dream import Traits

log = logging.getLogger("deepmeme.train")

TOLD = 0.2
"""Share of a trait's variance that codes must tell of it, lest its direction be a guess."""
_PART = 64


def traits_of_vae(network: Vae, folder: Path | str) -> Traits:
    """Directions of the traits that a VAE's codes tell.

    Args:
        network: trained.
        folder: labelled faces, as ``data.dream_faces`` renders them.

    Raises:
        InputError: no labelled faces, or too few.
    """
    faces = open_faces(folder)
    codes = codes_of(network, faces)
    labels = np.asarray(faces.labels, np.float64)
    return told(find_probes(codes, labels), faces.names, codes, labels)


@torch.no_grad()
def codes_of(network: Vae, faces: LabelledFaces) -> NDArray[np.float64]:
    """(n, d) the middles of where the faces' codes lie."""
    network.eval()
    side, found = network.config.resolution, []
    for start in range(0, len(faces.pictures), _PART):
        part = np.stack([middle_square(p, side) for p in faces.pictures[start : start + _PART]])
        unit = torch.from_numpy(part).permute(0, 3, 1, 2).float() / 255
        found.append(network.encode(unit).mean.double().numpy())
    return np.concatenate(found)


def told(
    probes: Probes, names: tuple[str, ...], codes: NDArray[np.float64], labels: NDArray[np.float64]
) -> Traits:
    """The traits that codes tell; probes are made anew of these, so that what they cannot tell
    bends no direction."""
    kept = [row for row in range(len(names)) if probes.trust[row] >= TOLD]
    for row, name in enumerate(names):
        verdict = "kept" if row in kept else "left out"
        log.info("%s: codes tell %.0f %% of it, %s", name, 100 * probes.trust[row], verdict)
    again = find_probes(codes, labels[:, kept])
    return Traits(
        tuple(names[row] for row in kept),
        *(np.asarray(part, np.float32) for part in (again.directions, again.readings,
                                                    again.offsets)),
    )  # fmt: skip
