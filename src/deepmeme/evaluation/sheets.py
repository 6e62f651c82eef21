"""Contact sheets of an evaluation, saved through the one door so that they carry the marks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmeme.evaluation.contenders import AFFINE, STILL, Model
from deepmeme.evaluation.cross import CrossPlayed
from deepmeme.evaluation.reconstruct import ClipPlayed, ClipResult
from deepmeme.media.montage import DRIVING, QUIET, RESULT, SOURCE, Colour, Tile, sheet
from deepmeme.provenance.record import Record, read_inputs
from deepmeme.provenance.seal import save_picture

Frame = NDArray[np.uint8]

_CELL_PX = 176
_MOMENTS = 6
_OTHER: Colour = (196, 122, 230)
_LOUDER = 4


@dataclass
class SheetFolder:
    """Gets an evaluation's pictures while it runs and keeps a sheet of each clip in a folder."""

    folder: Path
    models: Sequence[Model]
    stills_given: Sequence[Path] = ()
    files: dict[str, Path] = field(default_factory=dict)
    """Sheet of each clip, by name; those of stills are called ``stills:NAME``."""

    def clip(self, played: ClipPlayed) -> None:
        """Save the clip's sheet."""
        picture = clip_sheet(played, self.models[0].name)
        self._save(picture, played.result.name, played.moments.path, f"clip_{played.result.name}")

    def stills(self, played: Sequence[CrossPlayed]) -> None:
        """Save the sheet of all stills moved by one clip."""
        names = [model.name for model in self.models]
        clip = played[0].result.clip
        path, picture = played[0].moments.path, stills_sheet(played, names)
        self._save(picture, f"stills:{clip}", path, f"stills_{clip}", self.stills_given)

    def _save(
        self, picture: Frame, key: str, clip: Path | None, name: str, stills: Sequence[Path] = ()
    ) -> None:
        info = self.models[0].engine.info()
        inputs = read_inputs(source=list(stills), driving=[clip] if clip else [])
        options = {"models": [model.name for model in self.models], "sheet": name}
        record = Record("evaluate", info.name, info.sha256, inputs, options)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{_safe(name)}.jpg"
        save_picture(picture, file, record)
        self.files[key] = file


def clip_sheet(played: ClipPlayed, judged: str) -> Frame:
    """Rows: true frames, affine fit, each model, and how far the judged one is off.

    Columns: the source, the worst moment, others in order.
    """
    result, moments = played.result, played.moments
    columns = telling_moments(result, judged)
    frames = moments.frames
    at = {number: index for index, number in enumerate(moments.numbers)}
    worst = columns[0]
    rows = [[Tile(frames[0], "source", SOURCE)]]
    for number in columns:
        label = f"true, frame {number}" + (" (worst)" if number == worst else "")
        rows[0].append(Tile(frames[at[number]], label, DRIVING))
    by_name = {one.name: one.frames for one in played.played}
    for name, made in by_name.items():
        if name == STILL:
            continue
        row = [Tile(None)]
        for number in columns:
            accent = accent_of(name, judged)
            row.append(Tile(made[at[number]], _label(result, name, number), accent))
        rows.append(row)
    off = [Tile(None)]
    for number in columns:
        difference = _difference(by_name[judged][at[number]], frames[at[number]])
        off.append(Tile(difference, f"{judged} - true, x{_LOUDER}", QUIET))
    note = f"{result.frames} frames rated; made by AI from the source frame, except the true ones"
    return sheet([*rows, off], cell=_CELL_PX, title=result.name, note=note)


def stills_sheet(played: Sequence[CrossPlayed], models: Sequence[str]) -> Frame:
    """The driver on top; below, each still and what each model makes of it."""
    moments = played[0].moments
    some = np.linspace(0, len(moments.rated) - 1, min(_MOMENTS + 1, len(moments.rated)))
    columns = [moments.rated[round(i)] for i in some]
    top = [Tile(moments.frames[i], f"driver, frame {moments.numbers[i]}", DRIVING) for i in columns]
    rows = [[Tile(None), *top]]
    for one in played:
        by_name = {made.name: made.frames for made in one.played}
        for name in models:
            accent = accent_of(name, models[0])
            made = [Tile(by_name[name][i], name, accent) for i in columns]
            first = name == models[0]
            rows.append([Tile(one.source if first else None, one.result.still, SOURCE), *made])
    note = "moved relative to the driver's frame that is most like the still; made by AI"
    title = f"stills moved by {moments.name}"
    return sheet(rows, cell=_CELL_PX, title=title, note=note)


def telling_moments(result: ClipResult, judged: str, count: int = _MOMENTS) -> list[int]:
    """Places in the clip: the judged model's worst frame first, then others spread in order."""
    series = result.rows[judged].series
    values = np.array(series["akd"] if np.isfinite(series["akd"]).any() else series["l1"])
    worst = result.numbers[int(np.nanargmax(values))]
    spread = np.linspace(0, len(result.numbers) - 1, min(count, len(result.numbers)))
    others = [result.numbers[round(i)] for i in spread]
    return [worst, *[number for number in others if number != worst]][:count]


def accent_of(name: str, judged: str) -> Colour:
    """The colour of a contender, the same on sheets and in the report's charts."""
    known = {judged: RESULT, STILL: SOURCE, AFFINE: QUIET}
    return known.get(name, _OTHER)


def _label(result: ClipResult, name: str, number: int) -> str:
    series = result.rows[name].series
    row = result.numbers.index(number)
    akd = series["akd"][row]
    return f"{name}, AKD {akd:.1f}" if akd == akd else f"{name}, L1 {series['l1'][row]:.3f}"


def _difference(found: Frame, wanted: Frame) -> Frame:
    off = np.abs(found.astype(np.int16) - wanted) * _LOUDER
    return np.asarray(np.clip(off, 0, 255), np.uint8)


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
