"""What an extraction found, as facts, and what of it may trouble a training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from deepmeme.pipelines.swap.extract_judge import Numbers, Verdict
from deepmeme.pipelines.swap.extract_options import ExtractOptions
from deepmeme.pipelines.swap.extract_row import FaceRow

FEW = 50
_ONE_SIDE_DEG, _ONE_LIGHT, _BLURRED_SHARE = 15.0, 0.025, 0.5


@dataclass(frozen=True)
class ExtractStory:
    """Everything a user may want to know about one extraction."""

    folder: str
    sources: tuple[str, ...]
    """Names of those that were looked at now."""
    known: tuple[str, ...]
    """Names of those that had been looked at before, and were not again."""
    looks: int
    """Frames that were looked at now."""
    faces: int
    """In the folder, with those that are not kept."""
    kept: int
    left_out: dict[str, int]
    """How many were not kept, by reason."""
    people: tuple[int, ...]
    """Faces of each person, the most seen first."""
    person: tuple[int, ...]
    """Whose faces are kept; more than one where one person was taken for several."""
    yaw_deg: tuple[float, float]
    """Least and greatest of the kept faces."""
    pitch_deg: tuple[float, float]
    sheet: str
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def angles(values: Sequence[float]) -> tuple[float, float]:
    """Least and greatest, 0 and 0 of none."""
    return (round(min(values), 1), round(max(values), 1)) if values else (0.0, 0.0)


def counts_of(people: Numbers) -> tuple[int, ...]:
    """Faces of each person."""
    return tuple(int(count) for count in np.bincount(people)) if len(people) else ()


def reasons(verdicts: Sequence[Verdict], unnamed: str) -> dict[str, int]:
    """How often each reason, the most frequent first; ``unnamed`` stands for none given."""
    counted = Counter(verdict.why or unnamed for verdict in verdicts if not verdict.keep)
    return dict(counted.most_common())


def hints_on(
    rows: Sequence[FaceRow], verdicts: Sequence[Verdict], options: ExtractOptions
) -> tuple[str, ...]:
    """What a training with the kept faces would lack, and what to do about it."""
    kept = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict.keep]
    found = []
    if len(kept) < FEW:
        found.append(
            f"Only {len(kept)} faces are kept; a training wants {FEW} at the least and some "
            "hundreds to be good. Add more videos of the same person to the folder, or look more "
            "often with --every 0.1."
        )
    if len(kept) > 1:
        found += _sameness(kept)
    blurred = sum(verdict.why == "blurred" for verdict in verdicts)
    if blurred > _BLURRED_SHARE * max(len(rows), 1):
        found.append(
            f"More than half of the faces are blurred. --min-sharpness "
            f"{options.min_sharpness / 2:g} takes more of them, a sharper video is better."
        )
    return tuple(found)


def _sameness(kept: Sequence[FaceRow]) -> list[str]:
    found = []
    low, high = np.quantile([row.yaw_deg for row in kept], [0.02, 0.98])
    if high - low < _ONE_SIDE_DEG:
        found.append(
            f"Nearly all heads look the same way ({low:+.0f}° to {high:+.0f}°). Where the other "
            "video's head turns farther the swap will guess; add a video with turns."
        )
    thumbs = np.stack([row.thumb for row in kept]).astype(np.float64) / 255
    bright = thumbs.mean(axis=(1, 2)).std()
    slanted = (thumbs[:, :, :8].mean(axis=(1, 2)) - thumbs[:, :, 8:].mean(axis=(1, 2))).std()
    if len(kept) >= FEW and bright < _ONE_LIGHT and slanted < _ONE_LIGHT:
        found.append(
            "All faces are in one light. A swap into another light may look pasted; add a video "
            "from another place."
        )
    return found
