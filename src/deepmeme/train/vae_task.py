"""A VAE learns faces: paint what was seen from a code that costs nats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.picture_set import Labels, Pictures
from deepmeme.losses.elbo import code_cost, in_use, kl_per_number, warmed
from deepmeme.losses.portrait import PortraitDistance
from deepmeme.models.vae.config import VaeConfig
from deepmeme.models.vae.vae import Vae
from deepmeme.train.face_feed import FaceBatch, FaceTask
from deepmeme.train.sheet import bars, picture_of, rows_of
from deepmeme.train.task import Picture, Turn

_SHOWN, _SHOWN_SEED = 8, 5


@dataclass(frozen=True)
class VaeWeights:
    """What each part of the loss counts."""

    beta: float = 0.02
    """A nat of the code."""
    free: float = 0.02
    """Nats of each number that cost nothing."""
    warmup: int = 1000
    """Steps until the code costs in full."""
    traits: float = 0.3
    """Times the squared error of each trait that is known, read from the code."""


class VaeTask(FaceTask):
    """See :class:`deepmeme.train.task.Task`; the player is "vae"."""

    family = "vae"

    def __init__(
        self,
        pictures: Pictures,
        config: VaeConfig,
        *,
        weights: VaeWeights | None = None,
        labels: Labels | None = None,
        seed: int = 1,
    ) -> None:
        """``pictures`` (n, r, r, 3) at the resolution of the configuration."""
        config = replace(config, traits=0 if labels is None else len(labels.names))
        super().__init__(pictures, config, seed, labels)
        self.config, self.weights = config, weights or VaeWeights()
        self.network = Vae(config)
        self.distance = PortraitDistance()
        for part in (self.network, self.distance):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """Encoder and decoder learn together."""
        return {"vae": self.network}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Both halves."""
        return (self.network.encoder, self.network.decoder)

    def turns(self, batch: FaceBatch, step: int) -> Iterator[Turn]:
        """One: paint them again from codes drawn where they are believed to lie."""
        self.distance.to(batch.pictures.device)
        weights, wanted = self.weights, batch.pictures
        belief = self.network.encode(wanted)
        code = belief.draw() if self.config.variational else belief.mean
        made = self.network.decode(code).float()
        notes: dict[str, Tensor] = {}
        losses = self.distance(made, wanted)
        if self.network.probe is not None:
            missed = (self.network.probe(code).float() - batch.traits).square().mean(0)
            losses["traits"] = weights.traits * missed.sum()
        if self.config.variational:
            nats = kl_per_number(belief.mean, belief.log_var)
            share = weights.beta * warmed(step, weights.warmup)
            losses["code"] = share * code_cost(nats, weights.free)
            used = torch.tensor(float(in_use(nats.detach())))
            notes = {"nats of a code": nats.sum(), "numbers in use": used}
        yield Turn("vae", losses, notes | self.notes())

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out faces and what becomes of them; samples; a walk from the first face to the
        last; nats of each number of a code, most first."""
        rows = self.feed.held[np.linspace(0, len(self.feed.held) - 1, _SHOWN).astype(int)]
        faces = self.feed.of(rows, device)
        belief = self.network.encode(faces)
        codes = belief.mean
        generator = torch.Generator().manual_seed(_SHOWN_SEED)
        drawn = torch.randn(2 * _SHOWN, self.config.latent, generator=generator).to(device)
        ways = torch.linspace(0, 1, _SHOWN, device=device)[:, None]
        walk = codes[:1] * (1 - ways) + codes[-1:] * ways
        parts = [faces, *(self.network.decode(c) for c in (codes, *drawn.chunk(2), walk))]
        cells = [[picture_of(face) for face in part] for part in parts]
        if self.config.variational:
            self.judge(self.network.decode, device)
            nats = kl_per_number(belief.mean, belief.log_var).cpu().numpy()
            side = self.config.resolution
            cells.append([bars(nats, _SHOWN * side, side // 2)])
        return rows_of(cells)
