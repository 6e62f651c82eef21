"""How it works, as one picture: what the networks saw and did at a few moments of an animation."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.media.label import label_overlay
from deepmeme.media.montage import (
    BACKDROP,
    DRIVING,
    QUIET,
    RESULT,
    SOURCE,
    Colour,
    Tile,
    resize,
    sheet,
)
from deepmeme.pipelines.actors import Actor, motions, struck_pose
from deepmeme.pipelines.animate import Animation
from deepmeme.pipelines.driving import walk
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.runtime.engine import KeypointArrays

Frame = NDArray[np.uint8]

_MOMENTS = 3
_MOST_ROWS = 6
_CELL_PX = 224
_GRID_LINES = 12
_SUBPIXEL = 4  # bits


def contact_sheet(animation: Animation, *, moments: int = _MOMENTS) -> Frame:
    """Rows of moments: driving, source with its keypoints moved, warp, occlusion and result.

    With several sources each gets the moment that moves it most.
    """
    actors = [actor for subject in animation.subjects for actor in subject.actors][:_MOST_ROWS]
    rows = []
    for actor in actors:
        wanted = moments if len(actors) == 1 else 1
        for index in telling_moments(animation, actor, wanted):
            rows.append(_row(animation, actor, index))
    story = animation.story
    note = (
        f"{story.model} on {story.engine} ({story.precision}), "
        f"{len(actors[0].keypoints.xy[0])} keypoints, {story.resolution}x{story.resolution}"
    )
    return sheet(rows, cell=_CELL_PX, title="How deepmeme moves a picture", note=note)


def telling_moments(animation: Animation, actor: Actor, count: int) -> list[int]:
    """Frames of the result that are farthest from each other in pose, in order."""
    motion = animation.playing.motion.xy
    chosen: list[int] = []
    nearest = np.square(motion - actor.start.xy).mean(axis=(1, 2))
    for _ in range(min(count, len(motion))):
        chosen.append(int(nearest.argmax()))
        away = np.square(motion - motion[chosen[-1]]).mean(axis=(1, 2))
        nearest = np.minimum(nearest, away)
    return sorted(set(chosen))


def _row(animation: Animation, actor: Actor, index: int) -> list[Tile]:
    moved = _moved(animation, actor, index)
    seen = animation.engine.inspect(actor.handle, moved)
    result = np.rint(np.clip(seen.prediction, 0, 1) * 255).astype(np.uint8)
    shown = _driving(animation, index)
    if animation.guard is not None:
        animation.guard.check(result, "The result")
        animation.guard.check(shown, "The driving video")
    tiles = [
        Tile(shown, _when(animation, index), DRIVING),
        Tile(_moving(actor, moved), "source, moved to", SOURCE),
        Tile(_warped_grid(seen.deformation), "where it looks", QUIET),
        Tile(seen.warped, "source, warped", QUIET),
    ]
    if seen.occlusion is not None:
        tiles.append(Tile(_grey(seen.occlusion), "what is visible", QUIET))
    return [*tiles, Tile(_labelled(result, animation.options), "result", RESULT)]


def _labelled(result: Frame, options: AnimateOptions) -> Frame:
    """The result as a tile shows it, with the label if it is wanted."""
    if not options.label_shown:
        return result
    overlay = label_overlay(_CELL_PX, _CELL_PX, options.label_shown, corner=options.label_corner)
    return overlay.draw(resize(result, _CELL_PX, _CELL_PX))


def _moved(animation: Animation, actor: Actor, index: int) -> KeypointArrays:
    names = animation.engine.info().keypoint_names
    if animation.track.still:
        return struck_pose(actor, animation.options, names)
    rows = range(index, index + 1)
    return next(motions(actor, animation.playing, animation.options, names, rows))


def _when(animation: Animation, index: int) -> str:
    if animation.track.still:
        return "driving"
    return f"driving, frame {animation.playing.order[index]}"


def _driving(animation: Animation, index: int) -> Frame:
    """The driving frame with its keypoints; a template shows the keypoints alone."""
    row = int(animation.playing.order[index])
    frame: Frame = np.empty((_CELL_PX, _CELL_PX, 3), np.uint8)
    if animation.track.shown is None:
        frame[...] = BACKDROP
    else:
        seen = next(walk(animation.track.shown, np.array([row], np.int64)))
        frame = resize(seen, _CELL_PX, _CELL_PX)
    return mark_points(frame, animation.track.keypoints.xy[row])


def _moving(actor: Actor, moved: KeypointArrays) -> Frame:
    """The source, a line from where each keypoint is to where it goes."""
    faded = (resize(actor.frame, _CELL_PX, _CELL_PX).astype(np.uint16) * 3 // 4).astype(np.uint8)
    starts, ends = (_pixels(k.xy[0], faded.shape[0]) for k in (actor.keypoints, moved))
    for start, end in zip(starts, ends, strict=True):
        cv2.line(faded, start, end, (235, 235, 235), 1, cv2.LINE_AA, _SUBPIXEL)
    return mark_points(faded, moved.xy[0])


def mark_points(frame: Frame, xy: NDArray[np.float32]) -> Frame:
    """A copy of ``frame`` with a ring of its own colour at each keypoint (k, 2)."""
    marked: Frame = np.ascontiguousarray(frame).copy()
    side = frame.shape[0]
    radius = max(1.5, side / (64 if len(xy) <= 20 else 128))
    for point, colour in zip(_pixels(xy, side), _colours(len(xy)), strict=True):
        size = round(radius * (1 << _SUBPIXEL))
        cv2.circle(marked, point, size, colour, -1, cv2.LINE_AA, _SUBPIXEL)
        cv2.circle(marked, point, size, (20, 20, 20), 1, cv2.LINE_AA, _SUBPIXEL)
    return marked


def _pixels(xy: NDArray[np.float32], side: int) -> list[tuple[int, int]]:
    """Keypoints in fixed-point pixels, as OpenCV draws them; far ones held near the frame."""
    held = np.clip(xy, -2, 2)
    places = np.rint((held + 1) / 2 * (side - 1) * (1 << _SUBPIXEL)).astype(int)
    return [(int(x), int(y)) for x, y in places]


def _colours(count: int) -> Sequence[Colour]:
    hues = np.arange(count) * 179 // max(count, 1)
    row = np.stack([hues, np.full(count, 190), np.full(count, 255)], -1).astype(np.uint8)
    colours = cv2.cvtColor(row[None], cv2.COLOR_HSV2RGB)[0]
    return [(int(r), int(g), int(b)) for r, g, b in colours]


def _warped_grid(deformation: NDArray[np.float32], side: int = _CELL_PX) -> Frame:
    """A grid of lines, warped as the source is: straight lines mean no movement."""
    step = side / _GRID_LINES
    across = np.arange(side) % step < max(1.0, side / 128)
    grid = np.full((side, side, 3), 34, np.uint8)
    grid[across] = grid[:, across] = 190
    wide = cv2.resize(np.asarray(deformation, np.float32), (side, side))
    places = (wide + 1) / 2 * (side - 1)
    warped = cv2.remap(
        grid, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return np.asarray(warped, np.uint8)


def _grey(share: NDArray[np.float32], side: int = _CELL_PX) -> Frame:
    wide = cv2.resize(np.asarray(share, np.float32), (side, side))
    grey = np.rint(np.clip(wide, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
