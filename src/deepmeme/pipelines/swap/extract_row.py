"""One face as it was seen, and how it is written down."""

import base64
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.faces.crop import Crop
from deepmeme.pipelines.swap.extract_measures import THUMB_PX

_FILE = re.compile(r"[A-Za-z0-9-]{1,80}_[0-9]{1,12}_[0-9]{1,4}\.png")
_NUMBERS = ("score", "misfit", "sharpness", "yaw", "pitch", "inside")


@dataclass(frozen=True)
class FaceRow:
    """One face as it was seen."""

    file: str
    source: int
    """Number of its source in the journal."""
    frame: int
    track: int
    crop: Crop
    points: NDArray[np.float32]
    """(k, 2) in the square, [-1, 1] from edge to edge."""
    score: float
    misfit: float
    sharpness: float
    yaw_deg: float
    pitch_deg: float
    inside: float
    thumb: NDArray[np.uint8]
    who: NDArray[np.float32] | None
    """Unit vector that tells persons apart, if one was made."""


def row_as_json(row: FaceRow) -> dict[str, Any]:
    """For a line of the journal; rounded, so compare only what came back."""
    crop = (row.crop.centre_x, row.crop.centre_y, row.crop.side, row.crop.angle_deg)
    return {
        "file": row.file,
        "track": row.track,
        "crop": [round(value, 3) for value in crop],
        "points": [[round(float(x), 4), round(float(y), 4)] for x, y in row.points],
        "score": round(row.score, 4),
        "misfit": round(row.misfit, 4),
        "sharpness": round(row.sharpness, 4),
        "yaw": round(row.yaw_deg, 2),
        "pitch": round(row.pitch_deg, 2),
        "inside": round(row.inside, 3),
        "thumb": base64.b64encode(row.thumb.tobytes()).decode(),
        "who": None if row.who is None else _packed(row.who),
    }


def _packed(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def row_from_json(facts: dict[str, Any], source: int, frame: int, count: int) -> FaceRow:
    """Back from :func:`row_as_json`; ``count`` landmarks are expected.

    Raises:
        ValueError: naming what does not fit; other kinds where types do not.
    """
    if not _FILE.fullmatch(facts["file"]):
        raise ValueError(f"{facts['file']!r} is no name of a picture")
    x, y, side, turn = map(float, facts["crop"])
    points = np.array(facts["points"], np.float32)
    score, misfit, sharpness, yaw, pitch, inside = numbers = [float(facts[k]) for k in _NUMBERS]
    thumb = np.frombuffer(base64.b64decode(facts["thumb"]), np.uint8)
    who = facts["who"]
    if points.shape != (count, 2) or not np.isfinite(points).all() or thumb.size != THUMB_PX**2:
        raise ValueError("landmarks or small picture are not as expected")
    if not np.isfinite(numbers).all():
        raise ValueError("a measure is no number")
    vector = None
    if who is not None:
        vector = np.frombuffer(base64.b64decode(who), "<f2").astype(np.float32)
    crop = Crop(x, y, side, turn, found_face=True)
    return FaceRow(
        facts["file"], source, frame, int(facts["track"]), crop, points,
        score, misfit, sharpness, yaw, pitch, inside, thumb.reshape(THUMB_PX, THUMB_PX), vector,
    )  # fmt: skip
