"""The figures of one contender on one clip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmeme.evaluation.clips import Flow, Flows, Frame, Moments
from deepmeme.evaluation.contenders import Played
from deepmeme.evaluation.embedding import Embedder, Vector
from deepmeme.evaluation.judges import Anatomy, Landmarker, Points
from deepmeme.metrics.expression import looking, opening, width_of
from deepmeme.metrics.identity import embedding_distance
from deepmeme.metrics.keypoints import average_distance_px
from deepmeme.metrics.pictures import mean_l1, psnr_db, ssim
from deepmeme.metrics.structure import SMALLEST_PX, gradient_deviation, ms_ssim
from deepmeme.metrics.temporal import mean_change, outside_head, warp_error

AKD_SIDE = 256
_BEST_DB = 60.0
_OPEN = 0.12  # of an eye's width: below, an iris is guessed

Mask = NDArray[np.bool_]


class Judges(NamedTuple):
    """Who looks at faces; None is not measured."""

    landmarks: Landmarker | None = None
    embedding: Embedder | None = None

    def look(self, picture: Frame) -> "Seen":
        """The landmarks and the person's vector."""
        points = None if self.landmarks is None else self.landmarks(picture)
        if self.landmarks is None or points is None:
            return Seen(None)
        irises = self.landmarks.irises(picture, points)
        if self.embedding is None:
            return Seen(points, None, irises)
        return Seen(points, self.embedding(picture, points, self.landmarks.anatomy), irises)

    def as_dict(self) -> dict[str, Any]:
        """For JSON and for people."""
        akd, aed = self.landmarks, self.embedding
        return {
            "landmarks": akd.name if akd else None,
            "embedding": aed.name if aed else None,
            "same_person_below": aed.same_below if aed else None,
        }


class Seen(NamedTuple):
    """What the judges see in a picture."""

    points: Points | None
    vector: Vector | None = None
    irises: Points | None = None


@dataclass(frozen=True)
class Scores:
    """Means by measure, and the values of each rated frame."""

    means: dict[str, float]
    series: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """All that is needed of the true frames, worked out once a clip."""

    moments: Moments
    side: int
    seen: list[Seen]
    """Of the rated frames."""
    flows: list[tuple[Flow, Mask]]
    """Of the pairs."""
    outside: Mask | None
    """Where neither head nor shoulders ever are; None without landmarks."""
    own: dict[str, float]
    """The driving video's own warp error, background change and drift."""


def truth_of(moments: Moments, judges: Judges, flows: Flows) -> Truth:
    """Look at the true frames."""
    frames = moments.frames
    seen = [judges.look(frames[i]) for i in moments.rated]
    points = [one.points for one in (judges.look(frames[0]), *seen) if one.points is not None]
    outside = outside_of(points, frames[0].shape)
    moving = [flows(frames[a], frames[b]) for a, b in moments.pairs]
    side = frames[0].shape[0]
    own = _steadiness(frames, moments, moving, outside)
    return Truth(moments, side, seen, moving, outside, own)


def outside_of(points: Sequence[Points], shape: Sequence[int]) -> Mask | None:
    """Where none of the heads is; None where nobody knows."""
    if not points:
        return None
    size = (shape[0], shape[1])
    return np.asarray(np.logical_and.reduce([outside_head(one, size) for one in points]))


def score(played: Played, truth: Truth, judges: Judges) -> Scores:
    """A contender's figures against the true frames."""
    moments = truth.moments
    series: dict[str, list[float]] = {}
    for row, index in enumerate(moments.rated):
        found, wanted = played.frames[index], moments.frames[index]
        figures = _picture_figures(found, wanted)
        figures |= _face_figures(judges, judges.look(found), truth.seen[row], truth.side)
        for key, value in figures.items():
            series.setdefault(key, []).append(value)
    means = {key: mean_known(values) for key, values in series.items()}
    steady = _steadiness(played.frames, moments, truth.flows, truth.outside)
    means["flicker"] = steady["warp_error"] - truth.own["warp_error"]
    means |= {key: steady[key] for key in ("background", "drift")}
    return Scores(means, series)


def _picture_figures(found: Frame, wanted: Frame) -> dict[str, float]:
    figures = {
        "l1": mean_l1(found, wanted),
        "psnr": min(psnr_db(found, wanted), _BEST_DB),
        "ssim": ssim(found, wanted),
        "gmsd": gradient_deviation(found, wanted),
    }
    if min(wanted.shape[:2]) >= SMALLEST_PX:
        figures["ms_ssim"] = ms_ssim(found, wanted)
    return figures


def _face_figures(judges: Judges, found: Seen, wanted: Seen, side: int) -> dict[str, float]:
    nothing = float("nan")
    figures = dict.fromkeys(("akd", "missing", "mouth", "lids", "gaze", "aed"), nothing)
    if wanted.points is None:
        return figures
    figures["missing"] = float(found.points is None)
    if found.points is not None and judges.landmarks is not None:
        figures["akd"] = average_distance_px(found.points, wanted.points) * AKD_SIDE / side
        figures |= expression_errors(judges.landmarks.anatomy, found, wanted)
    if found.vector is not None and wanted.vector is not None:
        figures["aed"] = embedding_distance(found.vector, wanted.vector)
    return figures


def expression_errors(anatomy: Anatomy, found: Seen, wanted: Seen) -> dict[str, float]:
    """How far mouth, lids and gaze are from where they should be; nothing where a face is lost."""
    if found.points is None or wanted.points is None:
        return {}
    both = (found.points, wanted.points)
    figures: dict[str, float] = {}
    if anatomy.lips:
        eyes = (anatomy.eyes(points) for points in both)
        gaps = [
            opening(points, anatomy.lips, width_of(pair, (0, 1)))
            for points, pair in zip(both, eyes, strict=True)
        ]
        figures["mouth"] = abs(gaps[0] - gaps[1])
    lids, gaze = [], []
    irises = (found.irises, wanted.irises)
    for eye, (corners, pairs) in enumerate(zip(anatomy.corners, anatomy.lids, strict=True)):
        ours, theirs = (opening(points, pairs, width_of(points, corners)) for points in both)
        lids.append(abs(ours - theirs))
        looks = [
            looking(iris[eye], points, corners)
            for iris, points in zip(irises, both, strict=True)
            if iris is not None
        ]
        if theirs > _OPEN and len(looks) == len(both):
            gaze.append(float(np.linalg.norm(looks[0] - looks[1])))
    return figures | {"lids": mean_known(lids), "gaze": mean_known(gaze)}


def _steadiness(
    frames: Sequence[Frame],
    moments: Moments,
    flows: Sequence[tuple[Flow, Mask]],
    outside: Mask | None,
) -> dict[str, float]:
    """Warp error over the pairs, and what happens where nobody is; grey levels."""
    pairs = [(frames[a], frames[b]) for a, b in moments.pairs]
    warped = [warp_error(a, b, *flow) for (a, b), flow in zip(pairs, flows, strict=True)]
    found = {"warp_error": mean_known(warped), "background": float("nan"), "drift": float("nan")}
    if outside is not None:
        source = moments.frames[0]
        found["background"] = mean_known([mean_change(a, b, outside) for a, b in pairs])
        drifts = [mean_change(source, frames[i], outside) for i in moments.rated]
        found["drift"] = mean_known(drifts)
    return found


def mean_known(values: Sequence[float]) -> float:
    """The mean of what isn't NaN; NaN where nothing is left."""
    known = np.asarray([value for value in values if value == value], np.float64)
    return float(known.mean()) if len(known) else float("nan")
