"""Prepare ``portraits`` and ``grid``: pictures and clips of people, checked one by one."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from deepmeme.data.sources import DataSet
from deepmeme.data.sources_archive import Bounds, read_members
from deepmeme.data.sources_fetch import Tell, obtain
from deepmeme.data.sources_made import Made, Wishes
from deepmeme.errors import InputError
from deepmeme.media.image import read_image
from deepmeme.media.video import open_clip

PORTRAIT_PX = (225, 275)
"""(width, height)"""
PORTRAIT_BOUNDS = Bounds(members=200_000, member_bytes=2**26)
TABLES = ("portraits_landmarks468.npz", "portraits_mattes.npz")
"""Made from the pictures by us; taken along from a local copy."""
_PORTRAIT_MEMBER = re.compile(r"[^/]+/congress/225x275/[A-Z]\d{6}\.jpg")
_PORTRAIT_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\.jpe?g")

GRID_PX = (360, 288)
GRID_BOUNDS = Bounds(members=5_000, member_bytes=2**24)
GRID_TEST_SHARE = 0.15
_CLIP_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\.mpg")
ATTRIBUTION = """GRID audio-visual sentence corpus, CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/).
M. Cooke, J. Barker, S. Cunningham, X. Shao: An audio-visual corpus for speech perception and
automatic speech recognition. Journal of the Acoustical Society of America 120 (2006).
Clips are unchanged; they were renamed speaker#sentence.mpg and parted into train and test.
"""

Named = Iterator[tuple[str, bytes]]


def prepare_portraits(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Write ``folder/pictures``, a manifest, and the tables that a local copy has.

    Raises:
        InputError: no portraits there.
    """
    sums: dict[str, str] = {}
    if local is None or local.is_file():
        got = obtain(data_set, data_set.files[0], local, tell)
        sums[data_set.files[0].filename] = got.sha256
        pictures: Named = read_members(
            got.path, lambda name: bool(_PORTRAIT_MEMBER.fullmatch(name)), bounds=PORTRAIT_BOUNDS
        )
    else:
        pictures = _files(local, _PORTRAIT_NAME, PORTRAIT_BOUNDS)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    for name, encoded in pictures:
        target = folder / "pictures" / PurePosixPath(name).name
        _write(target, encoded)
        try:
            height, width = read_image(target).shape[:2]
        except InputError as error:
            target.unlink()
            left_out.append(str(error))
            continue
        if (width, height) != PORTRAIT_PX:
            target.unlink()
            left_out.append(f"{target.name} is {width} x {height}")
            continue
        rows.append({"file": target.name, "sha256": hashlib.sha256(encoded).hexdigest()})
        tell("portraits", len(rows), wishes.limit)
        if len(rows) == wishes.limit:
            break
    if not rows:
        raise InputError(f"{local} holds no portraits. Expected {data_set.takes}.")
    tables = _tables(local, folder)
    _manifest(folder, data_set, {"pictures": rows, "left_out": left_out, "tables": tables})
    what = f"portraits ({len(left_out)} left out; tables: {', '.join(tables) or 'none'})"
    return Made(folder, len(rows), what, sums)


def prepare_grid(
    data_set: DataSet, folder: Path, local: Path | None, wishes: Wishes, tell: Tell
) -> Made:
    """Write ``folder/train`` and ``folder/test``, parted by speaker, ``limit`` clips of each.

    Raises:
        InputError: no clips there.
    """
    sums: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION").write_text(ATTRIBUTION, "utf-8")
    rows: list[dict[str, Any]] = []
    left_out: list[str] = []
    kept: dict[str, int] = {}
    for speaker, name, encoded in _grid_clips(data_set, local, sums, wishes, tell):
        if wishes.limit is not None and kept.get(speaker, 0) >= wishes.limit:
            continue
        digest = hashlib.sha256(encoded).hexdigest()
        split = "test" if _share(speaker) < GRID_TEST_SHARE else "train"
        target = folder / split / f"{speaker}#{PurePosixPath(name).name}"
        target.parent.mkdir(exist_ok=True)
        _write(target, encoded)
        try:
            clip = open_clip(target)
            next(iter(clip))
        except (InputError, StopIteration) as error:
            target.unlink()
            left_out.append(str(error))
            continue
        kept[speaker] = kept.get(speaker, 0) + 1
        rows.append({"file": f"{split}/{target.name}", "speaker": speaker, "sha256": digest})
        tell("clips", len(rows), None)
    if not rows:
        raise InputError(f"{local} holds no clips of GRID. Expected {data_set.takes}.")
    _manifest(folder, data_set, {"clips": rows, "left_out": left_out, "archives": sums})
    return Made(folder, len(rows), f"clips of {len(kept)} speakers", sums)


def _grid_clips(
    data_set: DataSet, local: Path | None, sums: dict[str, str], wishes: Wishes, tell: Tell
) -> Iterator[tuple[str, str, bytes]]:
    """(speaker, name, bytes); a speaker's archive is fetched when it is their turn."""
    if local is not None and not any(local.glob("*.zip")):
        for path in sorted(local.rglob("*.mpg")):
            speaker = path.parent.name if re.fullmatch(r"s\d+", path.parent.name) else path.stem
            for name, encoded in _files(path, _CLIP_NAME, GRID_BOUNDS):
                yield speaker.partition("#")[0], name, encoded
        return
    for remote in data_set.files:
        if local is not None and not (local / remote.filename).is_file():
            continue
        got = obtain(data_set, remote, local, tell)
        sums[remote.filename] = got.sha256
        speaker = remote.filename.partition(".")[0]
        clips = read_members(got.path, _is_clip, bounds=GRID_BOUNDS)
        for name, encoded in islice(clips, wishes.limit):
            yield speaker, name, encoded


def _is_clip(member: str) -> bool:
    return bool(_CLIP_NAME.fullmatch(PurePosixPath(member).name))


def _files(place: Path, pattern: re.Pattern[str], bounds: Bounds) -> Named:
    """(name, bytes) of the fitting files of a folder, by name; or of the one file."""
    found = sorted(place.iterdir()) if place.is_dir() else [place]
    for path in found:
        if not path.is_file() or not pattern.fullmatch(path.name):
            continue
        if path.stat().st_size > bounds.member_bytes:
            raise InputError(f"{path} is too large; at most {bounds.member_bytes} bytes are read.")
        yield path.name, path.read_bytes()


def _write(target: Path, encoded: bytes) -> None:
    waiting = target.with_name(f".{target.name}.part")
    waiting.write_bytes(encoded)
    os.replace(waiting, target)


def _tables(local: Path | None, folder: Path) -> list[str]:
    if local is None:
        return []
    found = []
    for name in TABLES:
        for place in (local / name, local.parent / name):
            if place.is_file():
                shutil.copyfile(place, folder / name)
                found.append(name)
                break
    return found


def _manifest(folder: Path, data_set: DataSet, rows: dict[str, Any]) -> None:
    about = {"data_set": data_set.name, "licence": data_set.licence, "credit": data_set.credit}
    _write(folder / "manifest.json", json.dumps(about | rows, indent=1).encode())


def _share(name: str) -> float:
    """A number in [0, 1) that is always the same for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48
