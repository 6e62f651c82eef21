"""A look inside, frame by frame: what the networks see and do while they move a picture, as a film.

Two rows of pictures for each animated square. Above, what goes in: the driving frame, the source,
the way its keypoints go, and these as blobs. Below, what the networks make of it: where each pixel
looks, the source moved so, what of it is visible, and the result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.media.label import label_overlay
from deepmeme.media.montage import BACKDROP, DRIVING, QUIET, RESULT, SOURCE, Tile, resize, sheet
from deepmeme.media.overlay import Overlay
from deepmeme.pipelines.actors import Actor, motions, struck_pose
from deepmeme.pipelines.animate import Animation
from deepmeme.pipelines.detail import sampled_places
from deepmeme.pipelines.drawings import grey, heatmaps, mark_moves, mark_points, warped_grid
from deepmeme.pipelines.driving import walk
from deepmeme.pipelines.guard import EVERY_S
from deepmeme.provenance.seal import Rendered
from deepmeme.runtime.engine import KeypointArrays, Rendering

Frame = NDArray[np.uint8]

Strip = tuple[list[Tile], list[Tile]]
"""The two rows of one square at one moment; the first lacks the driving frame."""

CELL_PX = 224
SMALLEST_PX, LARGEST_PX = 64, 512
MOST_FRAMES = 1500
"""A minute at 25 frames a second: enough to see how it works."""
_MOST_ACTORS = 2
_BLOCK = 8  # frames of one square before the next square's turn


def inside(
    animation: Animation, *, cell: int = CELL_PX, most_frames: int = MOST_FRAMES
) -> Rendered:
    """The look inside of an animation, as a film of its own without sound.

    Args:
        animation: as prepared; of many squares the first two are shown.
        cell: side of each picture in pixels.
        most_frames: where it stops, however long the animation is.

    Raises:
        InputError: a cell that is too small to see anything in or too large, or no frames.
    """
    if not SMALLEST_PX <= cell <= LARGEST_PX:
        raise InputError(
            f"Pictures of {cell} px are not possible here; choose {SMALLEST_PX} to {LARGEST_PX}."
        )
    if most_frames < 1:
        raise InputError(f"At least one frame must be shown; found most_frames={most_frames}.")
    film = _Film(animation, cell)
    total = min(most_frames, len(animation.playing.order))
    blank = film.sheet(np.zeros((cell, cell, 3), np.uint8), film.blank())
    return Rendered(
        width=blank.shape[1],
        height=blank.shape[0],
        fps=animation.playing.fps,
        num_frames=total,
        frames_from=lambda first: film.frames(first, total),
        record=replace(animation.rendered.record, task="inside"),
    )


class _Film:
    """Draws the moments of an animation; holds what all of them have in common."""

    def __init__(self, animation: Animation, cell: int) -> None:
        self._animation, self._cell = animation, cell
        actors = [actor for subject in animation.subjects for actor in subject.actors]
        self._actors = actors[:_MOST_ACTORS]
        self._sources = [resize(actor.frame, cell, cell) for actor in self._actors]
        self._label: Overlay | None = None
        if words := animation.options.label_shown:
            corner = animation.options.label_corner
            self._label = label_overlay(cell, cell, words, corner=corner)

    def frames(self, first: int, total: int) -> Iterator[Frame]:
        """Frames ``first`` to ``total``, drawn as they are asked for."""
        for driving, moment in zip(self._driving(first), self._moments(first, total), strict=False):
            yield self.sheet(driving, moment)

    def sheet(self, driving: Frame, moment: Sequence[Strip]) -> Frame:
        """All tiles of a moment, captions below them."""
        rows = []
        for above, below in moment:
            rows += [[Tile(driving, "driving", DRIVING), *above], below]
        return sheet(rows, cell=self._cell)

    def blank(self) -> Sequence[Strip]:
        """Tiles of a moment before anything moved, to learn how large the film is."""
        return [([Tile(None)] * 3, [Tile(None)] * 4) for _ in self._actors]

    def _moments(self, first: int, total: int) -> Iterator[Sequence[Strip]]:
        if len(self._actors) == 1:
            for strip in self._strips(0, range(first, total)):
                yield [strip]
            return
        for begin in range(first, total, _BLOCK):  # one engine serves all
            rows = range(begin, min(begin + _BLOCK, total))
            blocks = [list(self._strips(number, rows)) for number in range(len(self._actors))]
            yield from zip(*blocks, strict=True)

    def _strips(self, number: int, rows: range) -> Iterator[Strip]:
        """One square at each frame of the result in ``rows``; the networks' work is overlapped."""
        actor, engine = self._actors[number], self._animation.engine
        told: list[KeypointArrays] = []  # as many as there are frames in flight

        def moved() -> Iterator[KeypointArrays]:
            for keypoints in self._moved(actor, rows):
                told.append(keypoints)
                yield keypoints

        traced = engine.trace_stream(actor.handle, moved())
        for row, rendering in zip(rows, traced, strict=True):
            yield self._strip(number, row, told.pop(0), rendering)

    def _moved(self, actor: Actor, rows: range) -> Iterator[KeypointArrays]:
        animation = self._animation
        names = animation.engine.info().keypoint_names
        if animation.track.still:
            return iter([struck_pose(actor, animation.options, names)])
        return motions(actor, animation.playing, animation.options, names, rows)

    def _strip(self, number: int, row: int, moved: KeypointArrays, seen: Rendering) -> Strip:
        cell, source, start = self._cell, self._sources[number], self._actors[number].keypoints
        warped = cv2.remap(source, *sampled_places(seen.deformation, cell), cv2.INTER_LINEAR)
        self._check(seen.frame, row, "The result")
        result = resize(seen.frame, cell, cell)
        if self._label is not None:
            result = self._label.draw(result)
        above = [
            Tile(source, "source", SOURCE),
            Tile(mark_moves(source, start.xy[0], moved.xy[0], cell), "source, moved to", SOURCE),
            Tile(heatmaps(start.xy[0], moved.xy[0], cell), "keypoints, as blobs", QUIET),
        ]
        visible = Tile(None)
        if seen.occlusion is not None:
            visible = Tile(grey(seen.occlusion, cell), "what is visible", QUIET)
        below = [
            Tile(warped_grid(seen.deformation, cell), "where it looks", QUIET),
            Tile(np.asarray(warped, np.uint8), "source, warped", QUIET),
            visible,
            Tile(result, "result", RESULT),
        ]
        return above, below

    def _driving(self, first: int) -> Iterator[Frame]:
        """The driving frames with their keypoints; a template shows the keypoints alone."""
        track, cell = self._animation.track, self._cell
        order = self._animation.playing.order[first:]
        if track.shown is None:
            blank = np.full((cell, cell, 3), BACKDROP, np.uint8)
            frames: Iterator[Frame] = (blank for _ in order)
        else:
            frames = (resize(frame, cell, cell) for frame in walk(track.shown, order))
        for row, (place, frame) in enumerate(zip(order, frames, strict=False), first):
            self._check(frame, row, "The driving video")
            yield mark_points(frame, track.keypoints.xy[int(place)])

    def _check(self, frame: Frame, row: int, what: str) -> None:
        """Where there is a guard, a picture of each second is shown to it."""
        guard, fps = self._animation.guard, self._animation.playing.fps
        if guard is not None and row % max(1, round(EVERY_S * fps)) == 0:
            guard.check(frame, f"{what} at {float(row / fps):.1f} s")
