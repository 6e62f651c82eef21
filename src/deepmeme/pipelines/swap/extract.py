"""Faces of videos and pictures become a faceset: found, followed, aligned, measured, told apart.

Looking and choosing are two things. Looking is slow, so everything it sees goes into a journal as
it goes (:mod:`deepmeme.pipelines.swap.extract_journal`). Choosing what to keep reads the journal
and writes the index anew, in a moment.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, Interrupted, OutputError
from deepmeme.faces.faceset import MASKS, PICTURES
from deepmeme.faces.landmarks import open_reader
from deepmeme.faces.mask import face_mask
from deepmeme.media.image import read_image
from deepmeme.media.lock import only_writer
from deepmeme.media.prefetch import prefetch
from deepmeme.media.video import open_clip
from deepmeme.pipelines.consent import Ask, is_ours, is_shipped
from deepmeme.pipelines.progress import Progress, Silent
from deepmeme.pipelines.swap.extract_choose import choose_faces, shipped_embedder
from deepmeme.pipelines.swap.extract_journal import Journal
from deepmeme.pipelines.swap.extract_measures import SIDE_PX, measure
from deepmeme.pipelines.swap.extract_options import ExtractOptions, step_of
from deepmeme.pipelines.swap.extract_people import Embedder
from deepmeme.pipelines.swap.extract_row import FaceRow
from deepmeme.pipelines.swap.extract_sources import Source, find_sources
from deepmeme.pipelines.swap.extract_story import ExtractStory
from deepmeme.pipelines.swap.extract_watch import Seen, WatchState, look

Frame = NDArray[np.uint8]
PathLike = str | Path

_LEAST_SIDE_PX = 24.0
_MOST_AT_ONCE = 64


def extract_faces(
    sources: Sequence[PathLike],
    out: PathLike,
    options: ExtractOptions | None = None,
    *,
    progress: Progress | None = None,
    ask: Ask | None = None,
    embedder: Embedder | None = None,
) -> ExtractStory:
    """Extract the faces of videos, pictures and folders of them into a faceset.

    What was stopped or killed goes on where it was; sources that the folder knows are not looked at
    again, others are added to it. Without sources only the choice is made anew.

    >>> extract_faces(["me.mp4"], "me").kept

    Args:
        sources: paths of videos, pictures and folders.
        out: folder of the faceset; see :mod:`deepmeme.faces.faceset`.
        options: which faces to keep, and how they are cut out.
        progress: told how far it is.
        ask: gets a source with somebody's face before anything of it is written; raises if it may
            not be. Without it nobody is asked.
        embedder: what tells persons apart; the one that ships unless given.

    Raises:
        InputError: a source can't be read, shows no face, or there is no such person.
        OutputError: the folder is something else, can't be written, or is written by another.
        Interrupted: Ctrl-C; what was seen is kept.
    """
    options, folder = options or ExtractOptions(), Path(out)
    found = find_sources([Path(source) for source in sources])
    teller = embedder or shipped_embedder()
    with only_writer(folder):
        journal = Journal(folder, options.size, open_reader().names)
        extraction = _Extraction(folder, journal, options, teller, ask, progress or Silent())
        try:
            for source in found:
                extraction.take(source)
            return choose_faces(
                folder, journal, options, teller,
                looked_at=extraction.looked_at, known=extraction.known, looks=extraction.looks,
                warnings=extraction.warnings,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise Interrupted(_stopped(folder, journal)) from None


def _stopped(folder: Path, journal: Journal) -> str:
    if not journal.faces:
        return "Stopped before a face was found; nothing is kept."
    return f"Stopped: {journal.faces} faces are in {folder}. The same command goes on from there."


class _Extraction:
    """Looks at one source after the other."""

    def __init__(
        self, folder: Path, journal: Journal, options: ExtractOptions,
        embedder: Embedder | None, ask: Ask | None, progress: Progress,
    ) -> None:  # fmt: skip
        self.looked_at: list[str] = []
        self.known: list[str] = []
        self.warnings: list[str] = []
        self.looks = 0
        self._folder, self._journal, self._options = folder, journal, options
        self._embedder, self._ask, self._progress = embedder, ask, progress
        self._names = open_reader().names
        self._stills = 0
        self._refused = False
        self._nobodys = ""

    def take(self, source: Source) -> None:
        """Look at a source as far as it was not looked at before."""
        number = self._journal.entry_of(source.key)
        if number is not None and self._journal.entries[number].done:
            self.known.append(source.path.name)
            return
        if self._full():
            return
        try:
            number, frames, total = self._open(source, number)
            self._watch(source, number, frames, total)
        except InputError as error:
            if not source.forgiven or self._refused:
                raise
            self.warnings.append(f"Skipped: {error}")
            return
        self.looked_at.append(source.path.name)

    def _open(
        self, source: Source, number: int | None
    ) -> "tuple[int, Iterator[Frame], int | None]":
        """Number of the source, its frames that are still to be looked at, and how many in all."""
        journal = self._journal
        if source.still:
            picture = read_image(source.path)
            number = journal.begin(source, 0) if number is None else number
            return number, iter([picture]), None
        clip = open_clip(source.path)
        if number is None:
            step = step_of(self._options.every, float(clip.fps), clip.num_frames)
            number = journal.begin(source, step)
        entry = journal.entries[number]
        thinned = open_clip(source.path, fps=Fraction(clip.fps) / entry.step)
        return number, thinned.frames_from(entry.looks), thinned.num_frames

    def _watch(
        self, source: Source, number: int, frames: Iterator[Frame], total: int | None
    ) -> None:
        journal, entry = self._journal, self._journal.entries[number]
        state = self._state(source, number)
        self._begin(source, total)
        ahead = cast("Generator[Frame, None, None]", prefetch(frames, depth=2))
        with closing(ahead):
            for frame in ahead:
                seen, state = look(frame, state)
                rows = self._rows(source, number, frame, seen)
                journal.add_look(number, state, rows)
                journal.commit()
                self.looks += 1
                self._progress.advance(self._stills or entry.looks)
                if self._full():
                    return
        if not source.still:
            journal.finish(number)
            journal.commit()

    def _begin(self, source: Source, total: int | None) -> None:
        """A bar for each video, one for pictures that follow each other."""
        if not self._stills or not source.still:
            self._progress.begin("track", total)
        self._stills = self._stills + 1 if source.still else 0

    def _state(self, source: Source, number: int) -> WatchState:
        """What the look before leaves to the next one."""
        journal = self._journal
        fresh = WatchState(next_track=journal.next_track)
        if journal.last is None:
            return fresh
        last, state = journal.last
        if last == number or journal.entries[last].key == source.before:
            return state
        return fresh

    def _rows(
        self, source: Source, number: int, frame: Frame, seen: Sequence[Seen]
    ) -> list[FaceRow]:
        """Faces of a frame, their pictures written."""
        chosen = [one for one in seen if one.crop.side >= _LEAST_SIDE_PX][:_MOST_AT_ONCE]
        if chosen:
            self._may(source)
        return [self._row(number, frame, one, place) for place, one in enumerate(chosen)]

    def _row(self, number: int, frame: Frame, seen: Seen, place: int) -> FaceRow:
        entry, size = self._journal.entries[number], self._options.size
        index = entry.looks * entry.step
        square = large = seen.crop.cut(frame, max(size, SIDE_PX))
        if size < SIDE_PX:
            small = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
            square = np.asarray(small, np.uint8)
        file = f"{entry.stem}_{index:06d}_{place}.png"
        measures = measure(large, seen.points, self._names, seen.xy_px, frame.shape)
        self._write(PICTURES, file, cv2.cvtColor(square, cv2.COLOR_RGB2BGR))
        self._write(MASKS, file, face_mask(square, seen.points, self._names))
        return FaceRow(
            file, number, index, seen.track, seen.crop, np.asarray(seen.points, np.float32),
            seen.score, seen.misfit, measures.sharpness, measures.yaw_deg, measures.pitch_deg,
            measures.inside, measures.thumb, self._embedder and self._embedder.vector(square),
        )  # fmt: skip

    def _write(self, kind: str, file: str, pixels: NDArray[np.generic]) -> None:
        path = self._folder / kind / file
        done, coded = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        try:
            if not done:
                raise OSError("it could not be made a PNG")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(coded.tobytes())
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error

    def _may(self, source: Source) -> None:
        """Ask once whether the people agree; pictures of ours need no answer."""
        if self._ask is None or source.key == self._nobodys:
            return
        if is_shipped(source.path) or is_ours(source.path):
            self._nobodys = source.key
            return
        self._refused = True
        self._ask([source.given])
        self._ask, self._refused = None, False

    def _full(self) -> bool:
        most = self._options.max_faces
        if self._journal.faces < most:
            return False
        note = f"{most} faces are enough (--max-faces), so not everything was looked at."
        if note not in self.warnings:
            self.warnings.append(note)
        return True
