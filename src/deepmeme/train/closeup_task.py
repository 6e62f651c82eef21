"""The portrait model's last lesson: mouths and eyes that look real, not only near the average.

Everything else of the model is finished and stands still. Pixel losses alone paint the mean of all
teeth, which is a grey blur; a critic that has seen real mouths and eyes asks for one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from deepmeme.data.pairs import PairBatch, Pairs
from deepmeme.losses.adversarial import discriminator_loss, feature_matching, generator_loss
from deepmeme.losses.reconstruction import gradient_l1, pyramid_l1, ssim_loss
from deepmeme.models.motion.keypoints import Keypoints
from deepmeme.models.motion.portrait import PortraitModel
from deepmeme.models.motion.portrait_blocks import exact
from deepmeme.models.motion.portrait_closeups import EYE_PX, MOUTH_PX, CloseUps, cut
from deepmeme.models.motion.portrait_critic import Critics
from deepmeme.train.portrait_turns import grey, perturbed
from deepmeme.train.sheet import Picture, picture_of, rows_of
from deepmeme.train.task import Turn, frozen


@dataclass(frozen=True)
class CloseUpWeights:
    """What each loss counts, and when the critics join in."""

    pyramid: float = 4.0
    gradient: float = 2.0
    similarity: float = 0.5
    matching: float = 2.0
    fooling: float = 0.15
    opened: float = 6.0
    """Extra weight of a pixel within an opening."""
    critics_from: int = 300


class Seen(tuple[Tensor, ...]):
    """Mouth, its opening, eyes, their openings: what the critics look at."""


class CloseUpTask:
    """Learns a :class:`Retoucher` in a model that stands still."""

    family = "portrait-closeups"
    rates: Mapping[str, float] = {"critics": 0.4}

    def __init__(
        self,
        model: PortraitModel,
        pairs: Pairs,
        held_out: Pairs,
        *,
        weights: CloseUpWeights | None = None,
        found_share: float = 0.3,
    ) -> None:
        assert model.retoucher is not None, "the model has no close-ups to train"
        self.model = model.eval().requires_grad_(False)
        self.retoucher = model.retoucher.requires_grad_(True)
        self.critics = Critics()
        self.pairs, self.held_out = pairs, held_out
        self.weigh = weights or CloseUpWeights()
        self.found_share = found_share

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The retoucher and those who judge it."""
        return {"retoucher": self.retoucher, "critics": self.critics}

    def facts(self) -> Mapping[str, Any]:
        """The configuration of the model."""
        return self.model.config.as_dict()

    def worth_compiling(self) -> Sequence[nn.Module]:
        """What is slow for its many small operations."""
        model = self.model
        still = (model.openings, model.fine_motion, model.dense_motion, model.painter)
        return (*still, model.detector, self.retoucher.mouth, self.retoucher.eye)

    def batch(self, number: int, size: int, device: torch.device) -> PairBatch:
        """Pairs of frames of one head."""
        return self.pairs.sized(size)(number, device)

    def turns(self, batch: PairBatch, step: int) -> Iterator[Turn]:
        """The retoucher learns from truth and critics, then the critics from both."""
        found, real, fake = self.looked_at(batch)
        weigh = self.weigh
        losses = self.reconstruction(found, real, fake)
        judged = step >= weigh.critics_from
        if judged:
            with frozen(self.critics):
                scores = self.critics(*fake)
                with torch.no_grad():
                    wanted = self.critics(*real)
            for name, seen, true in zip(("mouth", "eyes"), scores, wanted, strict=True):
                losses[f"{name} fooling"] = weigh.fooling * generator_loss(seen[-1])
                losses[f"{name} matching"] = weigh.matching * feature_matching(true[:-1], seen[:-1])
        yield Turn("retoucher", losses)
        verdicts = zip(
            self.critics(*real), self.critics(*(part.detach() for part in fake)), strict=True
        )
        names = ("mouth critic", "eyes critic")
        yield Turn(
            "critics",
            {
                name: discriminator_loss(true[-1], false[-1])
                for name, (true, false) in zip(names, verdicts, strict=True)
            },
        )

    def looked_at(self, batch: PairBatch) -> tuple[CloseUps, Seen, Seen]:
        """The close-ups of a batch, and what is seen in them, in truth and as painted."""
        source, driving = batch.frames.unbind(1)
        noise = torch.randn(len(source), 3, *batch.xy.shape[2:]).to(source.device)
        xy = perturbed(self.model, batch, noise, self.found_share)
        was, now = Keypoints(xy[:, 0]), Keypoints(xy[:, 1])
        out = self.model.render(self.model.encode(source), was, now)
        found = out.closeups
        assert found is not None
        with exact(driving):
            opened = out.openings.inside
            masks = (
                cut(opened[:, :1], found.windows[0], MOUTH_PX),
                torch.cat([cut(opened[:, 1:], window, EYE_PX) for window in found.windows[1:]]),
            )
            truth = (
                cut(driving, found.windows[0], MOUTH_PX),
                torch.cat([cut(driving, window, EYE_PX) for window in found.windows[1:]]),
            )
            painted = (found.mouth + found.mouth_added, found.eyes + found.eyes_added)
        return (
            found,
            Seen((truth[0], masks[0], truth[1], masks[1])),
            Seen((painted[0], masks[0], painted[1], masks[1])),
        )

    def reconstruction(self, found: CloseUps, real: Seen, fake: Seen) -> dict[str, Tensor]:
        """How far the cut-outs are from the truth."""
        weigh, losses = self.weigh, {}
        for name, at in (("mouth", 0), ("eyes", 2)):
            with exact(fake[at]):
                region = 1 + weigh.opened * real[at + 1]
                a, b = fake[at], real[at]
                losses[name] = (
                    weigh.pyramid * pyramid_l1(a, b, region, levels=3)
                    + weigh.gradient * gradient_l1(a, b, region)
                    + weigh.similarity * ssim_loss(grey(a), grey(b), region)
                )
        return losses

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Rows of held-out pairs: truth, before, after; mouths, then both eyes."""
        batch = self.held_out(0, device)
        found, real, fake = self.looked_at(batch)
        cells = [real[0], found.mouth, fake[0]]
        for half in (0, 1):
            cells += [part.chunk(2)[half] for part in (real[2], found.eyes, fake[2])]
        return rows_of(
            [[picture_of(cell[row]) for cell in cells] for row in range(len(batch.frames))]
        )
