"""One picture and one driving video give a moving picture: the product, as one program.

source -> squares -> keypoints and features, once; driving -> keypoints of every frame, kept;
then frame by frame: transfer -> render -> paste back -> layout. No frame is held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from deepmeme.choices import merged
from deepmeme.errors import InputError
from deepmeme.faces.shape import is_face
from deepmeme.media.audio import open_sound
from deepmeme.media.clip import AudioSource
from deepmeme.pipelines.consent import Ask
from deepmeme.pipelines.driving import Playing, Track, open_driving, play, walk
from deepmeme.pipelines.guard import Guard, open_guard
from deepmeme.pipelines.layout import Layout, cell_side, choose_layout
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.place import check_place, is_still
from deepmeme.pipelines.preflight import concerns, long_render
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.pipelines.saving import save_result
from deepmeme.pipelines.sources import choose_squares, read_sources
from deepmeme.pipelines.story import SourceStory, Story
from deepmeme.pipelines.subject import Subject, make_subject, perform
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.provenance.seal import Rendered, Saved
from deepmeme.runtime.engine import MotionEngine

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel

Frame = NDArray[np.uint8]
PathLike = str | Path

_FROM_FRAMES = 60
"""Shorter clips are rendered before anybody has read how long it takes."""
_NOT_IN_RECORD = ("quality", "max_size")  # of the file, not of the frames


@dataclass(frozen=True)
class Animation:
    """Everything is looked at and decided; nothing is rendered yet."""

    engine: MotionEngine
    subjects: tuple[Subject, ...]
    track: Track
    playing: Playing
    layout: Layout
    options: AnimateOptions
    story: Story
    rendered: Rendered
    guard: Guard | None = None

    @property
    def still(self) -> bool:
        """One picture drives another: the result is one picture."""
        return self.track.still

    def save(
        self, path: PathLike, *, resume: bool = False, progress: Progress | None = None
    ) -> Saved:
        """The result as a file: a video, or a single picture where a picture was the driver.

        Raises:
            OutputError: it cannot be written there.
            Interrupted: Ctrl-C; what is finished is kept for ``resume``.
        """
        return save_result(
            self.rendered, path, self.options, still=self.still, resume=resume, progress=progress
        )


@overload
def animate(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    out: None = None,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | PathLike | None" = None,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Rendered: ...


@overload
def animate(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    out: PathLike,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | PathLike | None" = None,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Saved: ...


def animate(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    out: PathLike | None = None,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | PathLike | None" = None,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Rendered | Saved:
    """Move one picture, or several, like a driving video.

    >>> deepmeme.animate("me.jpg", "dance.mp4", "out.mp4")
    >>> deepmeme.animate(["me.jpg", "you.jpg"], "dance.mp4", "both.gif", max_size="8MB")

    Whoever calls this answers for the consent of the people in the pictures: the command line
    asks for it, a function cannot.

    Without ``out`` nothing is rendered yet; frames come as they are asked for:

    >>> rendered = deepmeme.animate("me.jpg", "dance.mp4", layout="side-by-side")
    >>> for frame in rendered.frames_from(0): ...
    >>> rendered.save("out.webm", quality=90)

    Args:
        source: path of a picture, or several.
        driving: path of a video, a motion template, or a picture whose pose is taken over.
        out: where to save; its suffix is the format, none means a folder of PNG frames.
        options: all choices; ``changes`` are choices by name on top.
        model: loaded already, or its name as in the options; otherwise the options' is loaded.
        progress: told how far the work is.
        private: leave names and thumbnails of the inputs out of the content credentials.
        changes: fields of :class:`AnimateOptions`.

    Returns:
        What was saved, or without ``out`` the result ready to save.

    Raises:
        InputError: a file or value that cannot be used, with the way out; or nudity, where the
            extra ``guard`` is installed.
        OutputError: the result cannot be written there.
    """
    options, progress = _options(options, model, changes), progress or Silent()
    if out is not None:
        inputs = [*_paths(source), Path(driving)]
        check_place(out, inputs, options.max_bytes, still=is_still(inputs[-1]))
    animation = prepare(source, driving, options, model=model, progress=progress, private=private)
    return animation.rendered if out is None else animation.save(out, progress=progress)


def prepare(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | PathLike | None" = None,
    progress: Progress | None = None,
    ask: Ask | None = None,
    private: bool = False,
    **changes: object,
) -> Animation:
    """As :func:`animate`, with the story of what was decided and a look inside.

    ``ask`` is called once the faces are found, with the sources that may show a real person.
    """
    options, progress = _options(options, model, changes), progress or Silent()
    paths, path = _paths(source), Path(driving)
    progress.begin("load", None)
    sound = None if options.audio in ("driving", "none") else open_sound(options.audio)
    pictures = read_sources(paths, path, options)
    guard = open_guard()
    engine = _loaded(model, options).engine
    check_face(engine, options)
    squares = choose_squares(engine, pictures, paths, options, guard, ask)
    track = open_driving(path, engine, options, progress)
    cell_px = cell_side(options, len(paths), engine.resolution)
    subjects = tuple(
        make_subject(engine, p, q, s, track, options, cell_px=cell_px)
        for p, q, s in zip(pictures, paths, squares, strict=True)
    )
    playing = play(track, options)
    layout = choose_layout(
        options,
        [subject.picture for subject in subjects],
        [subject.size for subject in subjects],
        has_driving=track.shown is not None,
        resolution=engine.resolution,
    )
    audio, heard = _sound(sound, track, options)
    warnings = concerns(
        subjects,
        track,
        options,
        resolution=engine.resolution,
        looks_for_faces=engine.info().framing > 0,
    )
    slow = _estimate(engine, subjects, playing)
    story = _story(engine, subjects, track, playing, layout, options)
    story = replace(story, sound=heard, warnings=warnings + ((slow,) if slow else ()))
    record = replace(_record(engine, paths, path, options), private=private)

    def frames_from(index: int) -> Iterator[Frame]:
        return _frames(engine, subjects, track, playing, layout, options, index, guard)

    total = len(playing.order)
    rendered = Rendered(
        *layout.size, playing.fps, total, frames_from, record, audio,
        quality=options.quality_percent, max_bytes=options.max_bytes,
    )  # fmt: skip
    return Animation(engine, subjects, track, playing, layout, options, story, rendered, guard)


def _options(
    given: AnimateOptions | None,
    model: "MotionModel | PathLike | None",
    changes: dict[str, object],
) -> AnimateOptions:
    named = {"model": str(model)} if isinstance(model, str | Path) else {}
    return merged(given or AnimateOptions(), named | changes)


def _loaded(model: "MotionModel | PathLike | None", options: AnimateOptions) -> "MotionModel":
    return load(options) if model is None or isinstance(model, str | Path) else model


def _paths(source: PathLike | Sequence[PathLike]) -> list[Path]:
    return [Path(source)] if isinstance(source, str | Path) else [Path(p) for p in source]


def load(options: AnimateOptions) -> "MotionModel":
    """The model that the options ask for."""
    from deepmeme.pipelines import motion_model  # only now: the networks' libraries take a second

    return motion_model.load_model(
        options.model,
        options.config,
        engine=options.engine,
        precision=options.precision,
        device=options.device,
    )


def check_face(engine: MotionEngine, options: AnimateOptions) -> None:
    """Before the driving video is watched."""
    names = engine.info().keypoint_names
    if not (options.eyes and options.mouth) and (names is None or not is_face(names)):
        flag = "--no-mouth" if options.eyes else "--no-eyes"
        raise InputError(
            f"{flag} needs a model whose keypoints are named parts of a face; those of "
            f"{engine.info().name!r} are not. Leave it out, or take --model portrait."
        )


def _sound(
    given: AudioSource | None, track: Track, options: AnimateOptions
) -> tuple[AudioSource | None, str]:
    """The sound of the result, and the story of it."""
    if given is not None:
        return given, f"from {given.path.name}"
    if options.audio == "none":
        return None, "none"
    if track.audio is None:
        return None, f"none (the {track.story.kind} has none)"
    if options.speed != 1 or options.ping_pong or options.loop > 1:
        return (
            None,
            "none (speed, loop and ping-pong would not fit it; --audio FILE brings another)",
        )
    return track.audio, f"from {track.story.name}"


def _frames(
    engine: MotionEngine, subjects: Sequence[Subject], track: Track, playing: Playing,
    layout: Layout, options: AnimateOptions, first: int, guard: Guard | None,
) -> Iterator[Frame]:  # fmt: skip
    results = perform(engine, subjects, track, playing, options, first)
    if guard is not None:
        results = guard.watched(results, first, playing.fps, "The result")
    if layout.driving is None or track.shown is None:
        for moment in results:
            yield layout.compose(None, moment)
        return
    shown = walk(track.shown, playing.order[first:])
    if guard is not None:
        shown = guard.watched(shown, first, playing.fps, "The driving video")
    for moment, driving in zip(results, shown, strict=False):
        yield layout.compose(driving, moment)


def _estimate(engine: MotionEngine, subjects: Sequence[Subject], playing: Playing) -> str | None:
    """A warning for a long clip, from the time of a few rendered frames."""
    if len(playing.order) < _FROM_FRAMES:
        return None
    actors = [actor for subject in subjects for actor in subject.actors]
    engine.render(actors[0].handle, actors[0].keypoints)
    started = perf_counter()
    list(engine.render_stream(actors[0].handle, [actors[0].keypoints] * 2))
    elapsed = perf_counter() - started
    return long_render(elapsed / 2 * len(actors) * len(playing.order))


def _record(
    engine: MotionEngine, paths: Sequence[Path], driving: Path, options: AnimateOptions
) -> Record:
    info = engine.info()
    facts = {k: v for k, v in options.as_dict().items() if k not in _NOT_IN_RECORD}
    facts |= {"engine": info.engine, "precision": info.precision, "device": info.device}
    inputs = read_inputs(source=list(paths), driving=driving)
    if options.audio not in ("driving", "none"):
        inputs += read_inputs(audio=options.audio)
        facts["audio"] = Path(options.audio).name
    return Record("animate", info.name, info.sha256, inputs, facts)


def _story(
    engine: MotionEngine, subjects: Sequence[Subject], track: Track, playing: Playing,
    layout: Layout, options: AnimateOptions,
) -> Story:  # fmt: skip
    info = engine.info()
    sources = tuple(
        SourceStory(
            subject.name,
            subject.read_size,
            " and ".join(actor.square.how for actor in subject.actors),
            tuple(actor.square.corner for actor in subject.actors if actor.square.corner),
            bool(subject.pastes),
            tuple(actor.anchor for actor in subject.actors),
            sum(actor.square.found_face for actor in subject.actors),
            max(actor.side for actor in subject.actors),
            max(actor.pose_gap for actor in subject.actors),
        )
        for subject in subjects
    )
    fps: Fraction = playing.fps
    return Story(
        info.name, info.engine, info.precision, info.device, info.resolution, sources, track.story,
        layout.name, layout.size, len(playing.order), float(fps), "", (), options.changed(),
    )  # fmt: skip
