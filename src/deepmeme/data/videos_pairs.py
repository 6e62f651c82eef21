"""Pairs of frames of one video, for learning motion without labels.

A pair depends on the seed and its number in the run alone, so a run that was killed goes on with
the very same pairs.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from deepmeme.data.videos import Subject
from deepmeme.data.videos_store import FrameStore
from deepmeme.errors import InputError
from deepmeme.media.clip import Frame

_logger = logging.getLogger(__name__)

MAX_BROKEN = 16
"""Unreadable videos in a row before it is given up."""


class VideoPairs:
    """Draws (source, driving) pairs; a pass visits every subject once, each pass in its own order.

    The source is the earlier frame, as published; here the two are never the same frame. A video
    that cannot be read is named in the log and another one takes its place, always the same.
    """

    def __init__(self, subjects: Sequence[Subject], store: FrameStore, *, seed: int) -> None:
        self.subjects, self.store, self.seed = tuple(subjects), store, seed
        self._broken: set[Path] = set()
        self._order: tuple[int, list[int]] | None = None

    def batch(self, number: int, size: int) -> Tensor:
        """(size, 2, h, w, 3) uint8: pairs ``number * size`` and after; source first.

        Raises:
            InputError: too many unreadable videos in a row.
        """
        return torch.stack([self.pair(number * size + row) for row in range(size)])

    def pair(self, index: int) -> Tensor:
        """(2, h, w, 3) uint8."""
        rng = np.random.default_rng((self.seed, index))
        frames = self._frames(index, rng)
        rows = np.sort(rng.choice(len(frames), 2, replace=False))
        return torch.from_numpy(np.stack([frames[row] for row in rows]))

    def _frames(self, index: int, rng: np.random.Generator) -> Sequence[Frame]:
        subject = self.subjects[self._row(index)]
        for attempt in range(MAX_BROKEN + 1):
            video = subject.videos[int(rng.integers(len(subject.videos)))]
            try:
                return self.store.frames(video)
            except InputError as error:
                if attempt == MAX_BROKEN or self._nothing_but(video):
                    raise
                if video not in self._broken:
                    self._broken.add(video)
                    _logger.warning("left out: %s", error)
            subject = self.subjects[int(rng.integers(len(self.subjects)))]
        raise AssertionError("unreachable")

    def _nothing_but(self, video: Path) -> bool:
        return all(subject.videos == (video,) for subject in self.subjects)

    def _row(self, index: int) -> int:
        turn, place = divmod(index, len(self.subjects))
        if self._order is None or self._order[0] != turn:
            rng = np.random.default_rng((self.seed, 2**40 + turn))
            self._order = turn, rng.permutation(len(self.subjects)).tolist()
        return self._order[1][place]


class Shown(NamedTuple):
    """Videos to look at."""

    frames: Tensor
    """(n, 2, h, w, 3) uint8: a video's first frame, and one that differs much from it."""
    names: tuple[str, ...]
    """Of the n videos' files or folders."""


def far_pairs(subjects: Sequence[Subject], store: FrameStore, count: int) -> Shown:
    """Of ``count`` subjects' first readable video the first frame and, of nine spread over it, the
    one that differs most from it.

    Raises:
        InputError: none can be read.
    """
    pairs: list[Tensor] = []
    names: list[str] = []
    trouble: InputError | None = None
    for subject in subjects[: count + MAX_BROKEN]:
        try:
            frames = store.frames(subject.videos[0])
        except InputError as error:
            trouble = error
            continue
        rows = np.unique(np.linspace(1, len(frames) - 1, 9).astype(int))
        first = frames[0].astype(np.int16)
        moved = [float(np.abs(frames[row] - first).mean()) for row in rows]
        chosen = frames[rows[int(np.argmax(moved))]]
        pairs.append(torch.from_numpy(np.stack([frames[0], chosen])))
        names.append(subject.videos[0].name)
        if len(pairs) == count:
            break
    if not pairs:
        raise trouble or InputError("There is no video to look at.")
    return Shown(torch.stack(pairs), tuple(names))
