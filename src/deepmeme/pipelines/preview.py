"""How it works, as one picture: what the networks saw and did at a few moments of an animation."""

import numpy as np
from numpy.typing import NDArray

from deepmeme.media.label import label_overlay
from deepmeme.media.montage import (
    BACKDROP,
    DRIVING,
    QUIET,
    RESULT,
    SOURCE,
    Tile,
    resize,
    sheet,
)
from deepmeme.pipelines.actors import Actor, motions, struck_pose
from deepmeme.pipelines.animate import Animation
from deepmeme.pipelines.drawings import grey, mark_moves, mark_points, warped_grid
from deepmeme.pipelines.driving import walk
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.runtime.engine import KeypointArrays

Frame = NDArray[np.uint8]

_MOMENTS = 3
_MOST_ROWS = 6
_CELL_PX = 224


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
        Tile(
            mark_moves(actor.frame, actor.keypoints.xy[0], moved.xy[0], _CELL_PX),
            "source, moved to",
            SOURCE,
        ),
        Tile(warped_grid(seen.deformation, _CELL_PX), "where it looks", QUIET),
        Tile(seen.warped, "source, warped", QUIET),
    ]
    if seen.occlusion is not None:
        tiles.append(Tile(grey(seen.occlusion, _CELL_PX), "what is visible", QUIET))
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
