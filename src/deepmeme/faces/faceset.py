"""A faceset: aligned faces of one person in a folder that people can open, edit and reopen.

    faces.jsonl     a line a face: where it is from, where its landmarks are, how good it is
    faceset.json    what holds for all: format, size, landmark names
    faces/          the aligned squares (PNG), named by source and frame
    masks/          what of them is face, grey PNG of the same names; may be missing

A line that is deleted, or whose ``keep`` is false, leaves its face out; so does a deleted picture.
"""

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmeme.errors import InputError, OutputError
from deepmeme.faces.crop import Crop
from deepmeme.media.image import read_image

INDEX, FACTS = "faces.jsonl", "faceset.json"
PICTURES, MASKS = "faces", "masks"
FORMAT = 1
MAX_LINE_BYTES = 64_000
MAX_FACES = 1_000_000

Frame = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class FaceRecord:
    """One face of a faceset."""

    file: str
    """Name of its picture in ``faces/`` and of its mask in ``masks/``."""
    source: str
    """Name of the video or picture that it is from."""
    frame: int
    """Index of the frame; 0 in a picture."""
    crop: Crop
    """The aligned square in the source's pixels."""
    points: tuple[tuple[float, float], ...]
    """Landmarks in the square, [-1, 1] from edge to edge."""
    person: int = 0
    """Number of the person, 0 being the one who is seen most."""
    yaw_deg: float = 0.0
    """Nose to the picture's right."""
    pitch_deg: float = 0.0
    """Nose up."""
    sharpness: float = 0.0
    """0 for a blurred face, 1 for a sharp one."""
    score: float = 1.0
    """How surely it is a face."""
    keep: bool = True
    why: str = ""
    """Why it is not kept."""

    def as_line(self) -> str:
        """A line of the index."""
        facts = asdict(self)
        crop = facts.pop("crop")
        facts["crop"] = [round(crop[key], 3) for key in _CROP]
        facts["points"] = [[round(x, 4), round(y, 4)] for x, y in self.points]
        return json.dumps(facts, separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str) -> "FaceRecord":
        """Back from ``as_line``.

        Raises:
            ValueError: naming what does not fit.
        """
        facts = json.loads(line)
        if not isinstance(facts, dict):
            raise ValueError("no JSON object")
        unknown = sorted(set(facts) - set(cls.__dataclass_fields__))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        try:
            x, y, side, turn = map(float, facts.pop("crop"))
            crop = Crop(x, y, side, turn, found_face=True)
            points = tuple((float(x), float(y)) for x, y in facts.pop("points"))
            record = cls(crop=crop, points=points, **facts)
        except (KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        record._check()
        return record

    def _check(self) -> None:
        texts = (self.file, self.source, self.why)
        numbers = (self.yaw_deg, self.pitch_deg, self.sharpness, self.score, *sum(self.points, ()))
        counts = (self.frame, self.person)
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("file, source and why must be texts")
        if not self.file or Path(self.file).name != self.file or self.file.startswith("."):
            raise ValueError(f"file {self.file!r}: expected the name of a picture in {PICTURES}/")
        if not all(type(n) is int and n >= 0 for n in counts) or type(self.keep) is not bool:
            raise ValueError("frame and person must be whole numbers, keep true or false")
        if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
            raise ValueError("angles, sharpness, score and points must be numbers")


_CROP = ("centre_x", "centre_y", "side", "angle_deg")


@dataclass(frozen=True)
class Faceset:
    """An opened faceset; pictures are read when asked for."""

    folder: Path
    records: tuple[FaceRecord, ...]
    size_px: int
    """Side of the pictures."""
    names: tuple[str, ...]
    """Of the landmarks."""

    def kept(self, person: int | None = None) -> "Faceset":
        """The faces that count: kept, with a picture, of one person if given."""
        there = {path.name for path in (self.folder / PICTURES).iterdir()}
        chosen = tuple(
            record
            for record in self.records
            if record.keep and record.file in there and person in (None, record.person)
        )
        return replace(self, records=chosen)

    def picture(self, record: FaceRecord) -> Frame:
        """(n, n, 3) the aligned square.

        Raises:
            InputError: it is missing, damaged or of another size.
        """
        path = self.folder / PICTURES / record.file
        return self._sized(path, read_image(path))

    def mask(self, record: FaceRecord) -> Mask | None:
        """(n, n) 255 where the square shows the face; None if there is no mask.

        Raises:
            InputError: it is damaged or of another size.
        """
        path = self.folder / MASKS / record.file
        if not path.is_file():
            return None
        return self._sized(path, np.ascontiguousarray(read_image(path)[..., 0]))

    def points(self) -> NDArray[np.float32]:
        """(n, k, 2) landmarks of all records."""
        rows = [record.points for record in self.records]
        return np.asarray(rows, np.float32).reshape(len(rows), len(self.names), 2)

    def _sized(self, path: Path, pixels: Frame) -> Frame:
        if pixels.shape[:2] != (self.size_px, self.size_px):
            raise InputError(
                f"{path} is {pixels.shape[1]} x {pixels.shape[0]}; expected {self.size_px} x "
                f"{self.size_px} as all of this faceset. Delete it, or extract the faces again."
            )
        return pixels


def open_faceset(folder: Path | str) -> Faceset:
    """Open a faceset, whoever has edited it.

    Raises:
        InputError: not a faceset, or a line of the index that makes no sense.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        size_px, names = int(facts["size_px"]), tuple(map(str, facts["names"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} is not a faceset ({FACTS}: {error}). Make one: deepmeme swap extract "
            f"VIDEO -o {folder}"
        ) from error
    records: list[FaceRecord] = []
    try:
        with (folder / INDEX).open(encoding="utf-8") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                if len(records) >= MAX_FACES:
                    raise InputError(f"{folder / INDEX} holds more than {MAX_FACES} faces.")
                if line.strip():
                    records.append(_read_line(line, names, folder / INDEX, len(records) + 1))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{folder / INDEX} cannot be read: {error}.") from error
    return Faceset(folder, tuple(records), size_px, names)


def _read_line(line: str, names: Sequence[str], path: Path, number: int) -> FaceRecord:
    try:
        record = FaceRecord.from_line(line)
        if len(record.points) != len(names):
            raise ValueError(f"{len(record.points)} points, expected {len(names)}")
    except (ValueError, InputError) as error:
        raise InputError(f"{path}, face {number}: {error}. Mend the line, or delete it.") from error
    return record


def write_index(
    folder: Path, records: Iterable[FaceRecord], *, size_px: int, names: Sequence[str]
) -> None:
    """Write index and facts anew; whole or not at all.

    Raises:
        OutputError: they cannot be written.
    """
    facts: dict[str, Any] = {"format": FORMAT, "size_px": size_px, "names": list(names)}
    texts = {
        INDEX: "".join(f"{record.as_line()}\n" for record in records),
        FACTS: json.dumps(facts, indent=1) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            fresh = folder / f".{name}.new"
            fresh.write_text(text, "utf-8")
            os.replace(fresh, folder / name)
    except OSError as error:
        raise OutputError(f"{folder}: the faceset cannot be written: {error}.") from error
