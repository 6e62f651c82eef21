"""What a VAE and a GAN learn from, and what their tasks have in common."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepmeme.data.face_warp import unit_faces
from deepmeme.data.picture_set import Labels, Pictures
from deepmeme.losses.perceptual import SeededFeatures
from deepmeme.metrics.distribution import coverage, frechet_distance
from deepmeme.models.painted import PaintedConfig
from deepmeme.models.traits import mirrored
from deepmeme.train.dream_sight import in_parts

HELD_OUT = 40
"""One picture in so many is never learnt."""
_SEEN, _PART, _JUDGED_SEED = 256, 32, 6


class FaceBatch(NamedTuple):
    """Faces, and what is known of them."""

    pictures: Tensor
    """(b, 3, r, r) in [0, 1]"""
    traits: Tensor
    """(b, k) in standard deviations among faces; k is 0 where nothing is known."""


class FaceFeed:
    """Batches of a set of pictures, now and then mirrored; pure functions of their number."""

    def __init__(
        self,
        pictures: Pictures,
        seed: int,
        labels: Labels | None = None,
        learnt: NDArray[np.bool_] | None = None,
    ) -> None:
        """``learnt`` (n,) says which pictures; all but one in so many unless given."""
        self.pictures, self.seed = pictures, seed
        self.names = labels.names if labels is not None else ()
        known = np.zeros((len(pictures), 0)) if labels is None else np.array(labels.values)
        self._known, self._mean, self._spread = (
            torch.from_numpy(part).float() for part in (known, known.mean(0), known.std(0) + 1e-9)
        )
        rows = np.arange(len(pictures))
        learnt = rows % HELD_OUT != 0 if learnt is None else learnt
        self.learnt, self.held = rows[learnt], rows[~learnt]

    def batch(self, number: int, size: int, device: torch.device) -> FaceBatch:
        """Batch ``number``."""
        rng = np.random.default_rng((self.seed, number))
        rows = rng.choice(self.learnt, size)
        turned = torch.from_numpy(rng.random(size) < 0.5)
        known = self._known[rows]
        known = torch.where(turned[:, None], mirrored(known, self.names), known)
        traits = ((known - self._mean) / self._spread).to(device)
        pictures = self.of(rows, device)
        flip = turned.to(device)[:, None, None, None]
        flipped = torch.where(flip, pictures.flip(3), pictures)
        return FaceBatch(flipped.contiguous(memory_format=torch.channels_last), traits)

    def of(self, rows: Any, device: torch.device) -> Tensor:
        """(n, 3, r, r) in [0, 1]."""
        return unit_faces(torch.from_numpy(np.ascontiguousarray(self.pictures[rows])).to(device))


class FaceTask:
    """What is the same for every task that learns from faces alone."""

    rates: Mapping[str, float] = MappingProxyType({})
    """As the options say."""

    def __init__(
        self, pictures: Pictures, config: PaintedConfig, seed: int, labels: Labels | None = None
    ) -> None:
        """``pictures`` (n, r, r, 3) at the resolution of the configuration."""
        self.feed = FaceFeed(pictures, seed, labels)
        self.sight = SeededFeatures()
        self.judgement: dict[str, float] = {}
        """What was last found by :meth:`judge`."""
        self._config = config

    @torch.no_grad()
    def judge(self, paint: Callable[[Tensor], Tensor], device: torch.device) -> None:
        """Rate what is painted from Gaussian codes: distance to real faces, precision and recall,
        of a few hundred by features of a seeded network (``train.dream_sight``)."""
        self.sight.to(device)
        rows = self.feed.learnt[:: max(1, len(self.feed.learnt) // _SEEN)]
        generator = torch.Generator().manual_seed(_JUDGED_SEED)
        codes = torch.randn(_SEEN, self._config.latent, generator=generator).to(device)
        real = in_parts(
            len(rows), _PART, lambda i, n: self.feed.of(rows[i : i + n], device), self.sight
        )
        made = in_parts(_SEEN, _PART, lambda i, n: paint(codes[i : i + n]), self.sight)
        found = coverage(real, made)
        self.judgement = {
            "distance": frechet_distance(real, made),
            "precision": found.precision,
            "recall": found.recall,
        }

    def notes(self) -> dict[str, Tensor]:
        """The last judgement, for the page of the run."""
        return {name: torch.tensor(value) for name, value in self.judgement.items()}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build the networks from."""
        return {"config": asdict(self._config), "pictures": len(self.feed.learnt)}

    def batch(self, number: int, size: int, device: torch.device) -> FaceBatch:
        """Some faces."""
        return self.feed.batch(number, size, device)
