"""A VAE learns faces: paint what was seen from a code that costs nats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.picture_set import Pictures
from deepmeme.losses.elbo import code_cost, in_use, kl_per_number, warmed
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import pyramid_l1
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture, Turn

HELD_OUT = 40
"""One picture in so many is never learnt."""
_SHOWN, _SHOWN_SEED, _WALK = 8, 5, 6


@dataclass(frozen=True)
class VaeWeights:
    """What each part of the loss counts."""

    l1: float = 100.0
    """Times the mean difference of colours over a pyramid of three sizes."""
    perceptual: float = 10.0
    """Through seeded filters, which need no file."""
    beta: float = 0.02
    """A nat of the code."""
    free: float = 0.02
    """Nats of each number that cost nothing."""
    warmup: int = 1000
    """Steps until the code costs in full."""


class FaceBatch(NamedTuple):
    """Pictures (b, 3, r, r) in [0, 1]."""

    pictures: Tensor


class FaceFeed:
    """Batches of a set of pictures, now and then mirrored; pure functions of their number."""

    def __init__(self, pictures: Pictures, seed: int) -> None:
        self.pictures, self.seed = pictures, seed
        rows = np.arange(len(pictures))
        self.learnt, self.held = rows[rows % HELD_OUT != 0], rows[rows % HELD_OUT == 0]

    def batch(self, number: int, size: int, device: torch.device) -> FaceBatch:
        """Batch ``number``."""
        rng = np.random.default_rng((self.seed, number))
        rows = rng.choice(self.learnt, size)
        mirrored = torch.from_numpy(rng.random(size) < 0.5).to(device)
        pictures = self.of(rows, device)
        flipped = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        return FaceBatch(flipped.contiguous(memory_format=torch.channels_last))

    def of(self, rows: Any, device: torch.device) -> Tensor:
        """(n, 3, r, r) in [0, 1]."""
        chosen = torch.from_numpy(np.ascontiguousarray(self.pictures[rows])).to(device)
        return chosen.permute(0, 3, 1, 2).float() / 255


class VaeTask:
    """See :class:`deepmeme.train.task.Task`; the player is "vae"."""

    family = "vae"

    def __init__(
        self,
        pictures: Pictures,
        config: VaeConfig,
        *,
        weights: VaeWeights | None = None,
        seed: int = 1,
    ) -> None:
        """``pictures`` (n, r, r, 3) at the resolution of the configuration."""
        self.config, self.weights = config, weights or VaeWeights()
        self.feed = FaceFeed(pictures, seed)
        self.network = Vae(config)
        self.perceptual = PyramidDistance(SeededFeatures(), scales=(1.0, 0.5), weights=(1.0,) * 4)
        for part in (self.network, self.perceptual):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """Encoder and decoder learn together."""
        return {"vae": self.network}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from."""
        return {"config": asdict(self.config), "pictures": len(self.feed.learnt)}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Both halves."""
        return (self.network.encoder, self.network.decoder)

    def batch(self, number: int, size: int, device: torch.device) -> FaceBatch:
        """Some faces."""
        return self.feed.batch(number, size, device)

    def turns(self, batch: FaceBatch, step: int) -> Iterator[Turn]:
        """One: paint them again from codes drawn where they are believed to lie."""
        self.perceptual.to(batch.pictures.device)
        weights, wanted = self.weights, batch.pictures
        belief = self.network.encode(wanted)
        code = belief.draw() if self.config.variational else belief.mean
        made = self.network.decode(code).float()
        notes: dict[str, Tensor] = {}
        losses = {
            "l1": weights.l1 * pyramid_l1(made, wanted, levels=3),
            "perceptual": weights.perceptual * self.perceptual(made, wanted),
        }
        if self.config.variational:
            nats = kl_per_number(belief.mean, belief.log_var)
            share = weights.beta * warmed(step, weights.warmup)
            losses["code"] = share * code_cost(nats, weights.free)
            used = torch.tensor(float(in_use(nats.detach())))
            notes = {"nats of a code": nats.sum(), "numbers in use": used}
        yield Turn("vae", losses, notes)

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out faces and what becomes of them; samples; a walk from the first face to the
        last."""
        rows = self.feed.held[np.linspace(0, len(self.feed.held) - 1, _SHOWN).astype(int)]
        faces = self.feed.of(rows, device)
        codes = self.network.encode(faces).mean
        generator = torch.Generator().manual_seed(_SHOWN_SEED)
        drawn = torch.randn(2 * _SHOWN, self.config.latent, generator=generator).to(device)
        ways = torch.linspace(0, 1, _SHOWN, device=device)[:, None]
        walk = codes[:1] * (1 - ways) + codes[-1:] * ways
        parts = [faces, *(self.network.decode(c) for c in (codes, *drawn.chunk(2), walk))]
        return rows_of([[picture_of(face) for face in part] for part in parts])
