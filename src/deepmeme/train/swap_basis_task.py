"""What every quick swap begins with: an encoder of expressions, an encoder of looks, a painter.

Two frames of one person: what the first one does (bent, so that it cannot be copied) and how the
second one looks must give the first one. The code passes through noise, the look doesn't; so
whatever the look can tell is cheaper to take from there, and the code is left with what changes
from frame to frame.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from deepmeme.data.basis_squares import BasisSquares, basis_squares
from deepmeme.data.face_warp import Practice, WarpStyle, practice
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import pyramid_l1, ssim_loss
from deepmeme.models.swap.config import PRESETS, SwapConfig
from deepmeme.models.swap.quick import LookEncoder, Paint, QuickEncoder
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture, Turn
from deepmeme.weights.checkpoint import WEIGHTS_FILE, file_sha256
from deepmeme.weights.folder import building

ROOM = 1.25
"""Squares are kept this much larger than they are learnt from."""
NOISE = 0.5
"""Standard deviation of what is added to the code, whose own is 1."""
_SHOWN = 8


class Basis(nn.Module):
    """All three."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.look, self.paint = (
            QuickEncoder(config), LookEncoder(config), Paint(config)
        )  # fmt: skip


class BasisBatch(NamedTuple):
    """b pairs of frames, as :class:`Practice` has them; of the second only ``wanted`` counts."""

    given: Tensor
    wanted: Tensor
    mask: Tensor
    weight: Tensor
    other: Tensor
    """(b, 3, r, r) another frame of the same person."""


class SwapBasisTask:
    """See :class:`deepmeme.train.task.Task`."""

    family = "swap-basis"

    def __init__(self, faces: BasisSquares, config: SwapConfig, *, seed: int = 1) -> None:
        self.faces, self.config, self.seed = faces, config, seed
        self.network = Basis(config)
        self.perceptual = PyramidDistance(SeededFeatures(), scales=(1.0, 0.5), weights=(1.0,) * 4)
        for part in (self.network, self.perceptual):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.learnt = faces.groups(held_out=False)
        self.shown = faces.groups(held_out=True) or self.learnt

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """All at once."""
        return {"basis": self.network}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Numbers to build it from."""
        return {"config": self.config.as_dict()}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of them."""
        return (self.network.encoder, self.network.look, self.network.paint)

    def batch(self, number: int, size: int, device: torch.device) -> BasisBatch:
        """Two frames of as many people."""
        rng = np.random.default_rng((self.seed, number))
        chosen = [self.learnt[int(i)] for i in rng.integers(len(self.learnt), size=size)]
        rows = np.stack([rng.choice(group, 2, replace=False) for group in chosen])
        mirrored = rng.random(size) < 0.5
        return self._practised(rows, mirrored, WarpStyle(), int(rng.integers(2**62)), device)

    def _practised(
        self, rows: Any, mirrored: Any, style: WarpStyle, seed: int, device: torch.device
    ) -> BasisBatch:
        """The same change of colours for both frames of a pair, and changes of place of its own."""
        parts: list[Practice] = []
        flip = torch.from_numpy(mirrored).to(device)
        for column in (0, 1):
            at = rows[:, column]
            squares, masks, points = (
                torch.from_numpy(np.asarray(array[at])).to(device)
                for array in (self.faces.squares, self.faces.masks, self.faces.points)
            )
            squares = torch.where(flip[:, None, None, None], squares.flip(2), squares)
            masks = torch.where(flip[:, None, None], masks.flip(2), masks)
            points = torch.stack([torch.where(flip[:, None], -points[..., 0], points[..., 0]),
                                  points[..., 1]], -1)  # fmt: skip
            generator = torch.Generator().manual_seed(seed)
            parts.append(practice(squares, masks, points, self.config.resolution, style, generator))
        return BasisBatch(*parts[0], parts[1].wanted)

    def turns(self, batch: BasisBatch, step: int) -> Iterator[Turn]:
        """One: paint the first frame."""
        self.perceptual.to(batch.given.device)
        network = self.network
        code, look = network.encoder(batch.given), network.look(batch.other)
        made = network.paint(code + NOISE * torch.randn_like(code), look)
        picture, weight = made.picture.float(), batch.weight
        inside = batch.mask + 0.1 * (1 - batch.mask)
        yield Turn(
            "basis",
            {
                "l1": 10 * pyramid_l1(picture, batch.wanted, weight, levels=3),
                "ssim": 3 * ssim_loss(picture, batch.wanted, weight),
                "perceptual": 1.0 * self.perceptual(picture * inside, batch.wanted * inside),
                "mask": (made.mask.float() - batch.mask).abs().mean(),
            },
        )

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Held-out people: each frame, itself by another frame's look, and by the others' looks."""
        rows = np.stack([self.shown[i % len(self.shown)][:2] for i in range(_SHOWN)])
        still = WarpStyle(0, 0, 0, 0, 0, 0)
        batch = self._practised(rows, np.zeros(_SHOWN, bool), still, 1, device)
        code, look = self.network.encoder(batch.given), self.network.look(batch.other)
        own = self.network.paint(code, look)
        sheet = [
            [picture_of(part[i]) for part in (batch.other, batch.given, own.picture, own.mask)]
            for i in range(_SHOWN)
        ]
        for i in range(_SHOWN):
            worn = self.network.paint(code[i : i + 1].expand(_SHOWN, -1), look).picture
            sheet[i] += [picture_of(face) for face in worn]
        return rows_of(sheet)


def train_basis(
    banks: Sequence[Path], out: Path, options: FitOptions, *, config: SwapConfig | None = None
) -> Fitted:
    """Teach the networks that a quick swap begins with, or go on with it.

    Raises:
        InputError: the banks are unusable.
    """
    config = config or PRESETS["quick"]
    faces = basis_squares(banks, round(config.resolution * ROOM))
    torch.manual_seed(options.seed)
    return fit(SwapBasisTask(faces, config, seed=options.seed), options, out)


def export_basis(
    weights: Mapping[str, Mapping[str, Tensor]], facts: Mapping[str, Any], folder: Path
) -> Path:
    """Write what a run has learnt as a folder: float16 safetensors, ``model.json``.

    Raises:
        OutputError: it cannot be written.
    """
    learnt = weights["basis"]
    halves = {key: value.half().contiguous().cpu() for key, value in learnt.items()}
    with building(folder) as fresh:
        file = fresh / WEIGHTS_FILE
        save_file(halves, str(file))
        file.chmod(0o644)
        card = {
            "format": 1,
            "name": folder.name,
            "title": "what quick face swaps begin with",
            "family": "swap-basis",
            "expects": "aligned faces, for `deepmeme swap train`",
            "resolution": facts["config"]["resolution"],
            "parameters": sum(value.numel() for value in halves.values()),
            "weights": {"file": file.name, "sha256": file_sha256(file)},
            "config": facts["config"],
            "licence": "MIT",
            "card": "CARD.md",
        }
        (fresh / "model.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return folder
