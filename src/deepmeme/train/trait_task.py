"""A network learns to read traits off rendered faces: what finds and judges a GAN's directions."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from deepmeme.data.dream_faces import LabelledFaces, open_faces
from deepmeme.data.face_warp import unit_faces
from deepmeme.data.picture_set import Labels
from deepmeme.errors import WeightsError
from deepmeme.losses.augmented import shifted
from deepmeme.models.traits import TraitReader
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.face_feed import FaceBatch, FaceFeed
from deepmeme.train.loop import Fitted, fit
from deepmeme.train.options import FitOptions
from deepmeme.train.run_state import averages_of
from deepmeme.train.sheet import picture_of, rows_of
from deepmeme.train.task import Picture, Turn

HALVES = (0, 1)
MOVED = 0.03
"""Of the side at most, lest it learns where faces stand."""
_SHOWN, _PART = 8, 64


class TraitTask:
    """See :class:`deepmeme.train.task.Task`; the player is "traits"."""

    family = "traits"
    rates: Mapping[str, float] = {}

    def __init__(self, faces: LabelledFaces, *, half: int = 0, seed: int = 1) -> None:
        """``half``: which people it learns from, those with even or with odd numbers; the others
        are for a second reader, who has never seen these."""
        self.faces, self.half = faces, half
        labels = Labels(faces.names, faces.labels)
        self.feed = FaceFeed(faces.pictures, seed, labels, learnt=faces.person % 2 == half)
        self.network = TraitReader(len(faces.names))
        self.network.measure(torch.from_numpy(np.array(faces.labels)))
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def players(self) -> Mapping[str, nn.Module]:
        """One."""
        return {"traits": self.network}

    def facts(self) -> Mapping[str, Any]:
        """What is read."""
        return {"names": list(self.faces.names), "half": self.half}

    def worth_compiling(self) -> Sequence[nn.Module]:
        """All of it."""
        return (self.network.network,)

    def batch(self, number: int, size: int, device: torch.device) -> FaceBatch:
        """Some faces, half of them mirrored."""
        return self.feed.batch(number, size, device)

    def turns(self, batch: FaceBatch, step: int) -> Iterator[Turn]:
        """One: squares of what is misread, the faces a little elsewhere."""
        read = self.network(shifted(batch.pictures, MOVED)).float()
        missed = (read - batch.traits).square().mean()
        yield Turn("traits", {"missed": missed})

    @torch.no_grad()
    def preview(self, device: torch.device) -> Picture:
        """People it has never seen, from the least to the most of five traits, as it reads them."""
        rows = self.feed.held[:: max(1, len(self.feed.held) // 256)]
        faces = self.feed.of(rows, device)
        read = self.network(faces)
        cells = []
        for row in np.linspace(0, len(self.faces.names) - 1, 5).round().astype(int):
            order = read[:, int(row)].argsort().cpu()
            chosen = order[torch.linspace(0, len(order) - 1, _SHOWN).long()]
            cells.append([picture_of(faces[int(row)]) for row in chosen])
        return rows_of(cells)


def train_traits(data: Path | str, out: Path, options: FitOptions, *, half: int = 0) -> Fitted:
    """Teach a reader of traits, or go on with it.

    Args:
        data: labelled faces, as ``data.dream_faces`` renders them.
        out: folder of the run.
        options: its course.
        half: which half of the people it learns from, 0 or 1.

    Raises:
        InputError: no labelled faces.
    """
    torch.manual_seed(options.seed)
    return fit(TraitTask(open_faces(data), half=half, seed=options.seed), options, out)


class Reader(NamedTuple):
    """What a run of :func:`train_traits` has learnt."""

    network: TraitReader
    names: tuple[str, ...]
    """Of what it reads."""
    half: int
    """The people it learnt from."""


def reader_of(run: Path) -> Reader:
    """What a run of :func:`train_traits` has learnt.

    Raises:
        WeightsError: the folder holds no such run.
    """
    found = averages_of(run / CHECKPOINTS)
    if found is None or "traits" not in found[0]:
        raise WeightsError(f"{run} holds no reader of traits; train one: deepmeme train traits")
    names = tuple(found[1]["names"])
    network = TraitReader(len(names))
    network.load_state_dict(dict(found[0]["traits"]))
    return Reader(network.eval().requires_grad_(False), names, int(found[1]["half"]))


def trusted(reader: TraitReader, faces: LabelledFaces, half: int) -> NDArray[np.float64]:
    """(k,) share of each trait's variance that a reader tells of people it has not learnt from."""
    others = np.flatnonzero(faces.person % 2 != half)
    read = read_traits(reader, faces.pictures[others])
    true = reader.steps(torch.from_numpy(np.array(faces.labels[others]))).double().numpy()
    return np.asarray(1 - (read - true).var(0) / true.var(0), np.float64)


@torch.no_grad()
def read_traits(reader: TraitReader, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pictures (n, r, r, 3) -> (n, k) in standard deviations."""
    return _in_parts(reader, pictures)


@torch.no_grad()
def trait_features(reader: TraitReader, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Pictures (n, r, r, 3) -> (n, d) what the reader reads from: an embedding of faces."""
    return _in_parts(reader.features, pictures)


def _in_parts(see: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    found = []
    for start in range(0, len(pictures), _PART):
        part = unit_faces(torch.from_numpy(np.array(pictures[start : start + _PART])))
        found.append(see(part).double().numpy())
    return np.concatenate(found)
