"""The watermark's reader learns from marked pictures that codecs have been over."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from deepmeme.data.marked import MarkedPictures, open_marked
from deepmeme.models.watermark import WatermarkReader
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.task import Picture, Turn

_SHOWN = 12


class WatermarkTask:
    """Planes -> soft signs; see :class:`deepmeme.train.task.Task`."""

    family = "watermark"

    def __init__(self, pictures: MarkedPictures, shown: MarkedPictures, *, width: int = 24) -> None:
        self.pictures, self.width = pictures, width
        self.reader = WatermarkReader(width)
        self.reader.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.shown = _batch(shown, range(_SHOWN))

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """The network."""
        return {"reader": self.reader}

    @property
    def rates(self) -> Mapping[str, float]:
        """As the options say."""
        return {}

    def facts(self) -> Mapping[str, Any]:
        """Its width."""
        return {"width": self.width, "seed": self.pictures.seed}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of it."""
        return (self.reader,)

    def batch(self, number: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Planes (b, 2, s, s) and signs (b, 1, s, s)."""
        planes, signs = _batch(self.pictures, range(number * size, (number + 1) * size))
        planes = planes.contiguous(memory_format=torch.channels_last)
        return planes.to(device), signs.to(device)

    def turns(self, batch: tuple[Tensor, Tensor], step: int) -> Iterator[Turn]:
        """One: the correlation with the signs, which is what decoding adds up."""
        planes, signs = batch
        read = self.reader(planes)
        yield Turn("reader", {"signs": -correlation(read.float(), signs).mean()})

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """Rows of detail as it is seen, signs as they are, signs as they are read."""
        planes, signs = (part.to(device) for part in self.shown)
        read = self.reader(planes)
        read = read / (2 * read.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-6)
        columns = [planes[:, :1] / 3, signs, read]
        sheet = torch.cat([torch.cat(list(c[:, 0]), 0) for c in columns], 1)
        grey = ((sheet.clamp(-1, 1) + 1) * 127.5).byte().cpu().numpy()
        return np.repeat(grey[..., None], 3, axis=2)


def correlation(read: Tensor, signs: Tensor) -> Tensor:
    """Of each example (b, 1, h, w): sum(r s) / |r| |s|, (b,)."""
    across = (1, 2, 3)
    lengths = read.square().mean(across).sqrt() * signs.square().mean(across).sqrt()
    return (read * signs).mean(across) / (lengths + 1e-6)


def train_watermark(
    banks: Sequence[Path],
    run: Path,
    options: FitOptions,
    *,
    shares: Sequence[float] | None = None,
) -> Fitted:
    """Train the reader on the frames of banks, or go on with it.

    Raises:
        InputError: a folder is no bank.
    """
    pictures = open_marked(banks, shares=shares, seed=options.seed)
    shown = open_marked(banks, shares=shares, seed=9, held_out=True)
    torch.manual_seed(options.seed)
    return fit(WatermarkTask(pictures, shown), options, run)


def _batch(pictures: MarkedPictures, numbers: range) -> tuple[Tensor, Tensor]:
    examples = [pictures(number) for number in numbers]
    planes, signs = (np.stack(part) for part in zip(*examples, strict=True))
    return torch.from_numpy(planes), torch.from_numpy(signs)


def export_reader(weights: Mapping[str, Tensor], folder: Path, *, width: int) -> Path:
    """Write what :mod:`deepmeme.provenance.watermark_net` reads: one file of halves."""
    from safetensors.torch import save

    reader = WatermarkReader(width)
    reader.load_state_dict(dict(weights))
    halves = {}
    for index, layer in enumerate(reader.convolutions):
        for name, value in layer.state_dict().items():
            halves[f"{index}.{name}"] = value.half().contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "reader.safetensors"
    path.write_bytes(save(halves))
    return path
