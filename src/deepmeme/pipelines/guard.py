"""Nudity is refused where the optional extra ``guard`` is installed: NudeNet, a small detector.

It is under the AGPL, so it is no part of deepmeme and is imported only where somebody installed it;
without it nothing is looked at and nothing is loaded. It looks at every source, and while rendering
at one moment of each second: every animated picture and, where the layout shows it, the driver.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, MissingExtra
from deepmeme.media.montage import resize
from deepmeme.pipelines.squares import Square

Frame = NDArray[np.uint8]
M = TypeVar("M", Frame, tuple[Frame, ...])

MODULE = "nudenet"
REFUSED = {
    "FEMALE_BREAST_EXPOSED": "a bare breast",
    "FEMALE_GENITALIA_EXPOSED": "bare genitals",
    "MALE_GENITALIA_EXPOSED": "bare genitals",
    "BUTTOCKS_EXPOSED": "bare buttocks",
    "ANUS_EXPOSED": "bare buttocks",
}
"""NudeNet's classes that are refused, and what they are called. A man's bare chest, feet, a belly
and whatever is covered are no reason."""
THRESHOLD = 0.4
"""Score from which on they are; NudeNet reports from 0.25 on. On shipped pictures, paintings, clips
of dressed people and what was rendered from them the highest score of a refused class was 0.27
(a ship captain's beard); the margin is for pictures unlike these."""
EVERY_S = 1.0
_SIDE_PX = 640
"""Longer side of what the detector gets; it works on 320 and would skip pixels of a larger one."""


class Guard:
    """Looks at pictures and refuses."""

    def __init__(self, detector: Any) -> None:
        """``detector`` is a ``nudenet.NudeDetector``."""
        self._detector = detector

    def check_source(self, picture: Frame, squares: Sequence[Square], path: Path) -> None:
        """The whole picture, and each square that is animated.

        Raises:
            InputError: nudity.
            MissingExtra: the detector fails.
        """
        views = [square.cut(picture, _SIDE_PX // 2) for square in squares if square.crop]
        for view in (picture, *views):
            self.check(view, str(path))

    def check(self, picture: Frame, name: str) -> None:
        """Refuse a picture (h, w, 3) with nudity in it; ``name`` says to the user which it is."""
        found, score = self.worst(picture)
        if score >= THRESHOLD:
            raise InputError(
                f"{name} seems to show {REFUSED[found]} (score {score:.2f}; from {THRESHOLD:g} on "
                "the guard refuses), so nothing was made. If that is a mistake, a tighter crop or "
                "another picture may help; see docs/guards.md."
            )

    def worst(self, picture: Frame) -> tuple[str, float]:
        """The refused class with the highest score, from 0 to 1; 0 and no name if there is none."""
        seen = cv2.cvtColor(_shrunk(picture), cv2.COLOR_RGB2BGR)
        try:
            found = [(str(f["class"]), float(f["score"])) for f in self._detector.detect(seen)]
        except Exception as error:
            raise _broken(error) from error
        return max((f for f in found if f[0] in REFUSED), key=lambda f: f[1], default=("", 0.0))

    def watched(self, moments: Iterable[M], first: int, fps: Fraction, what: str) -> Iterator[M]:
        """The same moments, each a picture or several; one in each second is checked in passing.

        ``first`` is the number of the first one, so that resumed work looks at the same ones.
        """
        every = max(1, round(EVERY_S * fps))
        for index, moment in enumerate(moments, first):
            if index % every == 0:
                for frame in moment if isinstance(moment, tuple) else (moment,):
                    self.check(frame, f"{what} at {float(index / fps):.1f} s")
            yield moment


def open_guard() -> Guard | None:
    """The guard where it is installed, else None.

    Raises:
        MissingExtra: it is installed and doesn't work.
    """
    if find_spec(MODULE) is None:
        return None
    try:
        return Guard(import_module(MODULE).NudeDetector())
    except Exception as error:
        raise _broken(error) from error


def _shrunk(picture: Frame) -> Frame:
    ratio = _SIDE_PX / max(picture.shape[:2])
    if ratio >= 1:
        return picture
    height, width = (max(1, round(side * ratio)) for side in picture.shape[:2])
    return resize(picture, width, height)


def _broken(error: Exception) -> MissingExtra:
    return MissingExtra(
        f"The guard against nudity ({MODULE}) is installed but does not work: "
        f"{type(error).__name__}: {error}. Install it again with pip install --force-reinstall "
        f"'deepmeme[guard]', or do without it: pip uninstall {MODULE}."
    )
