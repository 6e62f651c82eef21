"""The choice among faces that were seen: from the journal to the index, the sheet and the story."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from deepmeme.errors import InputError, NoFaceFound, OutputError
from deepmeme.faces.faceset import INDEX, PICTURES, FaceRecord, open_faceset, write_index
from deepmeme.faces.identity import SAME_ABOVE, identity_vector, knows_people
from deepmeme.faces.landmarks import open_reader
from deepmeme.media.image import read_image
from deepmeme.pipelines.swap.extract_journal import Journal
from deepmeme.pipelines.swap.extract_judge import (
    BY_HAND,
    Numbers,
    Verdict,
    edits_of,
    faults,
    judge,
)
from deepmeme.pipelines.swap.extract_options import ExtractOptions
from deepmeme.pipelines.swap.extract_people import Embedder, Vectors, people_of
from deepmeme.pipelines.swap.extract_row import FaceRow
from deepmeme.pipelines.swap.extract_sheet import SHEET, contact_sheet
from deepmeme.pipelines.swap.extract_story import (
    ExtractStory,
    angles,
    counts_of,
    hints_on,
    reasons,
)


def choose_faces(
    folder: Path, journal: Journal, options: ExtractOptions, embedder: Embedder | None, *,
    looked_at: Sequence[str], known: Sequence[str], looks: int, warnings: Sequence[str],
) -> ExtractStory:  # fmt: skip
    """Write the index and the sheet of a folder by its journal.

    Raises:
        NoFaceFound: there are none.
        InputError: there is no such person, or the index or journal can't be read.
        OutputError: nothing can be written there.
    """
    rows = list(journal.rows())
    if not rows and not looked_at:
        raise InputError(
            f"{folder} holds no faces yet. Say where they are: deepmeme swap extract VIDEO -o "
            f"{folder}"
        )
    if not rows:
        what = ", ".join(looked_at)
        raise NoFaceFound(
            f"No face was found in {what}. Use a video in which faces are larger and seen from "
            "the front, or look more often with --every 0."
        )
    pictures = {path.name for path in _pictures(folder)}
    edits = _edits(folder, rows, journal.indexed)
    people = _people(folder, rows, options, pictures, embedder)
    counts = counts_of(people)
    _check_people(options.people, counts)
    verdicts = judge(rows, people, options, pictures, edits)
    records = _records(rows, people, verdicts, journal)
    write_index(folder, records, size_px=options.size, names=open_reader().names)
    journal.mark_indexed()
    journal.commit()
    _write_sheet(folder)
    kept = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict.keep]
    notes = list(warnings)
    if embedder is None:
        notes.append("Persons are not told apart: the network for it is missing.")
    return ExtractStory(
        str(folder), tuple(looked_at), tuple(known), looks, len(rows), len(kept),
        reasons(verdicts, BY_HAND), counts, options.people,
        angles([row.yaw_deg for row in kept]), angles([row.pitch_deg for row in kept]),
        str(folder / SHEET), tuple(notes), hints_on(rows, verdicts, options),
    )  # fmt: skip


def shipped_embedder() -> Embedder | None:
    """The network that comes with the package; None without it."""
    if not knows_people():
        return None
    return Embedder(identity_vector, SAME_ABOVE)


def _check_people(people: Sequence[int], counts: Sequence[int]) -> None:
    if people[-1] >= len(counts):
        seen = ", ".join(f"{number} ({count} faces)" for number, count in enumerate(counts[:20]))
        raise InputError(f"There is no person {people[-1]}. Found: {seen}. Type --person NUMBER.")


def _pictures(folder: Path) -> Iterator[Path]:
    try:
        yield from (folder / PICTURES).iterdir()
    except OSError as error:
        raise InputError(f"{folder / PICTURES} cannot be read: {error}.") from error


def _edits(folder: Path, rows: Sequence[FaceRow], indexed: int) -> dict[str, Verdict]:
    """What was changed in the index since it was written; lines that are gone count as left out."""
    if not indexed or not (folder / INDEX).exists():
        return {}
    records = open_faceset(folder).records
    there = {record.file for record in records}
    gone = {row.file: Verdict(False, "") for row in rows[:indexed] if row.file not in there}
    return edits_of(records) | gone


def _people(
    folder: Path, rows: Sequence[FaceRow], options: ExtractOptions, pictures: set[str],
    embedder: Embedder | None,
) -> Numbers:  # fmt: skip
    """(n,) whose face each is. Poor pictures count little."""
    if embedder is None:
        return np.zeros(len(rows), np.int64)
    vectors = [_vector(folder, row, pictures, embedder) for row in rows]
    length = max(len(vector) for vector in vectors)
    same = np.zeros((len(rows), length), np.float32)
    for row, vector in enumerate(vectors):
        same[row, : len(vector)] = vector
    weights = [0.0 if faults(row, options, pictures) else row.sharpness for row in rows]
    frames = [(row.source, row.frame) for row in rows]
    tracks = [row.track for row in rows]
    thumbs = np.stack([row.thumb for row in rows])
    return people_of(frames, tracks, same, np.array(weights), thumbs, embedder.same_above)


def _vector(folder: Path, row: FaceRow, pictures: set[str], embedder: Embedder) -> Vectors:
    """As it was written down, or from the picture if there was no network then."""
    if row.who is not None:
        return row.who
    if row.file not in pictures:
        return np.zeros(1, np.float32)
    return embedder.vector(read_image(folder / PICTURES / row.file))


def _records(
    rows: Sequence[FaceRow], people: Numbers, verdicts: Sequence[Verdict], journal: Journal
) -> Iterator[FaceRecord]:
    for row, person, verdict in zip(rows, people, verdicts, strict=True):
        points = tuple((float(x), float(y)) for x, y in row.points)
        yield FaceRecord(
            row.file, journal.entries[row.source].name, row.frame, row.crop, points,
            int(person), row.yaw_deg, row.pitch_deg, row.sharpness, row.score,
            verdict.keep, verdict.why,
        )  # fmt: skip


def _write_sheet(folder: Path) -> None:
    picture = cv2.cvtColor(contact_sheet(open_faceset(folder)), cv2.COLOR_RGB2BGR)
    _, coded = cv2.imencode(".png", picture)
    try:
        (folder / SHEET).write_bytes(coded.tobytes())
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{folder / SHEET} cannot be written: {reason}.") from error
