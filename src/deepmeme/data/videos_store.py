"""Frames of videos at the size that is trained on: each video is decoded once.

A prepared video is a file of plain uint8 in a cache folder, mapped into memory when it is drawn.
Its name is made of where the video lies, its size and time stamp, the frame's size and ``VERSION``:
a video that was changed gets another name. When the folder outgrows its bound the longest unused
are deleted; folders of frames are then read picture by picture instead.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import cast, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError
from deepmeme.media.clip import Frame
from deepmeme.media.image import read_image
from deepmeme.media.sniff import sniff
from deepmeme.media.video import open_clip

VERSION = 1
SUFFIX = ".frames"
PREPARING = ".preparing."
STALE_S = 86_400
MAX_FRAMES = 4096
"""Longer videos keep every second frame, or fourth, and so on."""
MAX_BYTES = 64 * 2**30
DISK_SHARE = 0.5
"""Of what is free on the disk at the start, the cache takes at most this."""

Frames = NDArray[np.uint8]
"""(t, h, w, 3)"""


class FrameStore:
    """Videos as arrays. May be used by several threads and processes at once."""

    def __init__(
        self, folder: Path | str, frame_shape: tuple[int, int], *, max_bytes: int | None = None
    ) -> None:
        """``frame_shape`` is (height, width); the bound is by default half of the free disk.

        Raises:
            InputError: the folder cannot be made.
        """
        self.folder = Path(folder)
        self.frame_shape = frame_shape
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise InputError(f"{self.folder}: no place for prepared frames: {error}.") from error
        for stale in self.folder.glob(f"{PREPARING}*"):  # of a process that was killed
            with suppress(OSError):
                if time.time() - stale.stat().st_mtime > STALE_S:
                    stale.unlink()
        held = sum(file.stat().st_size for file in self.folder.glob(f"*{SUFFIX}"))
        self.max_bytes = max_bytes or min(MAX_BYTES, held + int(DISK_SHARE * free))
        self._held = held
        self._lock = threading.Lock()
        self._open: dict[Path, Sequence[Frame]] = {}
        self._keys: dict[Path, str] = {}

    def frames(self, video: Path) -> Sequence[Frame]:
        """All kept frames of a video, read when they are asked for.

        Raises:
            InputError: not a video, damaged, or a single frame.
        """
        with self._lock:
            known = self._open.get(video)
            if known is None:
                known = self._prepared(video)
                while len(self._open) >= 256:  # a map costs a file handle
                    del self._open[next(iter(self._open))]
                self._open[video] = known
            return known

    def _prepared(self, video: Path) -> Sequence[Frame]:
        if self._held >= self.max_bytes and video.is_dir():
            return FolderFrames(video, self.frame_shape)
        file = self.folder / f"{self._key(video)}{SUFFIX}"
        if not file.is_file():
            self._prepare(video, file)
        with suppress(OSError):
            os.utime(file)
        return self._map(file)

    def _map(self, file: Path) -> Sequence[Frame]:
        height, width = self.frame_shape
        count, rest = divmod(file.stat().st_size, height * width * 3)
        if rest or count < 2:
            file.unlink(missing_ok=True)
            raise InputError(f"{file} was cut short and is deleted. Start again.")
        mapped = np.memmap(file, np.uint8, "r", shape=(count, height, width, 3))
        return cast(Sequence[Frame], mapped)

    def _prepare(self, video: Path, file: Path) -> None:
        height, width = self.frame_shape
        handle, name = tempfile.mkstemp(prefix=PREPARING, dir=self.folder)
        os.close(handle)
        try:
            with open(name, "r+b") as room:
                room.truncate(MAX_FRAMES * height * width * 3)
            rows = np.memmap(name, np.uint8, "r+", shape=(MAX_FRAMES, height, width, 3))
            count = keep_evenly(read_frames(video, self.frame_shape), rows)
            rows.flush()
            del rows
            if count < 2:
                raise InputError(
                    f"{video} holds {count} frame; learning motion takes two at least. A picture "
                    "in the place of a video must be a strip of frames side by side."
                )
            os.truncate(name, count * height * width * 3)
            self._held = self._make_room(os.path.getsize(name))
            os.replace(name, file)
        except OSError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.folder}: {video.name} cannot be kept: {error}.") from error
        finally:
            with suppress(OSError):
                os.unlink(name)

    def _make_room(self, wanted: int) -> int:
        """Delete prepared videos, the longest unused first, until ``wanted`` more bytes fit.

        Returns what all take then.
        """
        found = []
        for file in self.folder.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                status = file.stat()
                found.append((status.st_mtime_ns, status.st_size, file))
        total = sum(size for _, size, _ in found)
        for _, size, file in sorted(found):
            if total + wanted <= self.max_bytes:
                break
            with suppress(OSError):  # a system that keeps what is mapped: next time
                file.unlink()
                total -= size
        return total + wanted

    def _key(self, video: Path) -> str:
        """Listing a folder of frames takes longer than mapping it: once a run."""
        if video not in self._keys:
            facts = [VERSION, self.frame_shape, str(video.resolve()), *_stamps(video)]
            self._keys[video] = hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
        return self._keys[video]


class FolderFrames(Sequence[Frame]):
    """A folder of frames, each read from its picture whenever it is asked for."""

    def __init__(self, folder: Path, frame_shape: tuple[int, int]) -> None:
        self.clip, self.frame_shape = open_clip(folder), frame_shape
        if (self.clip.num_frames or 0) < 2:
            raise InputError(f"{folder} holds a single frame; learning motion takes two at least.")

    def __len__(self) -> int:
        return self.clip.num_frames or 0

    @overload
    def __getitem__(self, index: int) -> Frame: ...

    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...

    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        return fitted(next(self.clip.frames_from(index)), self.frame_shape)


def _stamps(video: Path) -> list[tuple[str, int, int]]:
    try:
        files = sorted(video.iterdir()) if video.is_dir() else [video]
        return [(file.name, (s := file.stat()).st_size, s.st_mtime_ns) for file in files]
    except OSError as error:
        raise InputError(f"{video} cannot be read: {error}.") from error


def keep_evenly(frames: Iterator[Frame], rows: Frames) -> int:
    """Fill ``rows`` with every n-th frame, n the smallest power of two that fits; how many."""
    step, count = 1, 0
    for number, frame in enumerate(frames):
        if number % step:
            continue
        if count == len(rows):
            for row in range(1, ceil_half(count)):
                rows[row] = rows[2 * row]
            step, count = 2 * step, ceil_half(count)
            if number % step:
                continue
        rows[count] = frame
        count += 1
    return count


def ceil_half(count: int) -> int:
    """Rows that stay of ``count`` when every second one goes."""
    return (count + 1) // 2


def read_frames(video: Path, frame_shape: tuple[int, int]) -> Iterator[Frame]:
    """The frames of a video, folder or strip, cut to the shape's aspect and resized to it.

    What the cut takes off is the rim of the longer side, evenly: people are not squeezed.

    Raises:
        InputError: as the readers of ``deepmeme.media``; or a picture that is no strip.
    """
    kind = sniff(video)
    frames = read_strip(video, frame_shape) if kind.family == "picture" else iter(open_clip(video))
    first = next(frames, None)
    if first is None:
        raise InputError(f"{video} holds no frames.")
    return (fitted(frame, frame_shape) for frame in chain([first], frames))


def read_strip(path: Path, frame_shape: tuple[int, int]) -> Iterator[Frame]:
    """The frames of a wide picture, side by side, each of the shape's aspect.

    Raises:
        InputError: not a picture, or its width is not a whole number of frames, two at least.
    """
    strip = read_image(path)
    height, width = strip.shape[:2]
    cell = max(1, round(height * frame_shape[1] / frame_shape[0]))
    count, rest = divmod(width, cell)
    if rest or count < 2:
        raise InputError(
            f"{path} is {width} x {height} pixels: not frames of {cell} x {height} side by side. "
            "If it is one frame of a video, put its frames in a folder of their own. (Strips of "
            "more than 24 million pixels are scaled down: cut them into several.)"
        )
    return iter(np.split(strip, count, axis=1))


def fitted(frame: Frame, frame_shape: tuple[int, int]) -> Frame:
    """The middle of a frame with the shape's aspect, at its size."""
    height, width = frame_shape
    scale = min(frame.shape[0] / height, frame.shape[1] / width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (frame.shape[0] - tall) // 2, (frame.shape[1] - wide) // 2
    middle = frame[top : top + tall, left : left + wide]
    if middle.shape[:2] == frame_shape:
        return middle
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(middle), (width, height), interpolation=how)
    return np.asarray(resized, np.uint8)
