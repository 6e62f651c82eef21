"""A picture whose keypoints are moved by hand, to see what they carry with them.

The points go exactly where they are put. One that is pulled alone draws a spike out of the face,
which no driver ever does: whoever wants a face lets the points around it come along.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepmeme.errors import InputError
from deepmeme.faces.refine import Finder
from deepmeme.pipelines.drawings import grey, heatmaps, warped_grid
from deepmeme.pipelines.guard import open_guard
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.squares import squares_of
from deepmeme.runtime.engine import KeypointArrays

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel

Frame = NDArray[np.uint8]
Points = NDArray[np.float32]

FARTHEST = 1.5
"""Points may be dragged so far from the middle; the square ends at 1."""


class PuppetView(NamedTuple):
    """What became of the picture, and how; all of it (r, r, 3) at the model's resolution."""

    rendered: Frame
    grid: Frame
    """Where the networks look in the source."""
    occlusion: Frame | None
    """White where they found the source to show it; None for models that don't tell."""
    heatmap: Frame
    """Blobs where keypoints were and where they are."""
    points: Points
    """(k, 2) where the keypoints are."""


class Puppet:
    """One picture, ready to be moved."""

    def __init__(self, model: "MotionModel", picture: Frame, path: Path | None = None) -> None:
        """Look at the picture (h, w, 3); ``path`` names it in errors.

        Raises:
            InputError: nudity, where the extra ``guard`` is installed.
        """
        self._engine = model.engine
        info, finder = self._engine.info(), Finder.of(self._engine)
        squares = squares_of(picture, AnimateOptions(), info.framing, path, finder)
        if (guard := open_guard()) is not None:
            guard.check_source(picture, squares, path or Path("The picture"))
        self.source = squares[0].cut(picture, self._engine.resolution)
        """(r, r, 3) the square of the picture that moves."""
        self._handle = self._engine.encode(self.source)
        self._keypoints = self._engine.detect(self.source[None])
        self.home: Points = self._keypoints.xy[0]
        """(k, 2) the keypoints at rest, in [-1, 1] of the square."""
        count = len(self.home)
        self.names = info.keypoint_names or tuple(f"point_{number}" for number in range(count))

    def moved(self, points: ArrayLike | None = None) -> PuppetView:
        """The picture with its keypoints at ``points`` (k, 2); at rest without.

        Raises:
            InputError: not as many points as there are keypoints, or one that is nowhere near.
        """
        xy = self.home if points is None else self._checked(points)
        seen = self._engine.inspect(
            self._handle, KeypointArrays(xy[None], self._keypoints.jacobian)
        )
        side = self._engine.resolution
        return PuppetView(
            np.rint(np.clip(seen.prediction, 0, 1) * 255).astype(np.uint8),
            warped_grid(seen.deformation, side),
            None if seen.occlusion is None else grey(seen.occlusion, side),
            heatmaps(self.home, xy, side),
            xy,
        )

    def _checked(self, points: ArrayLike) -> Points:
        given = np.asarray(points, np.float32)
        if given.shape != self.home.shape:
            raise InputError(
                f"This model has {len(self.home)} keypoints of x and y each; found an array of "
                f"shape {given.shape}. Give all of them, or none for the picture at rest."
            )
        if not (np.abs(given) <= FARTHEST).all():  # also false for what is no number
            raise InputError(
                f"Keypoints lie between -{FARTHEST:g} and {FARTHEST:g}, where the square ends at "
                "-1 and 1; found one that does not."
            )
        return given
