"""Self-reenactment: a clip's first frame, moved like the clip, beside the baselines."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepmeme.evaluation.clips import Flows, Moments
from deepmeme.evaluation.contenders import (
    STILL,
    Model,
    Played,
    play,
    play_affine,
    play_still,
    self_motion,
)
from deepmeme.evaluation.scoring import Judges, Scores, score, truth_of

MUCH_AKD_PX, MUCH_L1 = 5.0, 0.035


@dataclass(frozen=True)
class ClipResult:
    """One clip, by contender."""

    name: str
    frames: int
    """How many were rated."""
    numbers: tuple[int, ...]
    """Places of the rated frames in the clip."""
    where: str
    rows: dict[str, Scores]
    fps: dict[str, float]
    own: dict[str, float]
    """The driving video's own warp error, background change and drift, in grey levels."""

    @property
    def moves_much(self) -> bool:
        """Whether holding the source still is far off: AKD of 5 px, or L1 of 0.035 without it."""
        still = self.rows[STILL].means
        akd = still.get("akd", float("nan"))
        return akd >= MUCH_AKD_PX if akd == akd else still["l1"] >= MUCH_L1


@dataclass(frozen=True)
class ClipPlayed:
    """A result and the pictures it was measured on, for sheets."""

    result: ClipResult
    moments: Moments
    played: list[Played]


def reconstruct(
    moments: Moments, models: Sequence[Model], judges: Judges, flows: Flows
) -> ClipPlayed:
    """Measure every contender on one clip; the affine fit has the first model's keypoints."""
    truth = truth_of(moments, judges, flows)
    source, side = moments.frames[0], truth.side
    played = [play_still(source, len(moments.frames), side)]
    for model in models:
        motion = self_motion(model, moments.frames)
        if len(played) == 1:
            played.append(play_affine(source, motion, side))
        played.append(play(model, source, motion, side))
    result = ClipResult(
        moments.name,
        len(moments.rated),
        tuple(moments.numbers[i] for i in moments.rated),
        moments.where,
        {one.name: score(one, truth, judges) for one in played},
        {one.name: one.fps for one in played if one.fps == one.fps},
        truth.own,
    )
    return ClipPlayed(result, moments, played)
