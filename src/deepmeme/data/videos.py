"""Which videos a folder holds, by the conventions of the published First Order Motion Model.

A video is a folder of frames, a file (mp4, mov, gif ...), or one wide picture, a strip of frames
side by side. They lie in the folder itself or, parted, in its ``train/`` and ``test/``. With
``id_sampling`` a name before its '#' names a person, who counts once however many videos there are.
"""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from deepmeme.errors import InputError

FILE_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".webp", ".apng", ".mpg", ".mpeg")
)
STRIP_SUFFIXES = frozenset((".png", ".jpg", ".jpeg"))
TEST_SHARE = 0.2
MAX_VIDEOS = 2_000_000
MAX_PAIRS_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Subject:
    """What is drawn once a pass: a video, or with ``id_sampling`` a person and all their videos."""

    name: str
    videos: tuple[Path, ...]


@dataclass(frozen=True)
class VideoFolder:
    """Both parts of a data set, each in the order of the names."""

    root: Path
    train: tuple[Subject, ...]
    test: tuple[Subject, ...]
    """The subjects of ``train`` once more when there are too few to hold any back."""

    @property
    def num_videos(self) -> int:
        """Videos to learn from."""
        return sum(len(subject.videos) for subject in self.train)


def open_videos(root: Path | str, *, id_sampling: bool = False, seed: int = 0) -> VideoFolder:
    """Look into a folder of videos; a single video file is a data set of one.

    Without ``test/`` a fifth of the subjects, drawn by ``seed``, is held back. No video is opened.

    Raises:
        InputError: no such folder, no video in it, or loose frames where videos belong.
    """
    root = Path(root).expanduser()
    if root.is_file():
        alone = (Subject(root.stem, (root,)),)
        return VideoFolder(root, alone, alone)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder. Expected a folder of videos to learn from.")
    if (root / "train").is_dir():
        train = _subjects(root / "train", id_sampling=id_sampling)
        if (root / "test").is_dir() and any(_videos_in(root / "test")):
            return VideoFolder(root, train, _subjects(root / "test", id_sampling=id_sampling))
    else:
        train = _subjects(root, id_sampling=id_sampling)
    return VideoFolder(root, *_split(train, seed))


def _split(
    subjects: tuple[Subject, ...], seed: int
) -> tuple[tuple[Subject, ...], tuple[Subject, ...]]:
    if len(subjects) < 2:
        return subjects, subjects
    order = np.random.default_rng(seed).permutation(len(subjects))
    held = set(order[: ceil(TEST_SHARE * len(subjects))].tolist())
    return (
        tuple(subject for row, subject in enumerate(subjects) if row not in held),
        tuple(subject for row, subject in enumerate(subjects) if row in held),
    )


def _subjects(folder: Path, *, id_sampling: bool) -> tuple[Subject, ...]:
    videos = _videos_in(folder)
    if not videos:
        raise InputError(
            f"{folder} holds no videos. Expected video files ({', '.join(sorted(FILE_SUFFIXES))}), "
            "folders of frames, or wide pictures with the frames side by side."
        )
    if not id_sampling:
        return tuple(Subject(video.name, (video,)) for video in videos)
    people: dict[str, list[Path]] = {}
    for video in videos:
        people.setdefault(identity_of(video.name), []).append(video)
    return tuple(Subject(name, tuple(found)) for name, found in sorted(people.items()))


def identity_of(name: str) -> str:
    """The person in ``id00012#qwXs6QWr#001.mp4`` is ``id00012``; without '#' the whole stem."""
    before, mark, _ = name.partition("#")
    return before if mark else Path(name).stem


def _videos_in(folder: Path) -> list[Path]:
    """By the names alone: data sets have tens of thousands."""
    try:
        with os.scandir(folder) as entries:
            found = [
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and _is_video(entry)
            ]
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error}.") from error
    if len(found) > MAX_VIDEOS:
        raise InputError(f"{folder} holds {len(found)} videos; at most {MAX_VIDEOS} are read.")
    return sorted(found, key=lambda path: path.name)


def _is_video(entry: os.DirEntry[str]) -> bool:
    if entry.is_dir():
        return True
    return Path(entry.name).suffix.lower() in FILE_SUFFIXES | STRIP_SUFFIXES


def read_pairs(path: Path | str, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(source, driving) names of a published pairs list; columns ``source`` and ``driving`` count.

    A name is meant with or without its suffix. Rows about videos that are not there are left out.

    Raises:
        InputError: no such file, not such a list, or none of its videos is there.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_PAIRS_BYTES:
            raise InputError(f"{path} is too long for a list of pairs.")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: the list of pairs cannot be read: {error}.") from error
    if not rows or not {"source", "driving"} <= rows[0].keys():
        found = ", ".join(str(key) for key in rows[0]) if rows else "no rows"
        raise InputError(
            f"{path}: found {found}; expected a table with the columns distance, source, driving, "
            "frame."
        )
    known = {Path(name).stem: name for name in names} | {name: name for name in names}
    pairs = [(known.get(_name(row["source"])), known.get(_name(row["driving"]))) for row in rows]
    there = tuple((a, b) for a, b in pairs if a is not None and b is not None)
    if not there:
        raise InputError(
            f"{path} lists {len(rows)} pairs, but none of their videos is in the data. "
            f"Its first is {rows[0]['source']} and {rows[0]['driving']}."
        )
    return there


def _name(cell: str | None) -> str:
    return (cell or "").strip()
