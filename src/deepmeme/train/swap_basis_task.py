"""What every quick swap begins with: an encoder of expressions, an encoder of looks, a painter.

Two frames of one person: what the first one does (bent, so that it cannot be copied) and how the
second one looks must give the first one. The code passes through noise, the look doesn't; so
whatever the look can tell is cheaper to take from there, and the code is left with what changes
from frame to frame. Rendered people who do the same say it outright: what another one does must
give the first one, too. So a smile has the same code in every face.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from deepmeme.data.basis_squares import BasisSquares, basis_squares
from deepmeme.data.face_warp import Practice, WarpStyle, practice
from deepmeme.errors import WeightsError
from deepmeme.losses.perceptual import PyramidDistance, SeededFeatures
from deepmeme.losses.reconstruction import pyramid_l1, ssim_loss
from deepmeme.models.swap.config import PRESETS, SwapConfig
from deepmeme.models.swap.quick import LookEncoder, Paint, QuickEncoder
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.swap_training import basis_of
from deepmeme.train.task import Picture, Turn
from deepmeme.weights.checkpoint import WEIGHTS_FILE, file_sha256
from deepmeme.weights.folder import building

ROOM = 1.25
"""Squares are kept this much larger than they are learnt from."""
NOISE = 0.3
"""Standard deviation of what is added to the code, whose own is 1."""
CROSSED = 0.7
"""How often another one does it, where there is one who does the same."""
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
    """b examples, as :class:`Practice` has them."""

    given: Tensor
    """Maybe of another person, who does the same."""
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
        """Two frames of as many people, and who does what the first one does."""
        rng = np.random.default_rng((self.seed, number))
        chosen = [self.learnt[int(i)] for i in rng.integers(len(self.learnt), size=size)]
        rows = np.stack([rng.choice(group, 2, replace=False) for group in chosen])
        givers = np.array([self._giver(rng, int(row)) for row in rows[:, 0]])
        mirrored = rng.random(size) < 0.5
        seed = int(rng.integers(2**62))
        return self._practised(givers, rows, mirrored, WarpStyle(), seed, device)

    def _giver(self, rng: np.random.Generator, wanted: int) -> int:
        same = self.faces.doing_the_same(wanted)
        crossed = rng.random() < CROSSED
        return int(rng.choice(same)) if len(same) and crossed else wanted

    def _practised(
        self,
        givers: Any,
        rows: Any,
        mirrored: Any,
        style: WarpStyle,
        seed: int,
        device: torch.device,
    ) -> BasisBatch:
        """The same changes for all frames of an example; the other frame keeps its place."""
        still = replace(style, turn_degrees=0, scale=0, shift=0, bend=0)
        flip = torch.from_numpy(mirrored).to(device)

        def practised(at: Any, style: WarpStyle) -> Practice:
            squares, masks, points = (
                torch.from_numpy(np.asarray(array[at])).to(device)
                for array in (self.faces.squares, self.faces.masks, self.faces.points)
            )
            squares = torch.where(flip[:, None, None, None], squares.flip(2), squares)
            masks = torch.where(flip[:, None, None], masks.flip(2), masks)
            points = torch.stack([torch.where(flip[:, None], -points[..., 0], points[..., 0]),
                                  points[..., 1]], -1)  # fmt: skip
            generator = torch.Generator().manual_seed(seed)
            return practice(squares, masks, points, self.config.resolution, style, generator)

        given = practised(givers, style).given
        wanted, other = practised(rows[:, 0], style), practised(rows[:, 1], still)
        return BasisBatch(given, *wanted[1:], other.wanted)

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
        """Held-out people: a look, what is done, who wears it and its mask; then the others'
        looks upon the same."""
        chosen = np.linspace(0, len(self.shown) - 1, _SHOWN).astype(int)
        rows = np.stack([self.shown[i][:2] for i in chosen])
        rng = np.random.default_rng(1)
        givers = np.array([self._giver(rng, int(row)) for row in rows[:, 0]])
        still = WarpStyle(0, 0, 0, 0, 0, 0)
        batch = self._practised(givers, rows, np.zeros(_SHOWN, bool), still, 1, device)
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
    banks: Sequence[Path],
    out: Path,
    options: FitOptions,
    *,
    start: Path | None = None,
    config: SwapConfig | None = None,
) -> Fitted:
    """Teach the networks that a quick swap begins with, or go on with it.

    Args:
        banks: folders of frames or of rendered squares.
        out: folder of the run.
        options: its course.
        start: a folder of networks already taught, to begin with.
        config: sizes; by default those of the quick preset.

    Raises:
        InputError: the banks are unusable.
        WeightsError: ``start`` is damaged, or of other sizes.
    """
    config = config or PRESETS["quick"]
    faces = basis_squares(banks, round(config.resolution * ROOM))
    torch.manual_seed(options.seed)
    task = SwapBasisTask(faces, config, seed=options.seed)
    if start is not None:
        file, found, _ = basis_of(start)
        try:
            task.network.load_state_dict(found)
        except RuntimeError as error:
            raise WeightsError(f"{file} has other sizes: {error}") from error
    return fit(task, options, out)


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
