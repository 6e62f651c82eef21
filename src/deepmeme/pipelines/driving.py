"""The driving side: a video, a motion template or a picture becomes a track of keypoints.

One pass watches the driving video and keeps the keypoints of every frame (a kilobyte or so each);
no frame is kept. Where a layout shows the driving video, its frames are decoded a second time.
"""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.follow import crop_clip
from deepmeme.faces.refine import Finder
from deepmeme.media.clip import AudioSource, Clip
from deepmeme.media.image import read_image
from deepmeme.media.prefetch import prefetch
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.pipelines.lids import close_lids
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.progress import Progress
from deepmeme.pipelines.retime import (
    loop_indices,
    ping_pong_indices,
    retime,
    retime_positions,
    select,
)
from deepmeme.pipelines.smoothing import smooth
from deepmeme.pipelines.squares import Square, given_square, tight_square, whole_picture
from deepmeme.pipelines.story import DrivingStory
from deepmeme.pipelines.template import load_template
from deepmeme.runtime.engine import KeypointArrays, MotionEngine

Frame = NDArray[np.uint8]

_BATCH = 8
_BACKWARDS_BLOCK = 48  # frames held while a clip is read backwards
_STILL_FPS = Fraction(25)
_CALIBRATION_FRAMES = 8


@dataclass(frozen=True)
class Track:
    """The movement of a driving input, one row of keypoints for each of its frames."""

    keypoints: KeypointArrays
    """Of the driving frames as watched; the anchor is one of them."""
    fps: Fraction
    story: DrivingStory
    shown: Clip | None = None
    """Square frames of the model's resolution, one for each row; None without a video."""
    audio: AudioSource | None = None
    still: bool = False
    """A single picture drives: there is a pose but no movement."""

    def __len__(self) -> int:
        return len(self.keypoints.xy)


@dataclass(frozen=True)
class Playing:
    """A track as it will be played: retimed, turned round, repeated."""

    motion: KeypointArrays
    """One row for each frame of the result."""
    order: NDArray[np.int64]
    """Which driving frame is on screen with each frame of the result."""
    fps: Fraction


def open_driving(
    path: Path, engine: MotionEngine, options: AnimateOptions, progress: Progress
) -> Track:
    """Read the movement of a driving video, motion template or picture.

    Raises:
        InputError: none of these, or no movement in it.
    """
    if is_template(path):
        return _from_template(path, engine, options)
    if sniff(path).family == "picture":
        return _from_picture(path, engine, options)
    return _from_video(path, engine, options, progress)


def is_template(path: Path) -> bool:
    """Whether the file says that it is a motion template, by name or by content."""
    if path.name.endswith(".npz"):
        return True
    return path.is_file() and zipfile.is_zipfile(path)


def _from_video(
    path: Path, engine: MotionEngine, options: AnimateOptions, progress: Progress
) -> Track:
    clip, square, keypoints = watch_video(path, engine, options, progress)
    story = DrivingStory(
        path.name, "video", square.how, len(keypoints.xy), float(clip.fps), square.corner
    )
    calm = calmed(keypoints, clip.fps, options.smooth)
    calm = close_lids(calm, engine.info().keypoint_names)
    return Track(calm, clip.fps, story, clip, clip.audio)


def watch_video(
    path: Path, engine: MotionEngine, options: AnimateOptions, progress: Progress
) -> tuple[Clip, Square, KeypointArrays]:
    """The driving video cut to one square, where that lies, and the keypoints of every frame.

    Raises:
        InputError: not a video, or fewer than two frames.
    """
    clip = open_clip(path, background=options.background_colour)
    if options.start is not None or options.end is not None:
        length = clip.duration_s
        if length is not None and options.start_s >= length:
            raise InputError(
                f"{path} is {length:.2f} s long, and --start {options.start} lies behind its end."
            )
        clip = clip.trim(options.start_s, options.end_s)
    square = _square_of_clip(clip, engine, options)
    shown = framed(clip, square, engine.resolution, mirrored=options.mirror)
    if engine.needs_calibration:
        _calibrate(engine, shown)
    keypoints = watch(engine, shown, progress)
    if len(keypoints.xy) < 2:
        raise InputError(
            f"{path} has one frame and so no movement to follow. Choose a longer video"
            + (" or a wider --start/--end." if options.end or options.start else ".")
        )
    return shown, square, keypoints


def _from_picture(path: Path, engine: MotionEngine, options: AnimateOptions) -> Track:
    picture = read_image(path, background=options.background_colour)
    height, width = picture.shape[:2]
    clip = Clip(width, height, _STILL_FPS, 1, lambda: iter([picture]), path=path)
    square = _square_of_clip(clip, engine, options)
    shown = framed(clip, square, engine.resolution, mirrored=options.mirror)
    keypoints = engine.detect(np.stack(list(shown)))
    story = DrivingStory(path.name, "picture", square.how, 1, float(_STILL_FPS), square.corner)
    return Track(keypoints, _STILL_FPS, story, shown, still=True)


def _from_template(path: Path, engine: MotionEngine, options: AnimateOptions) -> Track:
    template = load_template(path)
    template.check_model(engine.info())
    if options.start is not None or options.end is not None:
        template = template.trimmed(options.start_s, options.end_s)
    if options.mirror:
        template = template.mirrored()
    story = DrivingStory(
        path.name, "motion template", "", template.num_frames, float(template.fps), None
    )
    calm = calmed(template.keypoints, template.fps, options.smooth)
    calm = close_lids(calm, template.keypoint_names)
    return Track(calm, template.fps, story)


def _square_of_clip(clip: Clip, engine: MotionEngine, options: AnimateOptions) -> Square:
    wanted, shape = options.crop_of_driving, (clip.height, clip.width)
    if wanted == "none":
        return whole_picture(shape)
    if wanted != "auto":
        return given_square(wanted, shape, "--crop-driving", clip.path)
    framing = engine.info().framing
    if framing <= 0:
        return tight_square(None, shape, "centre")
    crop = crop_clip(clip, framing=framing, finder=Finder.of(engine))
    return tight_square(crop, shape, "one square around the face for the whole video")


def framed(clip: Clip, square: Square, resolution: int, *, mirrored: bool = False) -> Clip:
    """The square of every frame at the model's resolution."""

    def cut(frame: Frame) -> Frame:
        inside = square.cut(frame, resolution)
        return np.ascontiguousarray(inside[:, ::-1]) if mirrored else inside

    return clip.map(cut, size=(resolution, resolution))


def _calibrate(engine: MotionEngine, shown: Clip) -> None:
    """Let an 8-bit engine see some frames from all over the clip, and one as its source."""
    step = max(1, (shown.num_frames or 100) // _CALIBRATION_FRAMES)
    frames = list(islice(shown, 0, step * _CALIBRATION_FRAMES, step))
    if frames:
        engine.calibrate(frames[0], frames)


def watch(engine: MotionEngine, clip: Clip, progress: Progress) -> KeypointArrays:
    """Keypoints of every frame of ``clip`` (of the model's resolution), decoded in a thread.

    Raises:
        InputError: the clip has no frames.
    """
    progress.begin("watch", clip.num_frames)
    found: list[KeypointArrays] = []
    frames = prefetch(clip, depth=2 * _BATCH)
    done = 0
    while batch := list(islice(frames, _BATCH)):
        found.append(engine.detect(np.stack(batch)))
        done += len(batch)
        progress.advance(done)
    if not found:
        raise InputError(f"{clip.path or 'The driving video'} has no frames to follow.")
    return join(found)


def join(parts: Sequence[KeypointArrays]) -> KeypointArrays:
    """Rows one after the other."""
    jacobians = [part.jacobian for part in parts if part.jacobian is not None]
    xy = np.concatenate([part.xy for part in parts])
    return KeypointArrays(xy, np.concatenate(jacobians) if jacobians else None)


def calmed(keypoints: KeypointArrays, fps: Fraction, amount: float) -> KeypointArrays:
    """Without jitter: ``amount`` 0 changes nothing, 1 is calmest. Fast movement is followed."""
    if amount <= 0 or len(keypoints.xy) < 3:
        return keypoints
    min_cutoff, beta = cutoffs(amount)
    return smooth(keypoints, min_cutoff=min_cutoff, beta=beta, fps=float(fps))


def cutoffs(amount: float) -> tuple[float, float]:
    """``min_cutoff`` and ``beta`` of a One Euro filter for an ``amount`` of calm, 0 to 1."""
    min_cutoff = 6.0 * (0.35 / 6.0) ** amount  # Hz for a point at rest, from 6 down to 0.35
    return min_cutoff, 24.0 * (4.0 / 24.0) ** amount


def play(track: Track, options: AnimateOptions) -> Playing:
    """The track at the wanted rate and speed, there and back, as often as wanted."""
    if track.still:
        return Playing(track.keypoints, np.zeros(1, np.int64), track.fps)
    fps = track.fps if options.fps is None else Fraction(options.fps).limit_denominator(1001)
    motion, order = track.keypoints, np.arange(len(track))
    if fps != track.fps or options.speed != 1:
        positions = retime_positions(len(track), track.fps, fps, speed=options.speed)
        motion = retime(motion, track.fps, fps, speed=options.speed)
        order = np.floor(positions).astype(np.int64)
    rows = np.arange(len(order))
    if options.ping_pong:
        rows = rows[ping_pong_indices(len(rows))]
    if options.loop > 1:
        rows = rows[loop_indices(len(rows), options.loop)]
    return Playing(select(motion, rows), order[rows], fps)


def walk(clip: Clip, order: NDArray[np.int64]) -> Iterator[Frame]:
    """The frames of ``clip`` in ``order``; never holds more than a block of them."""
    for run in _runs(order):
        if run[0] <= run[-1]:
            yield from _forwards(clip, run)
        else:
            for start in range(0, len(run), _BACKWARDS_BLOCK):
                held = list(_forwards(clip, run[start : start + _BACKWARDS_BLOCK][::-1]))
                yield from reversed(held)


def _runs(order: NDArray[np.int64]) -> Iterable[NDArray[np.int64]]:
    """Stretches that only go forwards, or only backwards."""
    cuts, position, heading = [], 0, 0
    for sign, group in groupby(np.sign(np.diff(order)).tolist()):
        if sign != 0:
            if heading not in (0, sign):
                cuts.append(position + 1)
                heading = 0
            else:
                heading = sign
        position += len(list(group))
        if sign != 0 and heading == 0:
            heading = sign
    return [run for run in np.split(order, cuts) if len(run)]


def _forwards(clip: Clip, run: NDArray[np.int64]) -> Iterator[Frame]:
    wanted = iter(run.tolist())
    target = next(wanted)
    for index, frame in enumerate(clip.frames_from(target), start=target):
        while target == index:
            yield frame
            following = next(wanted, None)
            if following is None:
                return
            target = following
