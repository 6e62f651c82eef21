"""A contact sheet of a faceset: who was found, and from which sides."""

from collections.abc import Sequence

import numpy as np

from deepmeme.errors import InputError
from deepmeme.faces.faceset import FaceRecord, Faceset
from deepmeme.media.montage import QUIET, RESULT, Frame, Tile, sheet
from deepmeme.pipelines.swap.extract_judge import ANOTHER

SHEET = "sheet.png"
_CELL_PX, _COLUMNS = 96, 12
_ROWS_KEPT, _OTHERS = 5, 6


def contact_sheet(faceset: Faceset) -> Frame:
    """Kept faces from left to right by where they look, and a row of each of the other persons.

    At most 60 of the kept ones and 6 others, evenly over all angles.
    """
    kept = faceset.kept().records
    rows = [
        [_tile(faceset, record, f"{record.yaw_deg:+.0f}°", kept=True) for record in row]
        for row in _rows(_spread(kept, _ROWS_KEPT * _COLUMNS))
    ]
    others = sorted({record.person for record in faceset.records if record.why == ANOTHER})
    for person in others[:_OTHERS]:
        faces = [r for r in faceset.records if r.why == ANOTHER and r.person == person]
        chosen = _spread(faces, _COLUMNS)
        labels = [f"person {person}: {len(faces)}", *("" for _ in chosen[1:])]
        rows.append([_tile(faceset, r, text) for r, text in zip(chosen, labels, strict=True)])
    title = f"{faceset.folder.resolve().name}: {len(kept)} faces kept of {len(faceset.records)}"
    note = "Sorted by where the head turns: minus to the picture's left, plus to its right."
    if len(others) > _OTHERS:
        note += f" {len(others) - _OTHERS} more persons are not shown."
    return sheet(rows or [[Tile(None)]], cell=_CELL_PX, title=title, note=note)


def _spread(records: Sequence[FaceRecord], most: int) -> list[FaceRecord]:
    """So many of them, evenly from the left to the right."""
    ordered = sorted(records, key=lambda record: (record.person, record.yaw_deg, record.file))
    if len(ordered) <= most:
        return ordered
    places = np.linspace(0, len(ordered) - 1, most).round().astype(int)
    return [ordered[place] for place in places]


def _rows(records: Sequence[FaceRecord]) -> list[Sequence[FaceRecord]]:
    return [records[first : first + _COLUMNS] for first in range(0, len(records), _COLUMNS)]


def _tile(faceset: Faceset, record: FaceRecord, label: str, *, kept: bool = False) -> Tile:
    try:
        return Tile(faceset.picture(record), label, RESULT if kept else QUIET)
    except InputError:  # deleted or replaced by hand
        return Tile(None, label)
