"""A generator learns to fool a critic, and the critic not to be fooled."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.data.picture_set import Pictures
from deepmeme.losses.augmented import augmented
from deepmeme.losses.portrait import PortraitDistance
from deepmeme.losses.relativistic import critic_loss, painter_loss, slope_penalty
from deepmeme.models.gan.config import GanConfig
from deepmeme.models.gan.critic import Critic
from deepmeme.models.gan.generator import Generator
from deepmeme.models.vae.vae import Vae
from deepmeme.train.face_feed import FaceBatch, FaceTask
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture, Turn, frozen

_SHOWN, _SHOWN_SEED = 48, 5
_ACROSS = 12
log = logging.getLogger("deepmeme.train")

COLLAPSED = 0.02
"""Recall below which most real faces lie beyond all that are painted."""


@dataclass(frozen=True)
class GanWeights:
    """What counts beside fooling and not being fooled."""

    slope: float = 1.0
    """Gamma of the penalties on the critic's slope, at real and at made pictures."""
    slope_every: int = 8
    """Steps between penalties, which count so many times more: each costs another step."""
    painter_rate: float = 0.4
    """Times the learning rate of the critic, who has to see through the painter (two time scales,
    Heusel et al. 2017)."""
    head_start: int = 0
    """Steps in which only the critic learns: it has to catch up with a painter that begins with
    what another run has learnt."""
    alike: float = 0.3
    """Where a VAE guides: times its own loss between the face and what is painted of its code."""
    augmented: bool = True
    """Show the critic changed pictures, so that it cannot learn few ones by heart."""


class GanTask(FaceTask):
    """See :class:`deepmeme.train.task.Task`; the players are "painter" and "critic"."""

    family = "gan"

    def __init__(
        self,
        pictures: Pictures,
        config: GanConfig,
        *,
        weights: GanWeights | None = None,
        seed: int = 1,
    ) -> None:
        """``pictures`` (n, r, r, 3) at the resolution of the configuration."""
        super().__init__(pictures, config, seed)
        self.config, self.weights = config, weights or GanWeights()
        self.painter, self.critic = Generator(config), Critic(config)
        for part in (self.painter, self.critic):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        generator = torch.Generator().manual_seed(_SHOWN_SEED)
        self.shown = torch.randn(_SHOWN, config.latent, generator=generator)
        self._best_recall = 0.0
        self.rates = {"painter": self.weights.painter_rate}
        self._guide: Vae | None = None
        self._distance = PortraitDistance()

    def follow(self, guide: Vae) -> None:
        """From now on paint real faces from the codes that a VAE finds in them, to look like them
        and to fool the critic (VAE/GAN, Larsen et al. 2016): sharper than the VAE, with its codes
        and all that they mean."""
        self._guide = guide.eval().requires_grad_(False)

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build the networks from, and whether a VAE guides."""
        return {**super().facts(), "guided": self._guide is not None}

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """Each against the other."""
        return {"painter": self.painter, "critic": self.critic}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Both."""
        return (self.painter, self.critic)

    def turns(self, batch: FaceBatch, step: int) -> Iterator[Turn]:
        """The painter's, then the critic's, who sees the same faces."""
        real = batch.pictures
        with torch.set_grad_enabled(step >= self.weights.head_start):
            made = self._painted(real)
        if made.requires_grad:
            with frozen(self.critic):
                scores = self.critic(self._seen(made))
                with torch.no_grad():
                    wanted = self.critic(self._seen(real))
            losses = {"fooling": painter_loss(wanted, scores)}
            if self._guide is not None:
                found = self._distance.to(real.device)(made, real)
                losses |= {name: self.weights.alike * loss for name, loss in found.items()}
            yield Turn("painter", losses)
            made = made.detach()
        at_real, at_made = self._seen(real), self._seen(made)
        scores, found = self.critic(at_made), self.critic(at_real)
        losses = {"critic": critic_loss(found, scores)}
        every = self.weights.slope_every
        if self.weights.slope and step % every == 0:
            half = 0.5 * self.weights.slope * every
            slopes = [slope_penalty(self.critic, seen) for seen in (at_real, at_made)]
            losses["slope"] = half * (slopes[0] + slopes[1])
        notes = {"score of real": found.float().mean(), "score of made": scores.float().mean()}
        yield Turn("critic", losses, notes | self.notes())

    def _painted(self, real: Tensor) -> Tensor:
        """As many faces: of nobody, or of the codes of these."""
        if self._guide is None:
            made: Tensor = self.painter(torch.randn(len(real), self.config.latent).to(real.device))
            return made.float()
        with torch.no_grad():
            code = self._guide.to(real.device).encode(real).draw()
        return self.painter.paint(code.float()).float()

    def _seen(self, pictures: Tensor) -> Tensor:
        return augmented(pictures) if self.weights.augmented else pictures

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """The same codes, time after time; the last row walks from one to another."""
        faces = self.painter(self.shown[: _SHOWN - _ACROSS].to(device))
        ends = self.shown[-2:].to(device)
        ways = torch.linspace(0, 1, _ACROSS, device=device)[:, None]
        walk = self.painter(ends[:1] * (1 - ways) + ends[1:] * ways)
        cells = [picture_of(face) for face in torch.cat([faces, walk])]
        self.judge(self.painter, device)
        self._mind(self.judgement["recall"])
        return rows_of([cells[row : row + _ACROSS] for row in range(0, len(cells), _ACROSS)])

    def _mind(self, recall: float) -> None:
        """Say so when the painter makes one face again and again."""
        if recall < COLLAPSED and self._best_recall > 5 * COLLAPSED:
            log.warning(
                "the faces have become alike: only %.0f %% of the real ones lie among them, %.0f "
                "%% did before. Stop, and begin again with a smaller learning rate",
                100 * recall, 100 * self._best_recall,
            )  # fmt: skip
        self._best_recall = max(self._best_recall, recall)
