"""The source side: each animated square of a picture, with what it needs to be moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.paste import PasteBack
from deepmeme.media.montage import resize
from deepmeme.pipelines.anchor import find_anchor, shape_distance
from deepmeme.pipelines.driving import Playing, Track
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.parts import only, steady_points
from deepmeme.pipelines.retime import select
from deepmeme.pipelines.squares import Square
from deepmeme.pipelines.transfer import hull_scale, transfer
from deepmeme.runtime.engine import Handle, KeypointArrays, MotionEngine

Frame = NDArray[np.uint8]

_BLOCK = 8  # frames of one square rendered before the next square's turn


@dataclass(frozen=True)
class Actor:
    """One square of one source, ready to be moved."""

    square: Square
    frame: Frame
    """(r, r, 3) at the model's resolution r."""
    keypoints: KeypointArrays
    handle: Handle
    anchor: int | None
    """Driving frame that movement counts from; None in absolute transfer."""
    start: KeypointArrays
    """Keypoints of the anchor."""
    pose_gap: float
    """Distance of the source's shape from the anchor's, RMS over keypoints, hull of area 1."""


@dataclass(frozen=True)
class Subject:
    """A source picture and its actors."""

    name: str
    picture: Frame
    """At the size of the result."""
    read_size: tuple[int, int]
    """Width and height of the picture as it was read."""
    actors: tuple[Actor, ...]
    pastes: tuple[PasteBack, ...]
    """One for each actor where the squares go back into the picture, else none."""
    squeezed: bool = False
    """The whole picture was squeezed into a square, and its animation is stretched back."""

    def assemble(self, squares: Sequence[Frame]) -> Frame:
        """The picture with this moment's squares in it, or the only square itself."""
        if self.pastes:
            frame = self.picture
            for paste, square in zip(self.pastes, squares, strict=True):
                frame = paste(frame, square)
            return frame
        if self.squeezed:
            return resize(squares[0], self.picture.shape[1], self.picture.shape[0])
        return squares[0]


def make_actor(
    engine: MotionEngine, square: Square, picture: Frame, track: Track, options: AnimateOptions
) -> Actor:
    """Look at one square of a picture and find the driving frame that is most like it.

    Raises:
        InputError: the anchor that was asked for isn't a frame of the driving video.
    """
    frame = square.cut(picture, engine.resolution)
    keypoints = engine.detect(frame[None])
    anchor: int | None = None
    if options.relative and not track.still:
        wanted = options.anchor_frame
        if wanted == "auto":
            anchor = find_anchor(keypoints, [track.keypoints])
        elif wanted >= len(track):
            raise InputError(
                f"--anchor {wanted}: {track.story.name} has {len(track)} frames. "
                f"Choose one from 0 to {len(track) - 1}, or auto."
            )
        else:
            anchor = wanted
    start = track.keypoints.frame(anchor or 0)
    gap = float(np.sqrt(shape_distance(keypoints.xy[0], start.xy[0]) / keypoints.xy.shape[1]))
    return Actor(square, frame, keypoints, engine.encode(frame), anchor, start, gap)


def motions(
    actor: Actor,
    playing: Playing,
    options: AnimateOptions,
    names: tuple[str, ...] | None,
    rows: range,
) -> Iterator[KeypointArrays]:
    """Where the actor's keypoints are in each frame of the result, n = 1 each."""
    scale = hull_scale(actor.keypoints, actor.start) if options.adapt_scale else 1.0
    steady = steady_points(names, actor.start.xy.shape[1])
    for row in rows:
        driving = select(playing.motion, [row])
        if options.parts != "whole":
            driving = only(options.parts, driving, actor.start, steady)
        yield transfer(
            actor.keypoints,
            driving,
            actor.start,
            relative=options.relative,
            multiplier=options.multiplier,
            scale=scale,
        )


def struck_pose(actor: Actor, options: AnimateOptions) -> KeypointArrays:
    """The pose of a single driving picture, at the source's own place and size.

    A picture shows no movement, so its shape itself is taken over.
    """
    pose = actor.start
    if not options.relative:
        return pose
    scale = hull_scale(actor.keypoints, pose) if options.adapt_scale else 1.0
    middle, own = (
        pose.xy.mean(axis=1, keepdims=True),
        actor.keypoints.xy.mean(axis=1, keepdims=True),
    )
    placed = own + (pose.xy - middle) * np.float32(scale)
    blend = np.float32(options.multiplier)
    xy = actor.keypoints.xy + (placed - actor.keypoints.xy) * blend
    jacobian = pose.jacobian
    if jacobian is not None and actor.keypoints.jacobian is not None:
        jacobian = actor.keypoints.jacobian + (jacobian - actor.keypoints.jacobian) * blend
    return KeypointArrays(xy, jacobian)


def perform(
    engine: MotionEngine,
    subjects: Sequence[Subject],
    track: Track,
    playing: Playing,
    options: AnimateOptions,
    first: int = 0,
) -> Iterator[tuple[Frame, ...]]:
    """For each frame of the result from ``first`` on, one frame a subject.

    One engine serves all: with several squares each renders a short block in turn.
    """
    actors = [actor for subject in subjects for actor in subject.actors]
    names = engine.info().keypoint_names
    total = len(playing.order)

    def stream(actor: Actor, rows: range) -> Iterator[Frame]:
        if track.still:
            return engine.render_stream(actor.handle, [struck_pose(actor, options)])
        return engine.render_stream(actor.handle, motions(actor, playing, options, names, rows))

    step = total if len(actors) == 1 else _BLOCK
    for begin in range(first, total, max(step, 1)):
        rows = range(begin, min(begin + step, total))
        if len(actors) == 1:
            moments: Iterator[tuple[Frame, ...]] = ((f,) for f in stream(actors[0], rows))
        else:
            moments = zip(*[list(stream(actor, rows)) for actor in actors], strict=True)
        for moment in moments:
            squares = chain(moment)
            yield tuple(
                subject.assemble([next(squares) for _ in subject.actors]) for subject in subjects
            )
