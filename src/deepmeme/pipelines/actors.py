"""The source side: each animated square of a picture, with what it needs to be moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.pipelines.anchor import find_anchor, pose_gap
from deepmeme.pipelines.detail import Detail
from deepmeme.pipelines.driving import Playing, Track
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.parts import Part, transfer_parts
from deepmeme.pipelines.retime import select
from deepmeme.pipelines.squares import Square
from deepmeme.pipelines.transfer import hull_scale
from deepmeme.runtime.engine import Handle, KeypointArrays, MotionEngine

Frame = NDArray[np.uint8]

_CHUNK = 16  # frames whose keypoints are moved at once


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
    """How differently source and anchor are posed: 0 is alike, from 1 on the gap is strong."""
    detail: Detail | None = None
    """Brings rendered frames beyond the model's resolution."""

    @property
    def side(self) -> int:
        """Of its rendered frames, in pixels."""
        return len(self.frame) if self.detail is None else self.detail.side


def make_actor(
    engine: MotionEngine, square: Square, picture: Frame, track: Track, options: AnimateOptions,
    *, side: int = 0,
) -> Actor:  # fmt: skip
    """Look at one square of a picture and find the driving frame that is most like it.

    ``side`` is the size in pixels that its frames should have; the model's resolution unless it
    is larger.

    Raises:
        InputError: the anchor that was asked for isn't a frame of the driving video.
    """
    frame = square.cut(picture, engine.resolution)
    keypoints, names = engine.detect(frame[None]), engine.info().keypoint_names
    anchor: int | None = None
    if options.relative and not track.still:
        wanted = options.anchor_frame
        if wanted == "auto":
            anchor = find_anchor(keypoints, [track.keypoints], names)
        elif wanted >= len(track):
            raise InputError(
                f"--anchor {wanted}: {track.story.name} has {len(track)} frames. "
                f"Choose one from 0 to {len(track) - 1}, or auto."
            )
        else:
            anchor = wanted
    start = track.keypoints.frame(anchor or 0)
    gap = pose_gap(keypoints, start, names)
    detail = Detail(square.cut(picture, side), frame) if side > engine.resolution else None
    return Actor(square, frame, keypoints, engine.encode(frame), anchor, start, gap, detail)


def motions(
    actor: Actor,
    playing: Playing,
    options: AnimateOptions,
    names: tuple[str, ...] | None,
    rows: range,
) -> Iterator[KeypointArrays]:
    """Where the actor's keypoints are in each frame of the result, n = 1 each."""
    for begin in range(rows.start, rows.stop, _CHUNK):
        driving = select(playing.motion, range(begin, min(begin + _CHUNK, rows.stop)))
        moved = carried(actor, driving, options, names)
        for index in range(len(moved.xy)):
            yield moved.frame(index)


def carried(
    actor: Actor, driving: KeypointArrays, options: AnimateOptions, names: tuple[str, ...] | None
) -> KeypointArrays:
    """Where driving keypoints (n, k, 2), counted from the actor's start, bring its own."""
    return transfer_parts(
        actor.keypoints,
        driving,
        actor.start,
        names=names,
        part=cast(Part, options.part),
        eyes=options.eyes,
        mouth=options.mouth,
        relative=options.relative,
        adapt_scale=options.adapt_scale,
        multiplier=options.multiplier,
        max_turn_deg=options.max_turn,
    )


def struck_pose(
    actor: Actor, options: AnimateOptions, names: tuple[str, ...] | None
) -> KeypointArrays:
    """The pose of a single driving picture, at the source's own place and size.

    A picture shows no movement, so its shape itself is taken over.
    """
    pose, own = actor.start, actor.keypoints
    if options.relative:
        scale = hull_scale(own, pose) if options.adapt_scale else 1.0
        middle, place = (k.xy.mean(axis=1, keepdims=True) for k in (pose, own))
        pose = KeypointArrays(place + (pose.xy - middle) * np.float32(scale), pose.jacobian)
    return transfer_parts(
        own, pose, own,
        names=names, part=cast(Part, options.part), eyes=options.eyes, mouth=options.mouth,
        adapt_scale=False, multiplier=options.multiplier,
    )  # fmt: skip


def stream(
    engine: MotionEngine,
    actor: Actor,
    track: Track,
    playing: Playing,
    options: AnimateOptions,
    rows: range,
) -> Iterator[Frame]:
    """The actor's square at each frame of the result in ``rows``, (side, side, 3)."""
    names = engine.info().keypoint_names
    moved = motions(actor, playing, options, names, rows)
    if track.still:
        moved = iter([struck_pose(actor, options, names)])
    if actor.detail is None:
        return engine.render_stream(actor.handle, moved)
    return map(actor.detail, engine.trace_stream(actor.handle, moved))
