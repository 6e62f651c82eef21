"""Mark and encode in a thread of its own, so that the networks need not wait."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from queue import Empty, Full, Queue

from deepmeme.media.clip import Frame
from deepmeme.media.encode.segments import SegmentEncoder, segment_suffix
from deepmeme.media.formats import Format

_QUEUE_FRAMES = 4
_POLL_S = 0.1


class EncoderThread:
    """Encodes frames into the next segments while the networks make more."""

    def __init__(
        self,
        form: Format,
        size: tuple[int, int],
        fps: Fraction,
        *,
        quality: int,
        mark: Callable[[Frame], Frame],
        segment_frames: int,
        next_path: Callable[[str], Path],
        keep: Callable[[Path, int], None],
    ) -> None:
        """``mark`` makes of each frame what is encoded; ``next_path`` names a segment by its
        suffix; ``keep`` hears of each that is whole.
        """
        self._form, self._size, self._fps, self._quality = form, size, fps, quality
        self._length, self._next_path, self._keep = segment_frames, next_path, keep
        self._queue: Queue[Frame | None] = Queue(maxsize=_QUEUE_FRAMES)
        self._mark = mark
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="deepmeme-encoder", daemon=True)
        self._thread.start()

    def put(self, frame: Frame | None) -> None:
        """Hand over a frame; waits while the encoder is behind. Raises what the encoder raised."""
        while True:
            if self._error is not None:
                raise self._error
            try:
                self._queue.put(frame, timeout=_POLL_S)
            except Full:
                continue
            return

    def finish(self) -> None:
        """Wait until everything is in whole segments."""
        self.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def abandon(self) -> None:
        """Stop now; whole segments stay, the one in the making is dropped."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            frames = self._frames()
            for frame in frames:
                self._segment(chain([frame], frames))
        except BaseException as error:
            self._error = error

    def _frames(self) -> Iterator[Frame]:
        while not self._stop.is_set():
            try:
                frame = self._queue.get(timeout=_POLL_S)
            except Empty:
                continue
            if frame is None:
                return
            yield self._mark(frame)

    def _segment(self, frames: Iterator[Frame]) -> None:
        path = self._next_path(segment_suffix(self._form))
        encoder = SegmentEncoder(
            path, self._form, self._size, self._fps, quality=self._quality, gop=self._length
        )
        try:
            for frame in frames:
                encoder.add(frame)
                if encoder.num_frames == self._length:
                    break
            if self._stop.is_set() and encoder.num_frames < self._length:
                encoder.abandon()
                path.unlink(missing_ok=True)
                return
            encoder.close()
        except BaseException:
            encoder.abandon()
            raise
        self._keep(path, encoder.num_frames)
