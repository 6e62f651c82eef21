"""The portrait model's first two lessons as tasks: where keypoints are, and how a face moves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from deepmeme.data.pairs import PairBatch, Pairs
from deepmeme.models.motion.portrait import PortraitModel
from deepmeme.train.portrait_turns import KeypointTurn, MotionTurn
from deepmeme.train.sheet import Picture, keypoint_rows, motion_rows, rows_of
from deepmeme.train.task import Turn


class _PairTask:
    """What both have: a model, pairs of frames to learn from, and pairs kept to look at."""

    rates: Mapping[str, float] = {}

    def __init__(self, model: PortraitModel, pairs: Pairs, held_out: Pairs) -> None:
        self.model, self.pairs, self.held_out = model, pairs, held_out

    def facts(self) -> Mapping[str, Any]:
        """The configuration of the model."""
        return self.model.config.as_dict()

    def batch(self, number: int, size: int, device: torch.device) -> PairBatch:
        """Pairs of frames of one head."""
        return self.pairs.sized(size)(number, device)


class KeypointTask(_PairTask):
    """The detector learns the banks' labels."""

    family = "portrait-keypoints"

    def __init__(self, model: PortraitModel, pairs: Pairs, held_out: Pairs) -> None:
        super().__init__(model, pairs, held_out)
        self.turn = KeypointTurn(model.detector, model.config.keypoint_names)

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The detector."""
        return {"detector": self.model.detector}

    def turns(self, batch: PairBatch, step: int) -> Iterator[Turn]:
        """One turn: how far the keypoints are from the labels."""
        yield Turn("detector", self.turn.to(batch.xy.device)(batch))

    def worth_compiling(self) -> Sequence[nn.Module]:
        """The detector's insides."""
        return (self.model.detector.net,)

    def preview(self, device: torch.device) -> Picture:
        """Held-out frames with labels and with what is found."""
        return rows_of(keypoint_rows(self.model, self.held_out(0, device)))


class PortraitMotionTask(_PairTask):
    """Encoder, motion and painter learn to move a source; the detector stands still."""

    family = "portrait-motion"

    def __init__(
        self, model: PortraitModel, pairs: Pairs, held_out: Pairs, *, found_share: float = 0.3
    ) -> None:
        super().__init__(model, pairs, held_out)
        model.detector.requires_grad_(False).eval()
        self.turn = MotionTurn(model, found_share=found_share)
        parts = ("encoder", "dense_motion", "painter")
        self.mover = nn.ModuleDict({name: getattr(model, name) for name in parts})

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """All but the detector, as one."""
        return {"mover": self.mover}

    def turns(self, batch: PairBatch, step: int) -> Iterator[Turn]:
        """One turn: how far the moved source is from the driving frame."""
        noise = torch.randn(len(batch.xy), 3, batch.xy.shape[2], 2).to(batch.xy.device)
        yield Turn("mover", self.turn(batch, noise))

    def worth_compiling(self) -> Sequence[nn.Module]:
        """What is slow for its many small operations."""
        model = self.model
        return (model.openings, model.fine_motion, model.dense_motion, model.painter)

    def preview(self, device: torch.device) -> Picture:
        """Held-out pairs: source, driving, prediction, warped source, share, visibility."""
        return rows_of(motion_rows(self.model, self.held_out(0, device)))
