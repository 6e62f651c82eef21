"""The mask network learns what of a square is visible face."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deepmeme.data.mask_examples import MaskExamples
from deepmeme.models.faces.mask import FaceMask, MaskConfig
from deepmeme.models.motion.portrait_blocks import exact
from deepmeme.train.task import Picture, Turn

_COLUMNS, _SHOWN = 8, 32
_DIM = 4


class MaskTask:
    """Squares -> masks; see :class:`deepmeme.train.task.Task`."""

    family = "mask"

    def __init__(self, examples: MaskExamples, shown: MaskExamples | None = None) -> None:
        self.examples, self.shown = examples, shown or examples
        self.network = FaceMask(MaskConfig(examples.size))
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"mask": self.network}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from, and how much it saw."""
        people = len(np.unique(self.examples.squares.person))
        return {
            "config": self.network.config.as_dict(),
            "seed": self.examples.seed,
            "people": people,
        }

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of it."""
        return (self.network,)

    def batch(self, number: int, size: int, device: torch.device) -> tuple[Tensor, ...]:
        """Pictures (b, r, r, 3) and masks (b, r, r), uint8."""
        drawn = [self.examples(number * size + i) for i in range(size)]
        parts = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
        return tuple(part.to(device) for part in parts)

    def turns(self, batch: tuple[Tensor, Tensor], step: int) -> Iterator[Turn]:
        """One: each pixel by itself, and the overlap of the whole (Milletari et al. 2016)."""
        pictures, seen = batch
        logits = self.network.logits(pictures.permute(0, 3, 1, 2).float() / 255)
        with exact(pictures):
            found, wanted = logits.float()[:, 0], seen.float() / 255
            share = torch.sigmoid(found)
            shared = (share * wanted).sum((1, 2))
            both = share.square().sum((1, 2)) + wanted.square().sum((1, 2))
            yield Turn(
                "mask",
                {
                    "pixels": F.binary_cross_entropy_with_logits(found, wanted),
                    "overlap": 0.3 * (1 - (2 * shared + 1) / (both + 1)).mean(),
                },
            )

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out squares: as they are, what is seen of the face, what is found; rest dimmed."""
        drawn = [self.shown(i) for i in range(_SHOWN)]
        pictures = torch.from_numpy(np.stack([one.picture for one in drawn])).to(device)
        found = self.network(pictures.permute(0, 3, 1, 2).float() / 255)[:, 0].float().cpu().numpy()
        cells = []
        for one, share in zip(drawn, found, strict=True):
            masks = (np.ones_like(share), one.seen / 255, share)
            cells.append(np.concatenate([dimmed(one.picture, mask) for mask in masks], 1))
        lines = [
            np.concatenate(cells[i : i + _COLUMNS // 2], 1)
            for i in range(0, len(cells), _COLUMNS // 2)
        ]
        sheet = np.concatenate(lines)
        return np.asarray(cv2.resize(sheet, None, fx=1.5, fy=1.5), np.uint8)


def dimmed(picture: Picture, share: np.ndarray[Any, Any]) -> Picture:
    """The picture (n, n, 3), dark where the mask (n, n) in 0..1 says no."""
    light = (1 + (_DIM - 1) * np.asarray(share, np.float32)) / _DIM
    return np.asarray(picture * light[..., None], np.uint8)
