"""How good dreamt-up faces are: like faces that nobody trained on, no copies, and whether editing
changes what it says and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from deepmeme.data.face_warp import unit_faces
from deepmeme.faces.align import align_face
from deepmeme.faces.detect import detect_faces
from deepmeme.faces.identity import identity_vector
from deepmeme.faces.landmarks import find_landmarks
from deepmeme.losses.perceptual import SeededFeatures
from deepmeme.metrics.distribution import coverage, frechet_distance, nearest, nearest_distances
from deepmeme.models.traits import TraitReader
from deepmeme.runtime.dream import DreamModel
from deepmeme.train.dream_sight import in_parts
from deepmeme.train.trait_task import read_traits, trait_features

Pictures = NDArray[np.uint8]
Features = NDArray[np.float64]
_PART = 32


@dataclass(frozen=True)
class Likeness:
    """Made faces beside real ones that no network has seen."""

    distance: float
    """Frechet distance of seeded features: like an FID, comparable in here alone."""
    semantic: float
    """The same of what a reader of traits looks at."""
    precision: float
    recall: float
    copies: float
    """Median distance to the nearest learnt face, over that of the faces never learnt: 1 for no
    nearer than strangers, 0 for copies."""
    nearest: float
    """The same of the single nearest one: the worst case."""


class Likener:
    """Scores made faces against real ones."""

    def __init__(self, real: Pictures, learnt: Pictures, reader: TraitReader) -> None:
        """
        Args:
            real: (n, r, r, 3) never learnt.
            learnt: (m, r, r, 3) what the models learnt.
            reader: that learnt from people of whom the models may know the half.
        """
        self._seeded, self._reader = SeededFeatures(), reader
        self._real = self.features(real)
        self._semantic = trait_features(reader, real)
        self._learnt = trait_features(reader, learnt)
        self._strangers = nearest_distances(self._semantic, self._learnt)

    def features(self, pictures: Pictures) -> Features:
        """(n, d) of the seeded network."""

        def make(start: int, count: int) -> torch.Tensor:
            return unit_faces(torch.from_numpy(np.array(pictures[start : start + count])))

        return in_parts(len(pictures), _PART, make, self._seeded)

    def score(self, made: Pictures) -> Likeness:
        """Of as many faces as are given, a thousand at least to mean anything."""
        seen, semantic = self.features(made), trait_features(self._reader, made)
        found = coverage(self._semantic, semantic)
        near = nearest_distances(semantic, self._learnt)
        return Likeness(
            frechet_distance(self._real, seen), frechet_distance(self._semantic, semantic),
            found.precision, found.recall,
            float(np.median(near) / np.median(self._strangers)),
            float(near.min() / self._strangers.min()),
        )  # fmt: skip

    def most_alike(self, made: Pictures) -> NDArray[np.intp]:
        """(n,) which learnt face each is most like."""
        return nearest(trait_features(self._reader, made), self._learnt)


@dataclass(frozen=True)
class TraitScore:
    """What a step along one trait does, in standard deviations of faces."""

    name: str
    effect: float
    """Change of the trait by a step of one, as an independent reader sees it; 1 is perfect."""
    leak: float
    """Mean absolute change of the other traits by a step."""
    worst: str
    """The other trait that changes most,"""
    worst_leak: float
    """and how much."""
    identity: float
    """Cosine of the identities before and after; that of strangers is in ``score_traits``."""


def score_traits(
    model: DreamModel, reader: TraitReader, names: tuple[str, ...], *, count: int = 100,
    step: float = 1.5, variety: float = 0.8,
) -> tuple[list[TraitScore], float]:  # fmt: skip
    """A row for each trait that the model knows; the cosine of strangers' identities."""
    codes = model.codes(count, 11, variety=variety)
    before = model.paint(codes)
    who = [_identity(picture) for picture in before]
    strangers = [float(a @ b) for a, b in pairwise(who) if a.any() and b.any()]
    read = read_traits(reader, before)
    scores = []
    for name in model.traits.names if model.traits else ():
        ups, kept = [], []
        for way in (step, -step):
            after = model.paint(model.edited(codes, {name: way}))
            ups.append((read_traits(reader, after) - read) / way)
            again = [_identity(picture) for picture in after]
            kept += [float(a @ b) for a, b in zip(who, again, strict=True) if a.any() and b.any()]
        change = np.mean(ups, axis=(0, 1))
        own = names.index(name)
        others = np.abs(np.delete(change, own))
        rest = [other for other in names if other != name]
        scores.append(TraitScore(
            name, float(change[own]), float(others.mean()), rest[int(others.argmax())],
            float(others.max()), _mean(kept),
        ))  # fmt: skip
    return scores, _mean(strangers)


def _mean(values: Sequence[float]) -> float:
    """NaN of none: no face was found in any picture."""
    return float(np.mean(values)) if values else float("nan")


def _identity(picture: Pictures) -> NDArray[np.float32]:
    """Of the largest face; zeros where none is found."""
    faces = detect_faces(picture)
    if not faces:
        return np.zeros(1, np.float32)
    marks = find_landmarks(picture, faces[0])
    crop = align_face(marks.xy_px, marks.names)
    return identity_vector(crop.cut(picture, 96))


def seconds_of(work: Callable[[], object], *, times: int = 5) -> float:
    """Median of some runs, after one to warm up."""
    work()
    found = []
    for _ in range(times):
        started = perf_counter()
        work()
        found.append(perf_counter() - started)
    return float(np.median(found))
