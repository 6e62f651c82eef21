"""Cross-identity: stills moved by clips of others, measured by what needs no truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deepmeme.evaluation.clips import Flows, Frame, Moments
from deepmeme.evaluation.contenders import (
    Model,
    Motion,
    Played,
    carried_motion,
    play,
    play_affine,
    play_still,
)
from deepmeme.evaluation.judges import Points
from deepmeme.evaluation.scoring import Judges, Scores, Seen, mean_known, outside_of
from deepmeme.metrics.identity import embedding_distance
from deepmeme.metrics.keypoints import motion_gap, motion_of
from deepmeme.metrics.temporal import mean_change, warp_error

MOST_MOMENTS = 16
"""Driving frames that count for a still: spread over those of the clip."""


@dataclass(frozen=True)
class CrossResult:
    """One still moved by one clip, by contender."""

    still: str
    clip: str
    rows: dict[str, Scores]


@dataclass(frozen=True)
class CrossPlayed:
    """A result and its pictures, for sheets."""

    result: CrossResult
    source: Frame
    moments: Moments
    played: list[Played]


def fewer(moments: Moments, most: int = MOST_MOMENTS) -> Moments:
    """Some of a clip's moments, evenly spread, each still followed by its next frame."""
    starts = [a for a, _ in moments.pairs]
    count = min(most, len(starts))
    chosen = {starts[round(i)] for i in np.linspace(0, len(starts) - 1, count)}
    after = dict(moments.pairs)
    kept = sorted(chosen | {after[a] for a in chosen})
    at = {old: new for new, old in enumerate(kept)}
    return Moments(
        moments.name,
        tuple(moments.frames[i] for i in kept),
        tuple(moments.numbers[i] for i in kept),
        tuple(at[i] for i in sorted(chosen)),
        tuple((at[a], at[after[a]]) for a in sorted(chosen)),
        moments.where,
        moments.path,
    )


class Driver(NamedTuple):
    """A clip that moves stills, looked at once."""

    moments: Moments
    points: list[Points | None]
    """Landmarks of each frame."""
    warp_error: float


def watch(moments: Moments, judges: Judges, flows: Flows) -> Driver:
    """What is needed of a clip, whatever it moves."""
    find = judges.landmarks
    points = [None if find is None else find(frame) for frame in moments.frames]
    return Driver(moments, points, _own_warp_error(moments.frames, moments, flows))


def cross(
    name: str,
    source: Frame,
    driver: Driver,
    models: Sequence[Model],
    judges: Judges,
    flows: Flows,
) -> CrossPlayed:
    """Measure every contender on one still (side, side, 3) and one clip."""
    moments = driver.moments
    side = moments.frames[0].shape[0]
    source_seen = judges.look(source)
    played = [play_still(source, len(moments.frames), side)]
    motions: dict[str, Motion] = {}
    for model in models:
        motion = carried_motion(model, source, moments.frames)
        if len(played) == 1:
            played.append(play_affine(source, motion, side))
            motions = dict.fromkeys((one.name for one in played), motion)
        played.append(play(model, source, motion, side))
        motions[model.name] = motion
    rows = {}
    for one in played:
        anchor = motions[one.name].anchor
        means = _figures(one, source, source_seen, driver, anchor, judges)
        means["flicker"] = _own_warp_error(one.frames, moments, flows) - driver.warp_error
        rows[one.name] = Scores(means)
    result = CrossResult(name, moments.name, rows)
    return CrossPlayed(result, source, moments, played)


def _own_warp_error(frames: Sequence[Frame], moments: Moments, flows: Flows) -> float:
    """By the frames' own flow: what moves smoothly counts as steady."""
    errors = [
        warp_error(frames[a], frames[b], *flows(frames[a], frames[b])) for a, b in moments.pairs
    ]
    return mean_known(errors)


def _figures(
    played: Played,
    source: Frame,
    source_seen: Seen,
    driver: Driver,
    anchor: int,
    judges: Judges,
) -> dict[str, float]:
    moments, start = driver.moments, driver.points[anchor]
    seen = [judges.look(played.frames[i]) for i in moments.rated]
    found, wanted, aed = [], [], []
    for one, index in zip(seen, moments.rated, strict=True):
        if judges.landmarks is None or one.points is None or source_seen.points is None:
            continue
        if one.vector is not None and source_seen.vector is not None:
            aed.append(embedding_distance(one.vector, source_seen.vector))
        theirs = driver.points[index]
        if theirs is not None and start is not None:
            eyes = judges.landmarks.anatomy.eyes
            rest = source_seen.points
            found.append(motion_of(one.points, rest, eyes(rest)))
            wanted.append(motion_of(theirs, start, eyes(start)))
    known = [one.points for one in (source_seen, *seen) if one.points is not None]
    nothing = float("nan")
    lost = nothing if source_seen.points is None else 1 - (len(known) - 1) / len(seen)
    outside = outside_of(known, source.shape)
    background = drift = nothing
    if outside is not None:
        frames = played.frames
        pairs = moments.pairs
        background = mean_known([mean_change(frames[a], frames[b], outside) for a, b in pairs])
        drift = mean_known([mean_change(source, frames[i], outside) for i in moments.rated])
    return {
        "motion": motion_gap(found, wanted)[1],
        "missing": lost,
        "aed": mean_known(aed),
        "background": background,
        "drift": drift,
    }
