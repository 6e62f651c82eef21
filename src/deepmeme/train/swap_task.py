"""A pair of autoencoders learns two people: the encoder both, each decoder its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.face_warp import Practice, WarpStyle, plain, practice
from deepmeme.data.swap_faces import People, PersonFaces
from deepmeme.losses.adversarial import discriminator_loss, generator_loss
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import ssim_loss, weighted_mean
from deepmeme.models.motion.portrait_critic import PatchCritic
from deepmeme.models.swap.pair import Painted, SharedDecoder, TwoDecoders
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture, Turn, frozen

SHOWN = 6
NOTED_EVERY = 4
"""Steps between looks at where a person's codes lie."""
CODE_NOISE = 0.3
"""Added to quick's codes, in their own standard deviations: what is not worth its place among noise
is what tells one person's codes from another's."""
SSIM_SHARE = 11.6
"""Side of the window of similarity, as a share of the picture: facts, 5.2."""


@dataclass(frozen=True)
class SwapWeights:
    """What each loss counts."""

    ssim: float = 5.0
    """Times 1 - SSIM: ten times the published DSSIM, which is half of it."""
    l1: float = 10.0
    mask: float = 1.0
    perceptual: float = 0.0
    """Through seeded filters, which need no file."""
    critic: float = 0.0
    """A patch critic's opinion; 0.1 is usual, late in a training."""


class SwapBatch(NamedTuple):
    """b faces of each person, A and B on the second axis; fields as in :class:`Practice`."""

    given: Tensor
    wanted: Tensor
    mask: Tensor
    weight: Tensor
    plain: Tensor
    """(b, 2, 3, r, r) the same faces as they are."""

    def of(self, side: int) -> Practice:
        """One person's."""
        return Practice(*(part[:, side] for part in self[:4]))


class SwapTask:
    """See :class:`deepmeme.train.task.Task`; the player is "pair", and "critic" if it counts."""

    family = "swap"

    def __init__(
        self,
        pair: TwoDecoders | SharedDecoder,
        people: People,
        *,
        weights: SwapWeights | None = None,
        style: WarpStyle | None = None,
        begun_with: str = "",
        identities: Mapping[str, Sequence[float]] | None = None,
        seed: int = 1,
    ) -> None:
        """``begun_with`` says where the networks are from, if not from nowhere; ``identities``
        what tells A and B from others, for whoever converts a video.
        """
        self.pair, self.people, self.seed = pair, people, seed
        self.weights, self.style = weights or SwapWeights(), style or WarpStyle()
        self.begun_with, self.identities = begun_with, identities
        self.size = pair.config.resolution
        self.critic = PatchCritic(3) if self.weights.critic else None
        self.perceptual: nn.Module | None = None
        if self.weights.perceptual:
            self.perceptual = PyramidDistance(
                SeededFeatures(), scales=(1.0, 0.5), weights=(1.0,) * 4
            )
        self.window = max(3, round(self.size / SSIM_SHARE) // 2 * 2 + 1)
        for network in (*self.players.values(), *filter(None, [self.perceptual])):
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The pair is one player: its encoder learns from both people at once."""
        if self.critic is None:
            return {"pair": self.pair}
        return {"pair": self.pair, "critic": self.critic}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build the networks from, and who the people are."""
        return {
            "config": self.pair.config.as_dict(),
            "people": [person.name for person in self.people],
            "faces": [len(person) for person in self.people],
            "begun_with": self.begun_with,
            "identities": self.identities,
        }

    def worth_compiling(self) -> Sequence[nn.Module]:
        """Encoder and decoders."""
        return tuple(self.pair.children())

    def batch(self, number: int, size: int, device: torch.device) -> SwapBatch:
        """As many faces of each person, whatever the sizes of their sets."""
        rng = np.random.default_rng((self.seed, number))
        parts = []
        for person in self.people:
            rows = rng.integers(len(person), size=size)
            generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
            practised = self._practice(person, rows, self.style, generator, device)
            parts.append((*practised, self._plain(person, rows, device)))
        return SwapBatch(*(torch.stack(both, 1) for both in zip(*parts, strict=True)))

    def _plain(self, person: PersonFaces, rows: Any, device: torch.device) -> Tensor:
        return plain(torch.from_numpy(person.squares[rows]).to(device), self.size)

    def _practice(
        self,
        person: PersonFaces,
        rows: Any,
        style: WarpStyle,
        generator: torch.Generator,
        device: torch.device,
    ) -> Practice:
        squares, masks, points = (
            torch.from_numpy(part[rows]).to(device)
            for part in (person.squares, person.masks, person.points)
        )
        return practice(squares, masks, points, self.size, style, generator)

    def turns(self, batch: SwapBatch, step: int) -> Iterator[Turn]:
        """Both people at once; then, where it counts, the critic."""
        codes = self.pair.encode(batch.given.transpose(0, 1).flatten(0, 1)).chunk(2)
        if step % NOTED_EVERY == 0:
            for side in (0, 1):
                self.pair.note(batch.plain[:, side], side)
        made = [self._painted(self._noisy(codes[side]), side) for side in (0, 1)]
        losses: dict[str, Tensor] = {}
        for name, side in (("a", 0), ("b", 1)):
            losses |= {f"{name} {kind}": v for kind, v in self._of(batch, made[side], side).items()}
        if self.critic is not None:
            with frozen(self.critic):
                scores = [self.critic(face.picture - 0.5)[-1] for face in made]
            losses["fooling"] = self.weights.critic * generator_loss(scores)
        yield Turn("pair", losses)
        if self.critic is not None:
            real = [self.critic(batch.of(side).wanted - 0.5)[-1] for side in (0, 1)]
            fake = [self.critic(face.picture.detach() - 0.5)[-1] for face in made]
            yield Turn("critic", {"critic": discriminator_loss(real, fake)})

    def _noisy(self, code: Tensor) -> Tensor:
        if self.pair.config.architecture != "quick":
            return code
        spread = code.detach().float().std(0, keepdim=True, unbiased=False)
        return code + CODE_NOISE * spread * torch.randn_like(code)

    def _painted(self, code: Tensor, side: int) -> Painted:
        return Painted(*(part.float() for part in self.pair.decode(code, side)))

    def _of(self, batch: SwapBatch, made: Painted, side: int) -> dict[str, Tensor]:
        """Losses of one person's faces."""
        practised, weights = batch.of(side), self.weights
        wanted, weight = practised.wanted, practised.weight
        found = {
            "likeness": weights.ssim * ssim_loss(made.picture, wanted, weight, window=self.window)
            + weights.l1 * weighted_mean((made.picture - wanted).abs(), weight),
            "mask": weights.mask * (made.mask - practised.mask).abs().mean(),
        }
        if self.perceptual is not None:
            self.perceptual.to(wanted.device)
            inside = 0.1 + 0.9 * practised.mask
            distance = self.perceptual(made.picture * inside, wanted * inside)
            found["perceptual"] = weights.perceptual * distance
        return found

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Rows of A, A as A, B as A, B, B as B, A as B."""
        faces = []
        for person in self.people:
            order = np.argsort(person.yaw_deg, kind="stable")
            rows = order[np.linspace(0, len(order) - 1, SHOWN).astype(int)]
            faces.append(self._plain(person, rows, device))
        codes = [self.pair.encode(shown) for shown in faces]
        columns = []
        for side in (0, 1):
            columns.append(faces[side])
            columns.append(self.pair.decode(codes[side], side).picture)
            columns.append(self.pair.swap(codes[1 - side], side).picture)
        rows_shown = [[picture_of(column[row]) for column in columns] for row in range(SHOWN)]
        half = SHOWN // 2
        return rows_of([a + b for a, b in zip(rows_shown[:half], rows_shown[half:], strict=True)])
