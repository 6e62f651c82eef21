"""One picture and one driving video give a moving picture: the product, as one program.

source -> squares -> keypoints and features, once; driving -> keypoints of every frame, kept;
then frame by frame: transfer -> render -> paste back -> layout. No frame is held.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.faces.paste import PasteBack
from deepmeme.media.audio import open_sound
from deepmeme.media.clip import AudioSource
from deepmeme.media.image import read_image
from deepmeme.media.montage import resize
from deepmeme.media.sniff import sniff
from deepmeme.pipelines.actors import Subject, make_actor, perform
from deepmeme.pipelines.driving import Playing, Track, is_template, open_driving, play, walk
from deepmeme.pipelines.layout import Layout, choose_layout, scaled_size
from deepmeme.pipelines.options import AnimateOptions
from deepmeme.pipelines.preflight import concerns, long_render
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.pipelines.squares import Square, squares_of
from deepmeme.pipelines.story import SourceStory, Story
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.provenance.seal import Rendered
from deepmeme.runtime.engine import MotionEngine

if TYPE_CHECKING:
    from deepmeme.pipelines.motion_model import MotionModel

Frame = NDArray[np.uint8]
PathLike = str | Path

_LARGEST_PX = 1920
"""Longer side of a pasted result unless the options say; phone pictures are far larger."""
_FROM_FRAMES = 250
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

    @property
    def still(self) -> bool:
        """One picture drives another: the result is one picture."""
        return self.track.still

    def frames_from(self, index: int) -> Iterator[Frame]:
        """Frames of the result from ``index`` on, as they will be saved."""
        return _frames(self.engine, self.subjects, self.track, self.playing, self.layout,
                       self.options, index)  # fmt: skip


def animate(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | None" = None,
    progress: Progress | None = None,
    **changes: object,
) -> Rendered:
    """Move one picture (or several) like a driving video, and have the result ready to save.

    >>> animate("me.jpg", "dance.mp4", layout="side-by-side").save("out.mp4")

    Args:
        source: path of a picture, or several.
        driving: path of a video, a motion template, or a picture whose pose is taken over.
        options: all choices; ``changes`` are choices by name on top.
        model: loaded already; otherwise the options' model is loaded.
        progress: told how far the reading of the driving video is.
        changes: fields of :class:`AnimateOptions`.

    Raises:
        InputError: a file or value that cannot be used, with the way out.
    """
    return prepare(source, driving, options, model=model, progress=progress, **changes).rendered


def prepare(
    source: PathLike | Sequence[PathLike],
    driving: PathLike,
    options: AnimateOptions | None = None,
    *,
    model: "MotionModel | None" = None,
    progress: Progress | None = None,
    **changes: object,
) -> Animation:
    """As :func:`animate`, with the story of what was decided and a look inside."""
    options = _merged(options, changes)
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(p) for p in source]
    path = Path(driving)
    sound = None if options.audio in ("driving", "none") else open_sound(options.audio)
    pictures = _read_sources(paths, path, options)
    engine = (model or _load(options)).engine
    framing = engine.info().framing
    squares = [squares_of(p, options, framing, q) for p, q in zip(pictures, paths, strict=True)]
    track = open_driving(path, engine, options, progress or Silent())
    subjects = tuple(
        _subject(engine, p, q, s, track, options)
        for p, q, s in zip(pictures, paths, squares, strict=True)
    )
    playing = play(track, options)
    layout = choose_layout(
        options,
        [_shown_source(subject, engine.resolution) for subject in subjects],
        [_result_size(subject, engine.resolution) for subject in subjects],
        has_driving=track.shown is not None,
        resolution=engine.resolution,
    )
    audio, heard = _sound(sound, track, options)
    warnings = concerns(
        subjects, track, options, resolution=engine.resolution, looks_for_faces=framing > 0
    )
    slow = _estimate(engine, subjects, playing)
    story = _story(engine, subjects, track, playing, layout, options)
    story = replace(story, sound=heard, warnings=warnings + ((slow,) if slow else ()))
    record = _record(engine, paths, path, options)

    def frames_from(index: int) -> Iterator[Frame]:
        return _frames(engine, subjects, track, playing, layout, options, index)

    total = len(playing.order)
    rendered = Rendered(*layout.size, playing.fps, total, frames_from, record, audio)
    return Animation(engine, subjects, track, playing, layout, options, story, rendered)


def _load(options: AnimateOptions) -> "MotionModel":
    from deepmeme.pipelines import motion_model  # only now: the networks' libraries take a second

    return motion_model.load_model(
        options.model,
        options.config,
        engine=options.engine,
        precision=options.precision,
        device=options.device,
    )


def _merged(options: AnimateOptions | None, changes: dict[str, object]) -> AnimateOptions:
    try:
        return replace(options or AnimateOptions(), **changes)  # type: ignore[arg-type]
    except TypeError as error:
        unknown = sorted(set(changes) - set(AnimateOptions.__dataclass_fields__))
        possible = ", ".join(AnimateOptions.__dataclass_fields__)
        raise InputError(f"No such option: {', '.join(unknown)}. Possible: {possible}.") from error


def _read_sources(paths: Sequence[Path], driving: Path, options: AnimateOptions) -> list[Frame]:
    """All pictures, after a first look at every input, so that a typo costs no time."""
    if not paths:
        raise InputError("At least one source picture is needed.")
    for path in paths:
        if sniff(path).family in ("video", "sound", "folder"):
            raise InputError(
                f"{path} is a {sniff(path).family} ({sniff(path).name}), but a source is a picture "
                "(jpg, png, webp, heic). Sources come first, the driving video last."
            )
    if not is_template(driving):
        sniff(driving)
    return [read_image(path, background=options.background_colour) for path in paths]


def _subject(
    engine: MotionEngine, picture: Frame, path: Path, squares: tuple[Square, ...], track: Track,
    options: AnimateOptions,
) -> Subject:  # fmt: skip
    read_size = (picture.shape[1], picture.shape[0])
    pasted = _pastes(squares, options)
    actors = tuple(make_actor(engine, square, picture, track, options) for square in squares)
    if not pasted:
        squeezed = squares[0].crop is None and read_size[0] != read_size[1]
        if squeezed:
            picture = resize(picture, *scaled_size(*read_size, engine.resolution))
        return Subject(path.name, picture, read_size, actors, (), squeezed)
    side = options.size if _layout_name(options, 1) == "result" else None
    side = min(side or _LARGEST_PX, 4096)
    if options.size or max(read_size) > side:
        width, height = scaled_size(*read_size, side)
        picture = resize(picture, width, height)
    picture = _evened(picture)
    ratio = max(picture.shape[:2]) / max(read_size)
    pastes = []
    for square in squares:
        if square.crop is not None:
            crop = square.crop
            moved = replace(
                crop, centre_x=crop.centre_x * ratio, centre_y=crop.centre_y * ratio,
                side=crop.side * ratio,
            )  # fmt: skip
            pastes.append(PasteBack(picture.shape, moved))
    return Subject(path.name, picture, read_size, actors, tuple(pastes))


def _pastes(squares: tuple[Square, ...], options: AnimateOptions) -> bool:
    """Whether the animated squares go back into the picture.

    On its own: where a face was found, or a square given, and there is more picture around it;
    in a layout with cells only if asked for. Several faces always do: they share one picture.
    """
    if squares[0].crop is None or (options.paste_back == "no" and len(squares) == 1):
        return False
    if len(squares) > 1 or options.paste_back == "yes":
        return True
    chosen = squares[0].found_face or options.crop_of_source not in ("auto", "none")
    return chosen and _layout_name(options, 1) == "result"


def _layout_name(options: AnimateOptions, num_sources: int) -> str:
    if options.layout != "auto":
        return options.layout
    return "grid" if num_sources > 1 else "result"


def _evened(picture: Frame) -> Frame:
    """Without the last row or column of an odd side, which H.264 cannot have."""
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: height - height % 2, : width - width % 2])


def _shown_source(subject: Subject, resolution: int) -> Frame:
    if subject.pastes or subject.squeezed:
        return subject.picture
    return subject.actors[0].frame


def _result_size(subject: Subject, resolution: int) -> tuple[int, int]:
    if subject.pastes or subject.squeezed:
        return (subject.picture.shape[1], subject.picture.shape[0])
    return (resolution, resolution)


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
    layout: Layout, options: AnimateOptions, first: int,
) -> Iterator[Frame]:  # fmt: skip
    results = perform(engine, subjects, track, playing, options, first)
    if layout.driving is None or track.shown is None:
        for moment in results:
            yield layout.compose(None, moment)
        return
    shown = walk(track.shown, playing.order[first:])
    for moment, driving in zip(results, shown, strict=False):
        yield layout.compose(driving, moment)


def _estimate(engine: MotionEngine, subjects: Sequence[Subject], playing: Playing) -> str | None:
    """A warning for a long clip, from the time of a few rendered frames."""
    if len(playing.order) < _FROM_FRAMES:
        return None
    actors = [actor for subject in subjects for actor in subject.actors]
    engine.render(actors[0].handle, actors[0].keypoints)
    started = perf_counter()
    list(engine.render_stream(actors[0].handle, [actors[0].keypoints] * 4))
    elapsed = perf_counter() - started
    return long_render(elapsed / 4 * len(actors) * len(playing.order))


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
            max(actor.pose_gap for actor in subject.actors),
        )
        for subject in subjects
    )
    fps: Fraction = playing.fps
    return Story(
        info.name, info.engine, info.precision, info.device, info.resolution, sources, track.story,
        layout.name, layout.size, len(playing.order), float(fps), "", (), options.changed(),
    )  # fmt: skip
