"""A trained swap run on a video or picture: the same video, with the other person's face.

Two passes. The first watches the video and keeps where every face is; then it is known who is who
and how they move, so that places can be calmed from both sides in time. The second makes frames:
cut the aligned square -> network -> colours -> mask -> back into the picture. No frame is held.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast, overload

import numpy as np
from numpy.typing import NDArray

from deepmeme.choices import merged
from deepmeme.faces.align import in_square
from deepmeme.faces.crop import at_size
from deepmeme.faces.hull import hull_mask
from deepmeme.faces.mask import face_mask
from deepmeme.media.clip import Clip
from deepmeme.media.image import read_image
from deepmeme.media.prefetch import prefetch
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip
from deepmeme.pipelines.consent import Ask
from deepmeme.pipelines.guard import Guard, open_guard
from deepmeme.pipelines.place import check_place
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.pipelines.saving import save_result
from deepmeme.pipelines.swap.blend import MASK_PX, level_rim, paste_face, shape_mask, unit
from deepmeme.pipelines.swap.canvas import Canvas, choose_canvas
from deepmeme.pipelines.swap.colour import match_colour
from deepmeme.pipelines.swap.convert_options import ConvertOptions
from deepmeme.pipelines.swap.convert_story import SwapStory, tell_story
from deepmeme.pipelines.swap.known import known_person, needs_consent
from deepmeme.pipelines.swap.people import Embed, Impressions, choose_people
from deepmeme.pipelines.swap.tracks import Sighting, Track, Tracked, Tracker, calm, watch
from deepmeme.provenance.record import Record, file_sha256, read_inputs
from deepmeme.provenance.seal import Rendered, Saved
from deepmeme.runtime.swap import SwapModel, model_folder, open_swap

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
PathLike = str | Path

_STILL_FPS = Fraction(25)
_NOT_IN_RECORD = ("quality", "max_size")  # of the file, not of the frames


class Stage(NamedTuple):
    """Everything that making a frame needs: the same frame and stage give the same result."""

    model: SwapModel
    tracks: tuple[Track, ...]
    """Of the faces that are replaced, calmed."""
    options: ConvertOptions

    def faces_at(self, index: int) -> list[tuple[Track, Sighting]]:
        """The faces to replace in a frame."""
        pairs = ((track, track.at(index)) for track in self.tracks)
        return [(track, seen) for track, seen in pairs if seen is not None]


@dataclass(frozen=True)
class Conversion:
    """Everything is looked at and decided; nothing is rendered yet."""

    stage: Stage
    story: SwapStory
    rendered: Rendered
    still: bool
    """The video is one picture; so is the result."""

    def save(
        self, path: PathLike, *, resume: bool = False, progress: Progress | None = None
    ) -> Saved:
        """The result as a file: a video, or a picture where a picture was given.

        Raises:
            OutputError: it cannot be written there.
            Interrupted: Ctrl-C; what is finished is kept for ``resume``.
        """
        return save_result(
            self.rendered,
            path,
            self.stage.options,
            still=self.still,
            resume=resume,
            progress=progress,
        )


@overload
def convert(
    model: SwapModel | PathLike,
    video: PathLike,
    out: None = None,
    options: ConvertOptions | None = None,
    *,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Rendered: ...


@overload
def convert(
    model: SwapModel | PathLike,
    video: PathLike,
    out: PathLike,
    options: ConvertOptions | None = None,
    *,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Saved: ...


def convert(
    model: SwapModel | PathLike,
    video: PathLike,
    out: PathLike | None = None,
    options: ConvertOptions | None = None,
    *,
    progress: Progress | None = None,
    private: bool = False,
    **changes: object,
) -> Rendered | Saved:
    """Put the other person's face into a video or picture.

    >>> convert("me-and-you", "me.mp4", "you.mp4")
    >>> convert("me-and-you", "you.jpg", "me.jpg", to="a")

    Whoever calls this answers for the consent of the people in the video: the command line asks
    for it, a function cannot.

    Args:
        model: folder that ``deepmeme swap train`` wrote, or a model that is loaded already.
        video: of the person whose face is replaced; or a picture.
        out: where to save; its suffix is the format. Without it nothing is rendered yet.
        options: all choices; ``changes`` are choices by name on top.
        progress: told how far the work is.
        private: leave names and thumbnails of the inputs out of the content credentials.
        changes: fields of :class:`ConvertOptions`.

    Returns:
        What was saved, or without ``out`` the result ready to save.

    Raises:
        InputError: a file or value that cannot be used, with the way out; or nudity, where the
            extra ``guard`` is installed.
        NoFaceFound: there is no face in the video.
        OutputError: the result cannot be written there.
    """
    options, progress = merged(options or ConvertOptions(), changes), progress or Silent()
    if out is not None:
        check_output(out, Path(video), options)
    done = prepare(model, video, options, progress=progress, private=private)
    return done.rendered if out is None else done.save(out, progress=progress)


def check_output(path: PathLike, video: Path, options: ConvertOptions) -> None:
    """Refuse a place where the result can't be written, before any work.

    Raises:
        OutputError: with what to type instead.
    """
    check_place(path, [video], options.max_bytes, still=sniff(video).family == "picture")


def prepare(
    model: SwapModel | PathLike,
    video: PathLike,
    options: ConvertOptions | None = None,
    *,
    progress: Progress | None = None,
    ask: Ask | None = None,
    private: bool = False,
    embed: Embed | None = None,
    **changes: object,
) -> Conversion:
    """As :func:`convert`, with the story of what was decided; the video is watched here.

    ``ask`` is called with the video once a face is seen that may be a real person's. ``embed``
    tells people apart; unless given, the package's own is taken where it is there.
    """
    options, progress = merged(options or ConvertOptions(), changes), progress or Silent()
    path = Path(video)
    progress.begin("load", None)
    clip, still = _opened(path)
    if options.preview is not None and not still:
        clip = clip.take(options.preview)
    guard = open_guard()
    network = open_swap(model) if isinstance(model, str | Path) else model
    known = known_person(model, options.shown_side, embed)
    impressions = Impressions(network, options.shown_side, known.embed)
    tracker = Tracker(float(clip.fps), harder=still, look=impressions)
    tracked = _watched(clip, tracker, guard, path, ask, progress)
    chosen = choose_people(
        tracked, impressions, options.whose,
        reference=known.reference, alike=known.alike, name=path.name,
    )  # fmt: skip
    calmed = tuple(calm(track, float(clip.fps), options.smooth) for track in chosen.tracks)
    stage = Stage(network, calmed, options)
    canvas = choose_canvas(options, (clip.width, clip.height))
    audio = clip.audio if options.sound and not still else None
    record = Record(
        "swap", network.info.name, network.info.sha256, read_inputs(source=path),
        _facts(model, options), private=private,
    )  # fmt: skip

    def frames_from(index: int) -> Iterator[Frame]:
        return _frames(stage, clip, canvas, index, guard)

    rendered = Rendered(
        *canvas.size, clip.fps, tracked.frames, frames_from, record, audio,
        quality=options.quality_percent, max_bytes=options.max_bytes,
    )  # fmt: skip
    story = tell_story(network.info, clip, tracked, chosen, calmed, options, path.name, still)
    return Conversion(stage, story, rendered, still)


def swap_frame(stage: Stage, frame: Frame, index: int) -> Frame:
    """Frame ``index`` (h, w, 3) with the other face; the very same array where nobody is swapped.

    Pixels outside the faces' masks are those of ``frame``, bit for bit.
    """
    faces = stage.faces_at(index)
    if not faces:
        return frame
    model, options = stage.model, stage.options
    size = model.info.resolution
    cuts = [seen.crop.cut(frame, size) for _, seen in faces]
    made, learned = model.swap(np.stack(cuts), options.side)
    result: Frame = frame.copy()
    for (track, seen), cut, face, mask in zip(faces, cuts, made, learned, strict=True):
        _put_in(result, frame, options, track, seen, cut, face, mask)
    return result


def _put_in(
    result: Frame, frame: Frame, options: ConvertOptions, track: Track, seen: Sighting, cut: Frame,
    face: Floats, learned: Floats,
) -> None:  # fmt: skip
    """One face into the result: colours, mask, rim, paste."""
    hull = visible = None
    inside = in_square(seen.xy_px, seen.crop)
    if options.mask != "learned":
        hull = unit(hull_mask(inside, track.names, MASK_PX))
    if options.mask == "seen":
        visible = unit(face_mask(seen.crop.cut(frame, MASK_PX), inside, track.names))
    mask = shape_mask(
        None if options.mask == "hull" else learned,
        hull,
        visible,
        erode=options.erode,
        feather=options.feather,
    )
    like = unit(cut)
    counts = at_size(mask, face.shape[0])
    face = match_colour(face, like, counts, options.colour)
    if options.blend == "seamless":
        face = level_rim(face, like, mask)
    paste_face(result, face, mask, seen.crop, sharpen=options.sharpen, scale=options.face_scale)


def _frames(
    stage: Stage, clip: Clip, canvas: Canvas, first: int, guard: Guard | None
) -> Iterator[Frame]:
    """Frames of the result from ``first`` on, decoded in a thread."""
    frames = cast("Generator[Frame, None, None]", prefetch(clip.frames_from(first)))
    pairs = ((frame, swap_frame(stage, frame, i)) for i, frame in enumerate(frames, first))
    composed: Iterator[Frame] = (canvas.compose(before, after) for before, after in pairs)
    if guard is not None:
        composed = guard.watched(composed, first, clip.fps, "The result")
    with closing(frames):
        yield from composed


def _opened(path: Path) -> tuple[Clip, bool]:
    """The video, or a picture as a clip of one frame; and whether it is a picture."""
    if sniff(path).family != "picture":
        return open_clip(path), False
    picture = read_image(path)
    height, width = picture.shape[:2]
    return Clip(width, height, _STILL_FPS, 1, lambda: iter([picture]), path=path), True


def _watched(
    clip: Clip, tracker: Tracker, guard: Guard | None, path: Path, ask: Ask | None,
    progress: Progress,
) -> Tracked:  # fmt: skip
    """All faces; whoever is asked is asked when the first one is seen."""
    progress.begin("track", clip.num_frames)
    frames = prefetch(clip)
    seen = frames if guard is None else guard.watched(frames, 0, clip.fps, "The video")
    asked = ask is None

    def on_frame(done: int, faces: int) -> None:
        nonlocal asked
        if faces and not asked and ask is not None:
            asked = True
            if needs_consent(path):
                ask([path])
        progress.advance(done)

    return watch(seen, tracker, on_frame)


def _facts(model: SwapModel | PathLike, options: ConvertOptions) -> dict[str, object]:
    """Options for the record, and which decoders it was: the model's own sum is the encoder's."""
    facts = {k: v for k, v in options.as_dict().items() if k not in _NOT_IN_RECORD}
    if isinstance(model, str | Path):
        facts["model_card_sha256"] = file_sha256(model_folder(model) / "model.json")
    return facts
