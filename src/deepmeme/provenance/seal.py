"""The one door out: a rendered result becomes a file here, marked, or not at all."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from PIL import Image

from deepmeme.errors import DeepmemeError, InputError, Interrupted
from deepmeme.media.clip import AudioSource, Frame
from deepmeme.media.encode.animations import Look, write_animation, write_frames
from deepmeme.media.encode.budget import fit, looks
from deepmeme.media.encode.segments import join_segments, read_segments
from deepmeme.media.encode.thread import EncoderThread
from deepmeme.media.formats import Format, format_of, picture_format_of
from deepmeme.media.lock import only_writer
from deepmeme.provenance.finish import Maker
from deepmeme.provenance.marks import tags
from deepmeme.provenance.record import Record, draw_work_id
from deepmeme.provenance.target import check_target, explained
from deepmeme.provenance.workshop import Workshop, workshop_path

_logger = logging.getLogger(__name__)

DEFAULT_QUALITY = 80
SEGMENT_S = 2


@dataclass(frozen=True)
class Saved:
    """What was written."""

    path: Path
    bytes: int
    num_frames: int
    seconds: float
    """Playing time."""
    resumed_at: int = 0
    """Frames that an earlier run had made."""
    reduced: str = ""
    """What was given up for the size budget or the format, in words; empty for nothing."""
    work_id: str = ""
    """What its watermark and its credentials call it."""
    sidecar: Path | None = None
    """Its credentials, where the format cannot hold them: keep the two together."""
    marked: bool = True
    """False: the settings say ``provenance = "off"``, so it has neither of the two."""


@dataclass(frozen=True)
class Rendered:
    """A result that is not a file yet: how to make its frames, and the record of its making."""

    width: int
    height: int
    fps: Fraction
    num_frames: int | None
    frames_from: Callable[[int], Iterator[Frame]]
    """The frames from index i on; the same i gives the same frames, so that work can resume."""
    record: Record
    audio: AudioSource | None = None
    quality: int = DEFAULT_QUALITY
    max_bytes: int | None = None
    """Where ``save`` is told nothing else."""

    def save(
        self,
        path: str | Path,
        *,
        resume: bool = False,
        quality: int | None = None,
        max_bytes: int | None = None,
        loop: bool = True,
        on_frame: Callable[[int], None] | None = None,
    ) -> Saved:
        """Render into ``path``; its suffix is the format, none means a folder of PNG frames.

        The frames go to segments of two seconds in a hidden folder beside the target while an
        encoder thread works; a finished file takes the target's name in one step. After Ctrl-C
        or a crash the finished segments stay, and ``resume`` goes on after them. ``quality`` is
        0 to 100. ``max_bytes`` (gif and webp) gives up colours, rate and size as needed.
        ``loop`` says whether an animated picture repeats for ever. ``on_frame`` is called with
        the number of frames rendered so far.

        Raises:
            OutputError: the place, the name or the budget is impossible, the disk is full, or
                another process writes there already; nothing is left behind.
            InputError: an option is out of range, or resumed work was made otherwise.
            Interrupted: Ctrl-C; what is finished is kept.
        """
        form = format_of(Path(path))
        quality = self.quality if quality is None else quality
        max_bytes = self.max_bytes if max_bytes is None else max_bytes
        self._check(form, quality, max_bytes)
        target = check_target(path, self._inputs())
        with only_writer(target):
            return self._save(target, form, resume, quality, max_bytes, loop, on_frame)

    def _save(
        self,
        target: Path,
        form: Format,
        resume: bool,
        quality: int,
        max_bytes: int | None,
        loop: bool,
        on_frame: Callable[[int], None] | None,
    ) -> Saved:
        maker = Maker.ready()
        fingerprint = self._fingerprint(form, quality, maker)
        work_id = self.record.work_id or draw_work_id()
        with explained(target):
            shop = Workshop.open(target, fingerprint, resume=resume, work_id=work_id)
        named = replace(self, record=replace(self.record, work_id=shop.work_id))
        resumed_at = shop.num_frames
        try:
            if not shop.complete:
                named._render(shop, form, target, quality, maker, on_frame)
            with explained(target):
                look = Look(every=_every(self.fps, form), quality=quality)
                result, reduced = named._assemble(shop, form, look, maker, max_bytes, loop)
                sidecar = maker.place(result, target, named.record)
            saved = named._saved(target, sidecar, shop.num_frames, resumed_at, reduced, maker)
        except DeepmemeError as error:
            if not isinstance(error, Interrupted) or shop.num_frames == 0:
                shop.discard()
            raise
        except KeyboardInterrupt:
            raise _interrupted(shop, self.fps) from None
        shop.discard()
        return saved

    def kept_private(self) -> "Rendered":
        """The same, but its credentials leave out names and thumbnails of the inputs."""
        return replace(self, record=replace(self.record, private=True))

    def _check(self, form: Format, quality: int, max_bytes: int | None) -> None:
        if not 0 <= quality <= 100:
            raise InputError(f"A quality of {quality} is not possible. Choose 0 to 100.")
        if max_bytes is not None and not form.budget:
            raise InputError(
                f"A size budget is possible for gif and webp, not for {form.name}. "
                "Choose one of these, or a lower quality."
            )
        if self.fps <= 0 or min(self.width, self.height) < 1:
            raise InputError(f"{self.width} x {self.height} at {self.fps} is no video.")

    def _inputs(self) -> tuple[Path, ...]:
        sound = () if self.audio is None else (self.audio.path,)
        return self.record.input_paths + sound

    def _fingerprint(self, form: Format, quality: int, maker: Maker) -> str:
        codecs = av.library_versions.get("libavcodec")
        return (
            f"{self.record.fingerprint()} {self.width}x{self.height} {self.fps} "
            f"{form.codec} {quality if form.joined else ''} {codecs} {maker.watermark}"
        )

    def _render(
        self,
        shop: Workshop,
        form: Format,
        target: Path,
        quality: int,
        maker: Maker,
        on_frame: Callable[[int], None] | None,
    ) -> None:
        """Frames, marked, into segments."""
        size = (self.width, self.height)
        encoder = EncoderThread(
            form,
            size,
            self.fps,
            quality=quality,
            mark=partial(maker.mark, record=self.record),
            segment_frames=max(1, round(SEGMENT_S * self.fps)),
            next_path=shop.next_segment,
            keep=shop.keep,
        )
        done = shop.num_frames
        frames = self.frames_from(done)
        try:
            for frame in frames:
                if frame.shape != (self.height, self.width, 3):
                    raise InputError(
                        f"A frame has shape {frame.shape}; expected {self.height, self.width, 3}."
                    )
                with explained(target):
                    encoder.put(frame)
                done += 1
                if on_frame is not None:
                    on_frame(done)
            if done == 0:
                raise InputError("There is no frame to write: the driving video gave none.")
            with explained(target):
                encoder.finish()
                shop.finish()
        except KeyboardInterrupt:
            encoder.abandon()
            raise
        except BaseException:
            encoder.abandon()
            raise
        finally:
            close = getattr(frames, "close", None)
            if close is not None:
                close()

    def _assemble(
        self, shop: Workshop, form: Format, look: Look, maker: Maker, max_bytes: int | None,
        loop: bool,
    ) -> tuple[Path, str]:  # fmt: skip
        """Segments into one marked file (or folder) in the workshop, and what was given up."""
        result = shop.folder / f"result{form.suffixes[0]}"
        size = (self.width, self.height)
        if form.joined:
            audio = self.audio if form.audio_codec else None
            marks = tags(self.record)
            join_segments(shop.segments, result, form, self.fps, audio=audio, tags=marks)
            maker.finish(result, form.name, self.record)
            return result, ""

        def open_frames() -> Iterator[Frame]:
            return read_segments(segment for segment, _ in shop.segments)

        def write(chosen: Look, path: Path) -> None:
            write_animation(form.muxer, path, open_frames, size, self.fps, chosen, loop=loop)

        if form.name == "frames":
            write_frames(result, open_frames, look)
            maker.finish(result, form.name, self.record)
            return result, ""
        choices = looks(form.muxer, size, self.fps, start=look)
        reduced, lean = "", False
        if max_bytes is None:
            write(look, result)
        else:
            spare, lean = maker.spare_bytes(shop.folder, form.name, self.record, max_bytes)
            reduced = fit(choices, max_bytes, result, write, spare_bytes=spare)
        maker.finish(result, form.name, self.record, lean=lean)
        if look.every > 1:
            note = f"every {_ordinal(look.every)} frame, the most that {form.name} plays"
            reduced = f"{note}, {reduced}" if reduced else note
        return result, reduced

    def _saved(
        self, target: Path, sidecar: Path | None, num_frames: int, resumed_at: int, reduced: str,
        maker: Maker,
    ) -> Saved:  # fmt: skip
        files = list(target.iterdir()) if target.is_dir() else [target]
        num_bytes = sum(file.stat().st_size for file in files)
        seconds = float(num_frames / self.fps)
        return Saved(
            target, num_bytes, num_frames, seconds, resumed_at, reduced,
            self.record.work_id, sidecar, maker.marks,
        )  # fmt: skip


def _ordinal(n: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(n, f"{n}th")


def _every(fps: Fraction, form: Format) -> int:
    """Keep every n-th frame so that the format can play the rate."""
    return max(1, -(-fps // form.max_fps))


def _interrupted(shop: Workshop, fps: Fraction) -> Interrupted:
    if shop.num_frames == 0:
        shop.discard()
        return Interrupted("Stopped before the first two seconds were done; nothing is kept.")
    return Interrupted(
        f"Stopped. {shop.num_frames} frames ({float(shop.num_frames / fps):.1f} s) are kept in "
        f"{shop.folder}. Type the same command with --resume to go on from there."
    )


def save_picture(frame: Frame, path: str | Path, record: Record) -> Saved:
    """Write one marked still: png, jpg or webp by the suffix.

    Raises:
        OutputError: the suffix or place is impossible, or the path is one of the inputs.
    """
    form = picture_format_of(Path(path))
    target = check_target(path, record.input_paths)
    maker = Maker.ready()
    record = replace(record, work_id=record.work_id or draw_work_id())
    part = workshop_path(target).with_suffix(".part")
    options: dict[str, int] = {} if form == "PNG" else {"quality": 92}
    try:
        with explained(target):
            Image.fromarray(maker.mark(frame, record)).save(part, format=form, **options)
            maker.finish(part, {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}[form], record)
            maker.place(part, target, record)
    finally:
        part.unlink(missing_ok=True)
    return Saved(target, target.stat().st_size, 1, 0.0, work_id=record.work_id, marked=maker.marks)
